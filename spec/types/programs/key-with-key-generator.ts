// (5,45) TS2322: Type '"keys"' is not assignable to type 'NotTogetherWith.key & NoLiteral'.
import { Cacheable } from '../../../lib/index.js';

export class Books {
  @Cacheable('book', { key: (name) => name, keyGenerator: 'keys' })
  async find(name: string): Promise<string> {
    return name;
  }
}
