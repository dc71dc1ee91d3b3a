// (5,49) TS2322: Type '(this: CacheInvocation<[name: string]>, name: string) => string[]' is not assignable to type '((this: CacheInvocation<[name: string]>, name: string) => readonly CacheKey[]) & NotTogetherWith.aroundInvocation'.
import { CacheEvict } from '../../../lib/index.js';

export class Books {
  @CacheEvict('book', { aroundInvocation: true, tags: (name) => [name] })
  async find(name: string): Promise<{ readonly author: number }> {
    return { author: name.length };
  }
}
