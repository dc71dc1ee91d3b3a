// (5,49) TS2322: Type '(removed: any) => boolean' is not assignable to type 'NotTogetherWith.aroundInvocation'.
import { CacheEvict } from '../../../lib/index.js';

export class Books {
  @CacheEvict('book', { aroundInvocation: true, unless: (removed) => removed === '' })
  async find(name: string): Promise<string> {
    return name;
  }
}
