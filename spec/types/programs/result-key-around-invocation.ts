// (5,49) TS2322: Type '(this: CacheInvocation<[name: string]>, removed: string) => string' is not assignable to type '((this: CacheInvocation<[name: string]>, result: string, name: string) => CacheKey) & NotTogetherWith.aroundInvocation'.
import { CacheEvict } from '../../../lib/index.js';

export class Books {
  @CacheEvict('book', { aroundInvocation: true, resultKey: (removed) => removed })
  async find(name: string): Promise<string> {
    return name;
  }
}
