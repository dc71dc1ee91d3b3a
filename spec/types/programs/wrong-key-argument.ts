// (5,24) TS2322: Type '(id: number) => number' is not assignable to type 'NotTogetherWith.keyGenerator | ((this: CacheInvocation<[name: string]>, name: string) => CacheKey) | undefined'.
import { Cacheable } from '../../../lib/index.js';

export class Books {
  @Cacheable('book', { key: (id: number) => id })
  async find(name: string): Promise<string> {
    return name;
  }
}
