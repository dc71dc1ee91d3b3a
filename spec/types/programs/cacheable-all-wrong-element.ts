// (5,51) TS2339: Property 'trim' does not exist on type 'number'.
import { CacheableAll } from '../../../lib/index.js';

export class Books {
  @CacheableAll('book', { tags: (pages) => [pages.trim()] })
  async findAll(isbns: readonly string[]): Promise<Map<string, number>> {
    return new Map(isbns.map((isbn) => [isbn, isbn.length]));
  }
}
