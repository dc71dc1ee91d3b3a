// (5,44) TS2322: Type '(this: CacheInvocation<[name: string]>, saved: string) => string' is not assignable to type 'NotTogetherWith.key'.
import { CachePut } from '../../../lib/index.js';

export class Books {
  @CachePut('book', { key: (name) => name, resultKey: (saved) => saved })
  async find(name: string): Promise<string> {
    return name;
  }
}
