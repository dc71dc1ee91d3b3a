// (5,49) TS2322: Type '(this: CacheInvocation<[name: string]>, name: string) => string' is not assignable to type 'NotTogetherWith.tags'.
import { CacheEvict } from '../../../lib/index.js';

export class Books {
  @CacheEvict('book', { tags: (name) => [name], key: (name) => name })
  async find(name: string): Promise<{ readonly author: number }> {
    return { author: name.length };
  }
}
