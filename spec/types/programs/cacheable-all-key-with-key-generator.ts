// (5,25) TS2345: Argument of type '{ key: (this: CacheInvocation<[isbns: readonly string[]]>, isbn: string) => string; keyGenerator: "keys"; }' is not assignable to parameter of type 'CacheableAllSettings<(isbns: readonly string[]) => Promise<Map<string, number>>>'.
import { CacheableAll } from '../../../lib/index.js';

export class Books {
  @CacheableAll('book', { key: (isbn) => isbn.trim(), keyGenerator: 'keys' })
  async findAll(isbns: readonly string[]): Promise<Map<string, number>> {
    return new Map(isbns.map((isbn) => [isbn, isbn.length]));
  }
}
