// (5,24) TS2322: Type '(this: CacheInvocation<[name: string]>, book: { readonly author: number; }) => number' is not assignable to type '(this: CacheInvocation<[name: string]>, result: { readonly author: number; }, name: string) => readonly CacheKey[]'.
import { Cacheable } from '../../../lib/index.js';

export class Books {
  @Cacheable('book', { tags: (book) => book.author })
  async find(name: string): Promise<{ readonly author: number }> {
    return { author: name.length };
  }
}
