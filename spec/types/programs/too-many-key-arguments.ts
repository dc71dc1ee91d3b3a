// (5,25) TS2322: Type '(name: string, edition: any) => any[]' is not assignable to type 'NotTogetherWith.allEntries | NotTogetherWith.keyGenerator | NotTogetherWith.keys | NotTogetherWith.resultKey | NotTogetherWith.resultTags | NotTogetherWith.tags | ((this: CacheInvocation<...>, name: string) => CacheKey) | undefined'.
import { CacheEvict } from '../../../lib/index.js';

export class Books {
  @CacheEvict('book', { key: (name: string, edition: any) => [name, edition] })
  async remove(name: string): Promise<string> {
    return name;
  }
}
