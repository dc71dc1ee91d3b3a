// (5,49) TS2322: Type 'true' is not assignable to type 'false | NotTogetherWith.aroundInvocation | undefined'.
import { CacheEvict } from '../../../lib/index.js';

export class Books {
  @CacheEvict('book', { aroundInvocation: true, beforeInvocation: true })
  async find(name: string): Promise<string> {
    return name;
  }
}
