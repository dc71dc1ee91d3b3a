// (5,49) TS2322: Type '"keys"' is not assignable to type 'NotTogetherWith.keys & NoLiteral'.
import { CacheEvict } from '../../../lib/index.js';

export class Books {
  @CacheEvict('book', { keys: (name) => [name], keyGenerator: 'keys' })
  async find(name: string): Promise<string> {
    return name;
  }
}
