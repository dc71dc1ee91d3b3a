// (5,27) TS2322: Type '"array"' is not assignable to type '"map"'.
import { CacheableAll } from '../../../lib/index.js';

export class Books {
  @CacheableAll('book', { result: 'array' })
  async findAll(isbns: readonly string[]): Promise<Map<string, number>> {
    return new Map(isbns.map((isbn) => [isbn, isbn.length]));
  }
}
