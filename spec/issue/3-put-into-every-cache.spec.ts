/**
 * `@CachePut(['a', 'b'])` put into its caches one after the other and stopped at the first that failed: `b` went on to serve the old value,
 * though the method had written the new one. In the same way an error handler that threw for one of `keys` was not told of the others.
 *
 * Every cache is tried now, side by side, and every key told. The first failure reaches the caller.
 */
import { expect } from 'chai';
import {
  type Cache,
  CacheErrorHandler,
  CacheEvict,
  CacheEvictError,
  CachePut,
  type CacheOperationContext,
  CacheResolver,
  Caching,
  FailOpenCacheErrorHandler,
  LoggingCacheErrorHandler,
  SimpleCacheErrorHandler,
} from '../../lib/index.js';
import { rejectionOf } from '../contract/rejection.js';
import { MapCache } from '../support/map-cache.js';
import { mapCaching, type MapCaching } from '../support/map-caching.js';
import { turn } from '../support/promises.js';

/** A cache that cannot write, and says so by an error of its own. */
class DeafCache extends MapCache {
  readonly failure = new CacheEvictError(this.name, `'${this.name}' is away.`);

  override async put(): Promise<void> {
    throw this.failure;
  }

  override async evict(): Promise<void> {
    throw this.failure;
  }
}

class TwoCaches extends CacheResolver {
  readonly #caches: readonly Cache[];

  constructor(caches: readonly Cache[]) {
    super();
    this.#caches = caches;
  }

  override resolveCaches(_context: CacheOperationContext): readonly Cache[] {
    return this.#caches;
  }
}

class Books {
  @CachePut(['deaf', 'book'])
  async save(name: string): Promise<string> {
    return name.toUpperCase();
  }

  @Caching({ put: [{ cacheNames: ['deaf', 'mute'] }, { cacheNames: 'book' }], evict: { cacheNames: 'list' } })
  async saveAndList(name: string): Promise<string> {
    return name.toUpperCase();
  }

  @CachePut({ cacheResolver: TwoCaches })
  async saveResolved(name: string): Promise<string> {
    return name.toUpperCase();
  }

  @CacheEvict('deaf', { keys: (...names) => names })
  async remove(..._names: string[]): Promise<void> {}
}

describe('Issue 3: a put into several caches', () => {
  let caching: MapCaching;
  let deaf: DeafCache;
  let books: Books;

  const serve = (errors: CacheErrorHandler): void => {
    caching = mapCaching();
    deaf = new DeafCache('deaf');
    caching.caches.add(deaf).add(new DeafCache('mute'));
    caching.container.rebind(CacheErrorHandler).toConstantValue(errors);
    caching.container.bind(TwoCaches).toConstantValue(new TwoCaches([deaf, caching.caches.cache('book')]));
    caching.container.bind(Books).toSelf();
    books = caching.container.get(Books);
  };

  for (const errors of [new FailOpenCacheErrorHandler(), new SimpleCacheErrorHandler()]) {
    describe(`under ${errors.constructor.name}`, () => {
      beforeEach(async () => {
        serve(errors);
        await caching.caches.cache('book').put('Dune', 'old');
        await caching.caches.cache('list').put('Dune', 'old');
      });

      for (const verb of ['save', 'saveAndList', 'saveResolved'] as const) {
        it(`tries all of them, and tells the first failure: ${verb}`, async () => {
          const error = (await rejectionOf(books[verb]('Dune'))) as CacheEvictError;
          expect([error.cacheName, error.result, error.cause]).to.deep.equal(['deaf', 'DUNE', deaf.failure]);
          expect(caching.caches.cache('book').peekValue('Dune')).to.equal('DUNE');
          if (verb === 'saveAndList') expect(caching.caches.cache('list').has('Dune')).to.equal(false);
        });
      }
    });
  }

  it('waits for them side by side', async () => {
    serve(new SimpleCacheErrorHandler());
    const begun: string[] = [];
    let open!: () => void;
    const gate = new Promise<void>((resolve) => (open = resolve));
    for (const name of ['deaf', 'book']) {
      caching.caches.cache(name).put = async (): Promise<void> => {
        begun.push(name);
        await gate;
      };
    }
    const saved = books.save('Dune');
    await turn();
    expect(begun).to.deep.equal(['deaf', 'book']);
    open();
    expect(await saved).to.equal('DUNE');
  });

  it('tells a handler that throws of every key', async () => {
    const lines: string[] = [];
    serve(new LoggingCacheErrorHandler({ log: (line) => void lines.push(line) }));
    expect(((await rejectionOf(books.remove('Dune', 'Emma'))) as CacheEvictError).cause).to.equal(deaf.failure);
    expect(lines).to.deep.equal(['Dune', 'Emma'].map((key) => `Cache 'deaf' failed to evict entry with key '${key}': 'deaf' is away`));
  });
});
