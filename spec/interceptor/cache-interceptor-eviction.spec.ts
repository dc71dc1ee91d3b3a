import { expect } from 'chai';
import sinon from 'sinon';
import { Cacheable, CacheEvict, CacheInterceptor, CachePut } from '../../lib/index.js';
import { MapCache, type MapCacheManager } from '../support/map-cache.js';
import { rejection, stage, type Stage } from './stage.js';

describe(CacheInterceptor.name, () => {
  let caches: MapCacheManager;
  let body: sinon.SinonSpy;
  let serve: Stage['serve'];

  beforeEach(() => {
    ({ caches, body, serve } = stage());
  });

  describe('an eviction', () => {
    beforeEach(async () => {
      for (const key of ['Dune', 'Emma', 'Ulysses']) await caches.cache('book').put(key, key);
    });

    const left = (): string[] => [...caches.cache('book').entries.keys()];

    class Books {
      @CacheEvict('book')
      async remove(name: string): Promise<unknown> {
        return body(name);
      }

      @CacheEvict('book', { keys: (...names) => names })
      async removeAll(...names: string[]): Promise<unknown> {
        return body(names);
      }

      @CacheEvict('book', { allEntries: true })
      async reset(_what: string): Promise<unknown> {
        return body();
      }

      @CacheEvict('book', { resultKey: (name) => name })
      async removeLast(): Promise<string> {
        return 'Ulysses';
      }

      @CacheEvict('book', { unless: (removed) => !removed })
      async tryRemove(name: string): Promise<boolean> {
        return name === 'Emma';
      }

      @CacheEvict('book', { condition: (name) => name !== 'Dune' })
      async removeMost(name: string): Promise<unknown> {
        return body(name);
      }
    }

    it('removes the key once the method succeeded', async () => {
      const during: string[][] = [];
      body = sinon.fake(() => during.push(left()));
      await serve(Books).remove('Dune');
      expect(during).to.deep.equal([['Dune', 'Emma', 'Ulysses']]);
      expect(left()).to.deep.equal(['Emma', 'Ulysses']);
    });

    it('removes several keys in one step', async () => {
      const evictAll = sinon.spy(caches.cache('book'), 'evictAll');
      const books = serve(Books);
      await books.removeAll('Dune', 'Emma');
      expect(left()).to.deep.equal(['Ulysses']);
      expect(evictAll.args).to.deep.equal([[['Dune', 'Emma'], { acks: 'none', unacknowledged: undefined }]]);
      expect(await books.removeAll()).to.deep.equal([]);
      expect(evictAll.callCount).to.equal(1);
    });

    it('refuses keys that are no list, or have a gap', async () => {
      class Library {
        @CacheEvict('book', { keys: ((name: string) => name) as never })
        async one(_name: string): Promise<void> {}

        @CacheEvict('book', { keys: (...names) => names })
        async some(..._names: (string | undefined)[]): Promise<void> {}
      }
      const library = serve(Library);
      expect((await rejection(library.one('Dune'))).message).to.equal(
        'Expected `keys` of @CacheEvict on Library.one to return an array of keys, got string.',
      );
      expect((await rejection(library.some('Dune', undefined))).code).to.equal('CACHE_KEY_UNDEFINED');
      expect(left()).to.deep.equal(['Dune', 'Emma', 'Ulysses']);
    });

    it('removes everything, whatever the arguments', async () => {
      await serve(Books).reset('Dune');
      expect(left()).to.deep.equal([]);
    });

    it('makes the key of the result, and can be vetoed by it', async () => {
      const books = serve(Books);
      await books.removeLast();
      await books.tryRemove('Dune');
      await books.tryRemove('Emma');
      expect(left()).to.deep.equal(['Dune']);
    });

    it('does nothing where its condition is false', async () => {
      const books = serve(Books);
      await books.removeMost('Dune');
      await books.removeMost('Emma');
      expect(left()).to.deep.equal(['Dune', 'Ulysses']);
    });

    it('takes a composite key for one key', async () => {
      await caches.cache('book').put(['Dune', 1], 'composite');
      class Library {
        @CacheEvict('book')
        async remove(_name: string, _edition: number): Promise<void> {}
      }
      await serve(Library).remove('Dune', 1);
      expect(left()).to.deep.equal(['Dune', 'Emma', 'Ulysses']);
    });

    it('waits for acknowledgements where it is told to', async () => {
      const evict = sinon.spy(caches.cache('book'), 'evict');
      const clear = sinon.spy(caches.cache('book'), 'clear');
      class Library {
        @CacheEvict('book', { acks: 'all' })
        async remove(_name: string): Promise<void> {}

        @CacheEvict('book', { acks: 'all', allEntries: true })
        async reset(): Promise<void> {}
      }
      const library = serve(Library);
      await library.remove('Dune');
      await library.reset();
      expect(evict.args).to.deep.equal([['Dune', { acks: 'all', unacknowledged: undefined }]]);
      expect(clear.args).to.deep.equal([[{ acks: 'all', unacknowledged: undefined }]]);
    });

    it('does not happen after a method that failed, unless it comes before it', async () => {
      const error = new Error('boom');
      class Library {
        @CacheEvict('book')
        @CachePut('book', { key: () => 'put' })
        async late(_name: string): Promise<void> {
          throw error;
        }

        @CacheEvict('book', { beforeInvocation: true })
        async early(_name: string): Promise<void> {
          body(left());
          throw error;
        }

        @CacheEvict('book', { beforeInvocation: true, allEntries: true })
        async earlyAll(): Promise<void> {
          throw error;
        }
      }
      const library = serve(Library);
      expect(await rejection(library.late('Dune'))).to.equal(error);
      expect(left()).to.deep.equal(['Dune', 'Emma', 'Ulysses']);
      expect(await rejection(library.early('Dune'))).to.equal(error);
      expect(body.args).to.deep.equal([[['Emma', 'Ulysses']]]);
      expect(await rejection(library.earlyAll())).to.equal(error);
      expect(left()).to.deep.equal([]);
    });

    it('is immediate before the method and deferrable after it', async () => {
      const cache = caches.cache('book');
      const spies = (['evictIfPresent', 'invalidate', 'evict', 'clear'] as const).map((verb) => sinon.spy(cache, verb));
      class Library {
        @CacheEvict('book', { beforeInvocation: true })
        async one(_name: string): Promise<void> {}

        @CacheEvict('book', { beforeInvocation: true, allEntries: true })
        async all(): Promise<void> {}
      }
      const library = serve(Library);
      await library.one('Dune');
      expect(spies.map(({ callCount }) => callCount)).to.deep.equal([1, 0, 0, 0]);
      await library.all();
      expect(spies.slice(0, 3).map(({ callCount }) => callCount)).to.deep.equal([1, 1, 0]);
    });

    it('happens on a hit too', async () => {
      class Library {
        @Cacheable('page', { key: () => 'page' })
        @CacheEvict('book')
        async read(name: string): Promise<unknown> {
          return body(name);
        }
      }
      const library = serve(Library);
      await library.read('Dune');
      await library.read('Emma');
      expect(body.callCount).to.equal(1);
      expect(left()).to.deep.equal(['Ulysses']);
    });
  });

  describe('the order', () => {
    const log: string[] = [];

    class LoggedCache extends MapCache {
      override async getOrLoad<V>(...args: Parameters<MapCache['getOrLoad']>): Promise<V> {
        log.push(`get ${this.name}`);
        const value = await super.getOrLoad(...args);
        return value as V;
      }

      override async put(...args: Parameters<MapCache['put']>): Promise<void> {
        log.push(`put ${this.name}`);
        await super.put(...args);
      }

      override async evict(...args: Parameters<MapCache['evict']>): Promise<void> {
        log.push(`evict ${this.name}`);
        await super.evict(...args);
      }

      override async evictIfPresent(...args: Parameters<MapCache['evictIfPresent']>): Promise<boolean> {
        log.push(`evict early ${this.name}`);
        return super.evictIfPresent(...args);
      }
    }

    beforeEach(() => {
      log.length = 0;
      for (const name of ['a', 'b', 'c', 'd']) caches.add(new LoggedCache(name));
    });

    const steps = ['evict early a', 'get b', 'body', 'put c', 'evict d', 'caller'];

    it('is the same however decorators are stacked', async () => {
      class Up {
        @CacheEvict('a', { beforeInvocation: true })
        @Cacheable('b')
        @CachePut('c')
        @CacheEvict('d')
        async run(): Promise<void> {
          log.push('body');
        }
      }
      class Down {
        @CacheEvict('d')
        @CachePut('c')
        @Cacheable('b')
        @CacheEvict('a', { beforeInvocation: true })
        async run(): Promise<void> {
          log.push('body');
        }
      }
      for (const service of [Up, Down]) {
        log.length = 0;
        await serve<{ run(): Promise<void> }>(service).run();
        log.push('caller');
        expect(log).to.deep.equal(steps);
        await caches.getCache('b')!.clear();
      }
    });
  });
});
