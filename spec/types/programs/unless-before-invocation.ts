// (5,49) TS2322: Type '(removed: any) => boolean' is not assignable to type 'NotTogetherWith.beforeInvocation'.
import { CacheEvict } from '../../../lib/index.js';

export class Books {
  @CacheEvict('book', { beforeInvocation: true, unless: (removed) => removed === '' })
  async find(name: string): Promise<string> {
    return name;
  }
}
