// (5,49) TS2322: Type '(this: CacheInvocation<[name: string]>, name: string) => string[]' is not assignable to type 'NotTogetherWith.keys'.
import { CacheEvict } from '../../../lib/index.js';

export class Books {
  @CacheEvict('book', { keys: (name) => [name], tags: (name) => [name] })
  async find(name: string): Promise<{ readonly author: number }> {
    return { author: name.length };
  }
}
