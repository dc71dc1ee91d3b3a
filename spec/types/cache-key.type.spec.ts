import { expect } from 'chai';
import { type Cache, Cacheable, CacheEvict, type CacheKey } from '../../lib/index.js';

interface BookId {
  readonly isbn: string;
  readonly edition: number;
}

interface Loan {
  readonly book: BookId;
  readonly to?: { readonly reader: bigint; readonly since: Date | null };
  readonly copies: readonly BookId[];
}

const id: BookId = { isbn: '1', edition: 2 };

/** What must compile as a key. Compiling this file is the test; it is never run. */
export class Keys {
  @Cacheable('book', { key: (book) => book })
  async find(_book: BookId): Promise<void> {}

  @CacheEvict('loan', { keys: (loan, ...more) => [loan, ...more, loan.book, { book: loan.book }] })
  async remove(_loan: Loan, ..._more: Loan[]): Promise<void> {}

  async byHand(cache: Cache, loan: Loan): Promise<unknown> {
    await cache.evictAll([id, loan]);
    await cache.put([id, 'title'], 1);
    return Promise.all([cache.get(id), cache.get(loan), cache.get({ of: 'title', id }), cache.getAll([id]), cache.evict({ all: [loan] })]);
  }
}

/** A `Map` by strings is one of these two, which TypeScript takes for types of their own. */
export async function manyKeys(cache: Cache, byIsbn: Map<string, BookId>): Promise<BookId | undefined> {
  const found = await cache.getAllOrLoad(['1', '2'], async () => byIsbn);
  await cache.getAllOrLoad([id], (missing) => new Map(missing.map((key) => [key, key.isbn])));
  await cache.getAllOrLoad(['1', '2'], () => [id, undefined]);
  // @ts-expect-error -- a Map by numbers
  await cache.getAllOrLoad(['1', '2'], () => new Map([[1, id]]));
  // @ts-expect-error -- an object
  await cache.getAllOrLoad(['1', '2'], () => ({ '1': id }));
  return found.get('1');
}

/** What must not compile. In a function that is never called. */
export async function noKeys(cache: Cache, symbol: symbol): Promise<void> {
  // @ts-expect-error -- a function
  await cache.get(() => id);
  // @ts-expect-error -- a class
  await cache.get(Keys);
  // @ts-expect-error -- a promise
  await cache.get(Promise.resolve(id));
  // @ts-expect-error -- what can be awaited
  await cache.get(Promise.resolve(id) as PromiseLike<BookId>);
  // @ts-expect-error -- a symbol
  await cache.get(symbol);
  // @ts-expect-error -- a Map
  await cache.get(new Map([[1, id]]));
  // @ts-expect-error -- a Set
  await cache.get(new Set([id]));
  // @ts-expect-error -- a WeakMap
  await cache.get(new WeakMap<object, string>());
  // @ts-expect-error -- a Buffer
  await cache.get(Buffer.of(1));
  // @ts-expect-error -- an ArrayBuffer
  await cache.get(new ArrayBuffer(1));
  // @ts-expect-error -- a regular expression
  await cache.get(/a/);
  // @ts-expect-error -- an iterator
  await cache.get([id].values());
  // @ts-expect-error -- a function inside an object
  await cache.get({ isbn: () => '1' });
  // @ts-expect-error -- a promise inside an object
  await cache.get({ id, title: Promise.resolve('Dune') });
  // @ts-expect-error -- a Set inside an array
  await cache.evictAll([id, new Set([id])]);
  // @ts-expect-error -- a symbol inside an object
  await cache.put({ id, symbol }, 1);
  class Books {
    // @ts-expect-error -- the key is not awaited
    @Cacheable('book', { key: async (book) => book })
    async find(_book: BookId): Promise<void> {}

    // @ts-expect-error -- a Map
    @Cacheable('book', { key: (books) => books })
    async list(_books: Map<string, BookId>): Promise<void> {}
  }
  const key: CacheKey = id;
  await cache.get([key, Books.name]);
}

describe('the type of a key', () => {
  it('is what this file expects of it, for it was compiled', () => {
    expect(Keys.prototype.find.name).to.equal('find');
  });
});
