// (5,36) TS2322: Type '(found: any) => boolean' is not assignable to type 'NotTogetherWith.sync'.
import { Cacheable } from '../../../lib/index.js';

export class Books {
  @Cacheable('book', { sync: true, unless: (found) => found === '' })
  async find(name: string): Promise<string> {
    return name;
  }
}
