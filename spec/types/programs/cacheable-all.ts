// compiles
import { Cacheable, CacheableAll, type CacheableAllOptions, CacheConfig, type CacheInvocation } from '../../../lib/index.js';

/** Fails to compile unless both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_is: Same<A, B>): void => undefined;

interface Book {
  readonly isbn: string;
  readonly pages: number;
}

type Isbn = string & { readonly isbn: true };
type FindAll = (isbns: readonly string[]) => Promise<Map<string, Book>>;

/** What is decided before it is written above a method. */
const DECIDED: CacheableAllOptions<FindAll> = { cacheNames: 'book', key: (isbn) => isbn.trim(), ttl: (book) => book.pages };

/** What compiles, and with which types. */
@CacheConfig({ cacheNames: 'book' })
export class Books {
  runs: (readonly unknown[])[] = [];
  readonly #shelf = 'A3';

  @CacheableAll('book')
  async findAll(isbns: readonly string[], language = 'en'): Promise<Map<string, Book>> {
    this.runs.push([isbns, language, this.#shelf]);
    return new Map(isbns.map((isbn) => [isbn, { isbn, pages: isbn.length }]));
  }

  @Cacheable('book')
  async find(isbn: string, language = 'en'): Promise<Book | undefined> {
    this.runs.push([isbn, language, this.#shelf]);
    return { isbn, pages: isbn.length };
  }

  @CacheableAll({ result: 'array', key: (isbn) => ['array', isbn] })
  async list(isbns: string[]): Promise<(Book | undefined)[]> {
    this.runs.push(isbns.slice());
    return isbns.map((isbn) => (isbn === '' ? undefined : { isbn, pages: isbn.length }));
  }

  @CacheableAll('book', {
    key(id, shelf, floor) {
      same<typeof this, CacheInvocation<[ids: readonly number[], shelf: string, floor?: bigint | undefined]>>(true);
      same<typeof id, number>(true);
      same<typeof shelf, string>(true);
      same<typeof floor, bigint | undefined>(true);
      return [id, shelf];
    },
    condition: (ids, shelf) => {
      same<typeof ids, readonly number[]>(true);
      same<typeof shelf, string>(true);
      return ids.length < 100;
    },
    unless(book, id, shelf, floor) {
      same<typeof this, CacheInvocation<[ids: readonly number[], shelf: string, floor?: bigint | undefined]>>(true);
      same<typeof book, Book | null>(true);
      same<typeof id, number>(true);
      same<typeof shelf, string>(true);
      same<typeof floor, bigint | undefined>(true);
      return book === null;
    },
    ttl: (book, id) => {
      same<typeof book, Book | null>(true);
      same<typeof id, number>(true);
      return book === null ? '1s' : 60_000;
    },
    tags: (book, id) => {
      same<typeof book, Book | null>(true);
      same<typeof id, number>(true);
      return [id];
    },
    absent: 'null',
    maximumBatch: 100,
    refreshAfter: '1m',
    staleIfError: '1h',
    loadTimeout: 1_000,
  })
  async onShelf(_ids: readonly number[], _shelf: string, _floor?: bigint): Promise<ReadonlyMap<number, Book | null>> {
    return new Map();
  }

  @CacheableAll(['book', 'isbn'], {
    result: 'array',
    absent: 'undefined',
    unless: (book, isbn) => {
      same<typeof book, Book | null>(true);
      same<typeof isbn, string>(true);
      return book === null;
    },
  })
  async aligned(_isbns: readonly string[]): Promise<readonly (Book | null | undefined)[]> {
    return [];
  }

  @CacheableAll({ cacheNames: 'book', result: 'map', keyGenerator: 'keys', cacheManager: 'archive', key: undefined })
  async maps(_isbns: string[]): Promise<Map<string, number>> {
    return new Map();
  }

  @CacheableAll()
  protected async configured(_isbns: readonly string[]): Promise<Map<string, Book>> {
    return new Map();
  }

  @CacheableAll(DECIDED)
  async decided(_isbns: readonly string[]): Promise<Map<string, Book>> {
    return new Map();
  }

  @CacheableAll('book')
  async generic<K extends string>(_isbns: readonly K[]): Promise<Map<K, Book>> {
    return new Map();
  }

  @CacheableAll('book', { key: (isbn) => isbn.trim() })
  async wider(_isbns: readonly Isbn[]): Promise<Map<string, Book>> {
    return new Map();
  }

  @CacheableAll('book', { key: (isbn) => isbn.trim() })
  async narrower(_isbns: readonly string[]): Promise<Map<Isbn, Book>> {
    return new Map();
  }

  @CacheableAll('book', { key: ({ isbn }) => isbn })
  async objects(_books: readonly Pick<Book, 'isbn'>[]): Promise<Map<Pick<Book, 'isbn'>, Book>> {
    return new Map();
  }
}
