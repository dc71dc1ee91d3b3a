// (5,17) TS2345: Argument of type 'string' is not assignable to parameter of type 'TypeError<"A method that returns an array needs the option `result: 'array'`."> | CacheableAllOptions<(isbns: readonly string[]) => Promise<number[]>>'.
import { CacheableAll } from '../../../lib/index.js';

export class Books {
  @CacheableAll('book')
  async findAll(isbns: readonly string[]): Promise<number[]> {
    return isbns.map((isbn) => isbn.length);
  }
}
