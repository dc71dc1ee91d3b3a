import { expect } from 'chai';
import { Cacheable, CacheConfig, CacheConfigurationError, CacheEvict, type CacheInvocation, CachePut, Caching } from '../../lib/index.js';

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
      same<typeof this, CacheInvocation<[name: string, edition?: number]>>(true);
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

describe('the types of the decorators', () => {
  it('hold what this file expects of them, for it was compiled', () => {
    expect(Compiles.prototype.find.name).to.equal('find');
    // Where the compiler was silenced, decoration refuses what can be seen then.
    expect(refused).to.throw(CacheConfigurationError, 'Invalid caching of Refused.generator: it is an async generator');
  });
});
