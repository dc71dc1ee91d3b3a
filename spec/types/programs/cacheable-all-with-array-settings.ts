// (5,25) TS2345: Argument of type '{ ttl: "1m"; }' is not assignable to parameter of type 'CacheableAllSettings<(isbns: readonly string[]) => Promise<number[]>>'.
import { CacheableAll } from '../../../lib/index.js';

export class Books {
  @CacheableAll('book', { ttl: '1m' })
  async findAll(isbns: readonly string[]): Promise<number[]> {
    return isbns.map((isbn) => isbn.length);
  }
}
