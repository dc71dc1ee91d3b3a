import { expect } from 'chai';
import {
  type AsyncMethod,
  Cacheable,
  type CacheableOptions,
  CacheConfig,
  CacheConfigurationError,
  type CacheDecorator,
  CacheEvict,
  type CacheEvictOptions,
  type CacheInvocation,
  type CacheKey,
  CachePut,
  type CachePutOptions,
  Caching,
  composeDecorators,
} from '../../lib/index.js';

/** Fails to compile unless both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_is: Same<A, B>): void => undefined;

interface Book {
  readonly isbn: string;
  readonly pages: number;
}

const book: Book = { isbn: '1', pages: 1 };

/** What must compile, and with which types. Compiling this file is the test; it is never run. */
export abstract class Compiles<T> {
  @Cacheable('book', {
    key(name) {
      same<typeof name, string>(true);
      same<typeof this, CacheInvocation<[name: string, edition?: number | undefined]>>(true);
      return name;
    },
    condition: (name, edition) => {
      same<typeof edition, number | undefined>(true);
      return name !== '' && edition !== 0;
    },
    unless: (found, name) => {
      same<typeof found, Book | null>(true);
      same<typeof name, string>(true);
      return found === null || name === '';
    },
    ttl: (found) => (found === null ? '1s' : 60_000),
  })
  async find(_name: string, _edition?: number): Promise<Book | null> {
    return book;
  }

  @Cacheable('book', {
    key: (name) => name,
    staleIfError: {
      for: '1h',
      when: (error) => {
        same<typeof error, unknown>(true);
        return error instanceof TypeError;
      },
      retryAfter: 500,
    },
    refreshAfter: '30s',
    loadTimeout: 2_000,
  })
  async findFresh(_name: string): Promise<Book> {
    return book;
  }

  @Cacheable('book', { staleIfError: '1h', refreshAfter: 0, loadTimeout: undefined })
  async findStale(_name: string): Promise<Book> {
    return book;
  }

  @CachePut({ cacheNames: ['book', 'isbn'], resultKey: (saved, given) => [saved.isbn, given.pages] })
  async save(given: Book): Promise<Book> {
    return given;
  }

  @CacheEvict('book', { keys: (...names) => names, unless: (removed) => !removed })
  async remove(..._names: string[]): Promise<boolean> {
    return true;
  }

  @CacheEvict('book', { allEntries: true, beforeInvocation: true, acks: 'all' })
  async reset(): Promise<void> {}

  @Caching({
    cacheable: { cacheNames: 'book', key: (name) => name },
    put: [{ cacheNames: 'isbn', resultKey: (found) => found.isbn }],
    evict: { cacheNames: 'list', key: (name) => ({ name }) },
  })
  async generic<B extends Book>(_name: string): Promise<B> {
    return book as B;
  }

  @Cacheable('a')
  @CacheEvict('b', { key: (value) => String(value) })
  protected async stacked(value: T): Promise<T> {
    return value;
  }

  overloaded(id: number): Promise<Book>;
  overloaded(name: string, year: number): Promise<Book>;
  @Cacheable('book')
  overloaded(_idOrName: number | string, _year?: number): Promise<Book> {
    return Promise.resolve(book);
  }

  @Cacheable('book', { key: ({ isbn }) => isbn })
  async destructured({ isbn: _isbn }: Book): Promise<void> {}

  @Cacheable()
  [Symbol.for('find')](): Promise<void> {
    return Promise.resolve();
  }
}

@CacheConfig({ cacheNames: 'book', keyGenerator: Symbol('keys'), cacheManager: 'manager', cacheResolver: Compiles })
export abstract class Configured {}

type Find = (name: string) => Promise<Book>;

/** What is decided before it is written above a method, or while the program runs. */
export interface Decided {
  readonly allEntries: boolean;
  readonly acks: 'none' | 'all';
  readonly unacknowledged: 'throw' | 'report';
  readonly keyGenerator: symbol | undefined;
  readonly names: string[];
  readonly literals: readonly ('book' | 'isbn')[];
  readonly cacheable: CacheableOptions<Find>;
  readonly put: CachePutOptions<Find>;
  readonly evict: CacheEvictOptions<Find>;
}

const NAMES = ['book', 'isbn'] as const;
const SYNC: CacheableOptions<Find> = { sync: true, key: (name) => name.trim() };
const RESULT_KEY: CachePutOptions<Find> = { cacheNames: NAMES, resultKey: (saved) => saved.isbn };
const ALL_ENTRIES: CacheEvictOptions<Find> = { cacheNames: 'book', allEntries: true };

/** Options that do not contradict each other. */
export const compatible = ({ names, literals, keyGenerator, allEntries, acks, unacknowledged, ...options }: Decided): unknown => {
  class Compatible {
    @CacheEvict(names, { allEntries, beforeInvocation: allEntries, acks })
    @CacheEvict(literals, { key: (name) => name, keyGenerator: undefined, acks })
    @CacheEvict(NAMES, { keyGenerator, key: undefined, unacknowledged })
    @CacheEvict(NAMES[0], { allEntries: false, beforeInvocation: false, keys: (name) => [name], unless: (found) => found.pages === 0 })
    async flags(name: string): Promise<Book> {
      return { ...book, isbn: name };
    }

    @CacheEvict('book', { aroundInvocation: true, key: (name) => name.trim(), acks: 'all' })
    @CacheEvict('book', { aroundInvocation: true, keys: (name) => [name.trim()], unacknowledged: 'report' })
    @CacheEvict(literals, { aroundInvocation: true, keyGenerator, condition: (name) => name !== '', beforeInvocation: false })
    @CacheEvict(names, { aroundInvocation: allEntries, acks, allEntries: false })
    @CacheEvict({ cacheNames: 'book', aroundInvocation: true, unacknowledged })
    @CacheEvict('book', { aroundInvocation: false, unless: (found) => found.pages === 0 })
    @CacheEvict('book', { aroundInvocation: undefined, resultKey: (found) => found.isbn })
    @CacheEvict('book', { aroundInvocation: false, allEntries: true, beforeInvocation: true })
    async around(name: string): Promise<Book> {
      return { ...book, isbn: name };
    }

    @CacheEvict({ cacheNames: names, beforeInvocation: true, key: (name) => name.trim(), acks: 'all', unacknowledged: 'throw' })
    @CacheEvict({ cacheNames: literals, resultKey: (found) => found.isbn, acks: 'none', unacknowledged: 'report' })
    @CachePut({ cacheNames: NAMES, key: (name) => name.trim(), unacknowledged })
    @Cacheable({
      cacheNames: 'book',
      sync: false,
      key(name) {
        same<typeof this, CacheInvocation<[name: string]>>(true);
        return name.trim();
      },
      unless: (found, name) => found.isbn === name.trim(),
    })
    async objects(name: string): Promise<Book> {
      return { ...book, isbn: name };
    }

    @Cacheable('book', SYNC)
    async variable(name: string): Promise<Book> {
      return { ...book, isbn: name };
    }

    @Caching({ cacheable: [options.cacheable], put: RESULT_KEY, evict: [ALL_ENTRIES, options.evict] })
    @Cacheable(options.cacheable)
    @CachePut('book', options.put)
    @CacheEvict('book', options.evict)
    async variables(name: string): Promise<Book> {
      return { ...book, isbn: name };
    }

    @BookWrite((name: string) => name.trim())
    @Fresh({ key: (name) => name.trim() })
    async helpers(name: string): Promise<Book> {
      return { ...book, isbn: name };
    }
  }
  return Compatible;
};

const BookWrite = <M extends AsyncMethod>(key: (...args: Parameters<M>) => CacheKey): CacheDecorator<M> =>
  composeDecorators<M>(CacheEvict('book', { key, acks: 'all' }), CacheEvict('list', { allEntries: true, unacknowledged: 'report' }));
const Fresh = <M extends AsyncMethod>(options: CacheableOptions<M>): CacheDecorator<M> =>
  composeDecorators<M>(Cacheable('fresh', options), Cacheable({ ...options, cacheNames: 'book' }));

/** What must not compile: an error that is missing is an error. In a function, because some of it is refused at decoration as well. */
export function refused(): unknown {
  class Refused {
    // @ts-expect-error -- the argument is a string
    @Cacheable('book', { key: (id: number) => id })
    async wrongArgument(_name: string): Promise<void> {}

    // @ts-expect-error -- there is no second argument
    @Cacheable('book', { key: (name, edition) => [name, edition] })
    async tooManyArguments(_name: string): Promise<void> {}

    // @ts-expect-error -- a promise is no key
    @Cacheable('book', { key: async (name) => name })
    async promisedKey(_name: string): Promise<void> {}

    // @ts-expect-error -- a function is no key
    @CacheEvict('book', { key: () => () => 1 })
    async functionKey(): Promise<void> {}

    // @ts-expect-error -- the result has no such property
    @CachePut('book', { resultKey: (saved) => saved.id })
    async wrongResult(): Promise<Book> {
      return book;
    }

    // @ts-expect-error -- not a promise
    @Cacheable('book')
    synchronous(): Book {
      return book;
    }

    // @ts-expect-error -- not a promise
    @Cacheable('book')
    async *generator(): AsyncGenerator<Book> {
      yield book;
    }

    // @ts-expect-error -- not a method
    @Cacheable('book')
    get accessor(): Promise<Book> {
      return Promise.resolve(book);
    }

    // @ts-expect-error -- not a method
    @Cacheable('book')
    property = (): Promise<Book> => Promise.resolve(book);

    // @ts-expect-error -- a condition has no result and no promise
    @Cacheable('book', { condition: async () => true })
    async promisedCondition(): Promise<void> {}

    // @ts-expect-error -- unknown option
    @Cacheable('book', { allEntries: true })
    async unknownOption(): Promise<void> {}

    // @ts-expect-error -- no unit of time
    @Cacheable('book', { ttl: '5 minutes' })
    async wrongUnit(): Promise<void> {}

    // @ts-expect-error -- the keys of an eviction are a list
    @CacheEvict('book', { keys: (name) => name })
    async noList(_name: string): Promise<void> {}

    // @ts-expect-error -- none or all
    @CacheEvict('book', { acks: 'some' })
    async someAcks(): Promise<void> {}
  }
  return Refused;
}

/** What contradicts itself. Each is written once with the names first and once with the names among the options. */
export function contradictory(): unknown {
  class Contradictory {
    // @ts-expect-error -- what is loaded under `sync` is always stored
    @Cacheable('book', { sync: true, unless: (found) => found === null })
    // @ts-expect-error -- as above
    @Cacheable({ cacheNames: 'book', sync: true, unless: (found) => found === null })
    // @ts-expect-error -- two sources of one key
    @Cacheable('book', { key: (name) => name, keyGenerator: 'keys' })
    // @ts-expect-error -- as above
    @Cacheable({ cacheNames: 'book', key: (name) => name, keyGenerator: NAMED })
    // @ts-expect-error -- two sources of caches
    @Cacheable('book', { cacheManager: 'manager', cacheResolver: 'resolver' })
    // @ts-expect-error -- as above
    @Cacheable({ cacheManager: NAMED, cacheResolver: 'resolver' })
    // @ts-expect-error -- no name
    @Cacheable([])
    // @ts-expect-error -- as above
    @Cacheable({ cacheNames: [] })
    // @ts-expect-error -- names twice
    @Cacheable('book', { cacheNames: 'isbn' })
    async cacheable(_name: string): Promise<Book | null> {
      return book;
    }

    // @ts-expect-error -- two keys of one entry
    @CachePut('book', { key: (name) => name, resultKey: (saved) => saved.isbn })
    // @ts-expect-error -- as above
    @CachePut({ cacheNames: 'book', key: (name) => name, resultKey: (saved) => saved.isbn })
    // @ts-expect-error -- two sources of one key
    @CachePut('book', { resultKey: (saved) => saved.isbn, keyGenerator: 'keys' })
    // @ts-expect-error -- as above
    @CachePut({ resultKey: (saved) => saved.isbn, keyGenerator: NAMED })
    // @ts-expect-error -- two sources of one key
    @CachePut('book', { key: (name) => name, keyGenerator: 'keys' })
    // @ts-expect-error -- as above
    @CachePut({ key: (name) => name, keyGenerator: NAMED })
    // @ts-expect-error -- two sources of caches
    @CachePut('book', { cacheManager: 'manager', cacheResolver: 'resolver' })
    // @ts-expect-error -- as above
    @CachePut({ cacheManager: NAMED, cacheResolver: 'resolver' })
    // @ts-expect-error -- no name
    @CachePut([], { key: (name) => name })
    // @ts-expect-error -- as above
    @CachePut({ cacheNames: [], key: (name) => name })
    // @ts-expect-error -- no such way
    @CachePut('book', { unacknowledged: 'ignore' })
    async put(_name: string): Promise<Book> {
      return book;
    }

    // @ts-expect-error -- all entries go, whatever their keys
    @CacheEvict('book', { allEntries: true, key: (name) => name })
    // @ts-expect-error -- as above
    @CacheEvict({ cacheNames: 'book', allEntries: true, key: (name) => name })
    // @ts-expect-error -- as above
    @CacheEvict('book', { allEntries: true, keys: (name) => [name] })
    // @ts-expect-error -- as above
    @CacheEvict({ allEntries: true, keys: (name) => [name] })
    // @ts-expect-error -- as above
    @CacheEvict('book', { allEntries: true, resultKey: (removed) => removed.isbn })
    // @ts-expect-error -- as above
    @CacheEvict({ allEntries: true, resultKey: (removed) => removed.isbn })
    // @ts-expect-error -- as above
    @CacheEvict('book', { allEntries: true, keyGenerator: 'keys' })
    // @ts-expect-error -- as above
    @CacheEvict({ allEntries: true, keyGenerator: NAMED })
    async all(_name: string): Promise<Book> {
      return book;
    }

    // @ts-expect-error -- two sources of keys
    @CacheEvict('book', { key: (name) => name, resultKey: (removed) => removed.isbn })
    // @ts-expect-error -- as above
    @CacheEvict({ key: (name) => name, resultKey: (removed) => removed.isbn })
    // @ts-expect-error -- as above
    @CacheEvict('book', { key: (name) => name, keyGenerator: 'keys' })
    // @ts-expect-error -- as above
    @CacheEvict({ key: (name) => name, keyGenerator: NAMED })
    // @ts-expect-error -- as above
    @CacheEvict('book', { keys: (name) => [name], key: (name) => name })
    // @ts-expect-error -- as above
    @CacheEvict({ keys: (name) => [name], key: (name) => name })
    // @ts-expect-error -- as above
    @CacheEvict('book', { keys: (name) => [name], resultKey: (removed) => removed.isbn })
    // @ts-expect-error -- as above
    @CacheEvict({ keys: (name) => [name], resultKey: (removed) => removed.isbn })
    // @ts-expect-error -- as above
    @CacheEvict('book', { keys: (name) => [name], keyGenerator: 'keys' })
    // @ts-expect-error -- as above
    @CacheEvict({ keys: (name) => [name], keyGenerator: NAMED })
    // @ts-expect-error -- as above
    @CacheEvict('book', { resultKey: (removed) => removed.isbn, keyGenerator: 'keys' })
    // @ts-expect-error -- as above
    @CacheEvict({ resultKey: (removed) => removed.isbn, keyGenerator: NAMED })
    async keys(_name: string): Promise<Book> {
      return book;
    }

    // @ts-expect-error -- before the method runs there is no result
    @CacheEvict('book', { beforeInvocation: true, resultKey: (removed) => removed.isbn })
    // @ts-expect-error -- as above
    @CacheEvict({ beforeInvocation: true, resultKey: (removed) => removed.isbn })
    // @ts-expect-error -- as above
    @CacheEvict('book', { beforeInvocation: true, unless: (removed) => removed.pages === 0 })
    // @ts-expect-error -- as above
    @CacheEvict({ beforeInvocation: true, unless: (removed) => removed.pages === 0 })
    // @ts-expect-error -- an eviction before the method always throws
    @CacheEvict('book', { beforeInvocation: true, unacknowledged: 'report' })
    // @ts-expect-error -- as above
    @CacheEvict({ beforeInvocation: true, unacknowledged: 'report' })
    // @ts-expect-error -- it evicts before the method already
    @CacheEvict('book', { aroundInvocation: true, beforeInvocation: true })
    // @ts-expect-error -- as above
    @CacheEvict({ aroundInvocation: true, beforeInvocation: true })
    // @ts-expect-error -- the keys are withheld when there is no result yet
    @CacheEvict('book', { aroundInvocation: true, resultKey: (removed) => removed.isbn })
    // @ts-expect-error -- as above
    @CacheEvict({ aroundInvocation: true, resultKey: (removed) => removed.isbn })
    // @ts-expect-error -- as above
    @CacheEvict('book', { aroundInvocation: true, unless: (removed) => removed.pages === 0 })
    // @ts-expect-error -- as above
    @CacheEvict({ aroundInvocation: true, unless: (removed) => removed.pages === 0 })
    // @ts-expect-error -- only keys can be withheld
    @CacheEvict('book', { aroundInvocation: true, allEntries: true })
    // @ts-expect-error -- as above
    @CacheEvict({ aroundInvocation: true, allEntries: true })
    // @ts-expect-error -- one waits for all instances, the other does not
    @CacheEvict('book', { aroundInvocation: true, acks: 'all', unacknowledged: 'report' })
    // @ts-expect-error -- two sources of keys
    @CacheEvict('book', { aroundInvocation: true, key: (name) => name, keys: (name) => [name] })
    async around(_name: string): Promise<Book> {
      return book;
    }

    // @ts-expect-error -- one waits for all instances, the other does not
    @CacheEvict('book', { acks: 'all', unacknowledged: 'report' })
    // @ts-expect-error -- as above
    @CacheEvict({ acks: 'all', unacknowledged: 'report' })
    // @ts-expect-error -- two sources of caches
    @CacheEvict('book', { cacheManager: 'manager', cacheResolver: 'resolver' })
    // @ts-expect-error -- as above
    @CacheEvict({ cacheManager: NAMED, cacheResolver: 'resolver' })
    // @ts-expect-error -- no name
    @CacheEvict([] as const, { allEntries: true })
    // @ts-expect-error -- as above
    @CacheEvict({ cacheNames: [], allEntries: true })
    async evict(_name: string): Promise<Book> {
      return book;
    }

    // @ts-expect-error -- so it is in groups
    @Caching({ cacheable: { sync: true, unless: (found) => found.pages === 0 } })
    // @ts-expect-error -- as above
    @Caching({ cacheable: [{ key: (name) => name, keyGenerator: 'keys' }] })
    // @ts-expect-error -- as above
    @Caching({ cacheable: { key: (name) => name, keyGenerator: NAMED } })
    // @ts-expect-error -- as above
    @Caching({ put: { key: (name) => name, resultKey: (saved) => saved.isbn } })
    // @ts-expect-error -- as above
    @Caching({ put: [{ cacheNames: [], key: (name) => name }] })
    // @ts-expect-error -- as above
    @Caching({ evict: { allEntries: true, key: (name) => name } })
    // @ts-expect-error -- as above
    @Caching({ evict: [{ beforeInvocation: true, unacknowledged: 'report' }] })
    // @ts-expect-error -- as above
    @Caching({ evict: [{ aroundInvocation: true, allEntries: true }] })
    // @ts-expect-error -- as above
    @Caching({ evict: [{ cacheManager: 'manager', cacheResolver: 'resolver' }] })
    async group(_name: string): Promise<Book> {
      return book;
    }
  }

  // @ts-expect-error -- no name
  @CacheConfig({ cacheNames: [] })
  class Nameless {}

  // @ts-expect-error -- so it is in helpers
  const Stored = <M extends AsyncMethod>(): CacheDecorator<M> => Cacheable<M>('book', { sync: true, unless: () => true });
  // @ts-expect-error -- as above
  const Gone = <M extends AsyncMethod>(): CacheDecorator<M> => composeDecorators<M>(CacheEvict('book', { allEntries: true, key: () => 1 }));
  // @ts-expect-error -- and in variables
  const options: CacheableOptions<Find> = { key: (name) => name, keyGenerator: 'keys' };
  // @ts-expect-error -- as above
  const all: CacheEvictOptions<Find> = { allEntries: true, keys: (name) => [name] };

  return [Contradictory, Nameless, Stored, Gone, options, all];
}

const NAMED = Symbol('a service');

describe('the types of the decorators', () => {
  it('hold what this file expects of them, for it was compiled', () => {
    expect(Compiles.prototype.find.name).to.equal('find');
    // Where the compiler was silenced, decoration refuses what can be seen then.
    expect(refused).to.throw(CacheConfigurationError, 'Invalid caching of Refused.generator: it is an async generator');
    expect(contradictory).to.throw(CacheConfigurationError, '`cacheNames` is an empty array');
  });
});
