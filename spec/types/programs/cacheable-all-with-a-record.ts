// (5,4) TS1241: Unable to resolve signature of method decorator when called as an expression.
import { CacheableAll } from '../../../lib/index.js';

export class Books {
  @CacheableAll('book')
  async findAll(isbns: readonly string[]): Promise<Record<string, number>> {
    return Object.fromEntries(isbns.map((isbn) => [isbn, isbn.length]));
  }
}
