// (5,43) TS2322: Type '(name: any) => any[]' is not assignable to type 'NotTogetherWith.allEntries'.
import { CacheEvict } from '../../../lib/index.js';

export class Books {
  @CacheEvict('book', { allEntries: true, tags: (name) => [name] })
  async find(name: string): Promise<{ readonly author: number }> {
    return { author: name.length };
  }
}
