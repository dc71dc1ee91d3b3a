// (5,43) TS2322: Type '(name: any) => any' is not assignable to type 'NotTogetherWith.allEntries'.
import { CacheEvict } from '../../../lib/index.js';

export class Books {
  @CacheEvict('book', { allEntries: true, key: (name) => name })
  async find(name: string): Promise<string> {
    return name;
  }
}
