// (5,47) TS2339: Property 'getTime' does not exist on type 'string'.
import { CacheableAll } from '../../../lib/index.js';

export class Books {
  @CacheableAll('book', { key: (isbn) => isbn.getTime() })
  async findAll(isbns: readonly string[]): Promise<Map<string, number>> {
    return new Map(isbns.map((isbn) => [isbn, isbn.length]));
  }
}
