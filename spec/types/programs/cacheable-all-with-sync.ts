// (5,27) TS2353: Object literal may only specify known properties, and 'sync' does not exist in type 'CacheableAllSettings<(isbns: readonly string[]) => Promise<Map<string, number>>>'.
import { CacheableAll } from '../../../lib/index.js';

export class Books {
  @CacheableAll('book', { sync: true })
  async findAll(isbns: readonly string[]): Promise<Map<string, number>> {
    return new Map(isbns.map((isbn) => [isbn, isbn.length]));
  }
}
