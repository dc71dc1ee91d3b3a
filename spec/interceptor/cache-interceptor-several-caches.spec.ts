import { expect } from 'chai';
import sinon from 'sinon';
import { type Cache, Cacheable, CacheInterceptor } from '../../lib/index.js';
import { MapCache, type MapCacheManager } from '../support/map-cache.js';
import { gate, turn } from '../support/promises.js';
import { stage, type Stage } from './stage.js';

describe(CacheInterceptor.name, () => {
  let caches: MapCacheManager;
  let body: sinon.SinonSpy;
  let serve: Stage['serve'];

  beforeEach(() => {
    ({ caches, body, serve } = stage());
  });

  describe('several caches', () => {
    class Books {
      @Cacheable(['primary', 'secondary'])
      async find(name: string): Promise<unknown> {
        return body(name);
      }

      @Cacheable('primary')
      @Cacheable('secondary', { key: (name) => `${name}!` })
      async get(name: string): Promise<unknown> {
        return body(name);
      }
    }

    it('are all filled by one run', async () => {
      const books = serve(Books);
      await books.find('Dune');
      await books.get('Emma');
      expect(body.callCount).to.equal(2);
      for (const name of ['Dune', 'Emma']) expect(caches.cache('primary').peekValue(name)).to.equal(name);
      expect(caches.cache('secondary').peekValue('Dune')).to.equal('Dune');
      expect(caches.cache('secondary').peekValue('Emma!')).to.equal('Emma');
    });

    it('are asked in declared order until the first hit', async () => {
      const books = serve(Books);
      await caches.cache('primary').put('Dune', 'first');
      await caches.cache('secondary').put('Dune', 'second');
      const second = sinon.spy(caches.cache('secondary'), 'getOrLoad');
      expect(await books.find('Dune')).to.equal('first');
      expect(second.called).to.equal(false);
    });

    it('are not filled from a hit in a later one', async () => {
      const books = serve(Books);
      await caches.cache('secondary').put('Dune', 'second');
      await caches.cache('secondary').put('Emma!', 'second');
      expect(await books.find('Dune')).to.equal('second');
      expect(await books.get('Emma')).to.equal('second');
      expect(caches.cache('primary').entries.size).to.equal(0);
      expect(body.called).to.equal(false);
    });

    it('obey the unless of their own operation, asked once per operation', async () => {
      const isSmall = sinon.fake((pages: number) => pages < 100);
      const isBig = sinon.fake((pages: number) => pages >= 100);
      class Library {
        @Cacheable('big', { unless: isSmall })
        @Cacheable(['small', 'tiny'], { unless: isBig })
        async pages(count: number): Promise<number> {
          return body(count) as number;
        }
      }
      const library = serve(Library);
      for (const count of [50, 500, 50, 500]) await library.pages(count);
      expect(body.callCount).to.equal(2);
      expect([...caches.cache('big').entries.keys()]).to.deep.equal(['~500']);
      expect([...caches.cache('small').entries.keys()]).to.deep.equal(['~50']);
      expect([...caches.cache('tiny').entries.keys()]).to.deep.equal(['~50']);
      expect(isBig.callCount).to.equal(2);
      expect(isSmall.callCount).to.equal(2);
    });

    it('do not deadlock two methods that name them in opposite order', async () => {
      // As with a remote tier, the loader does not begin at once: each method is in its first cache before one is in its second.
      class SlowCache extends MapCache {
        override getOrLoad<V>(...[key, loader, options]: Parameters<Cache['getOrLoad']>): Promise<V> {
          return super.getOrLoad(key, async (context) => (await turn(), loader(context)), options) as Promise<V>;
        }
      }
      caches.add(new SlowCache('a')).add(new SlowCache('b'));
      const { promise, open } = gate();
      class Library {
        @Cacheable(['a', 'b'])
        async one(name: string): Promise<unknown> {
          await promise;
          return body(name);
        }

        @Cacheable(['b', 'a'])
        async other(name: string): Promise<unknown> {
          await promise;
          return body(name);
        }
      }
      const library = serve(Library);
      const calls = [library.one('Dune'), library.other('Dune')];
      open();
      expect(await Promise.all(calls)).to.deep.equal(['Dune', 'Dune']);
    });

    it('may be the same one twice', async () => {
      class Library {
        @Cacheable('a')
        @Cacheable('a')
        async find(name: string): Promise<unknown> {
          return body(name);
        }
      }
      const library = serve(Library);
      expect([await library.find('Dune'), await library.find('Dune')]).to.deep.equal(['Dune', 'Dune']);
      expect(body.callCount).to.equal(1);
    });
  });

  describe('a method that calls another with the same cache and key', () => {
    class Books {
      @Cacheable('book')
      async find(name: string): Promise<unknown> {
        await turn();
        return this.load(name);
      }

      @Cacheable('book')
      async load(name: string): Promise<unknown> {
        return body(name);
      }
    }

    it('does not wait for its own load', async () => {
      const books = serve(Books);
      expect(await books.find('Dune')).to.equal('Dune');
      expect(await books.load('Dune')).to.equal('Dune');
      expect(body.callCount).to.equal(1);
    });

    it('finds what it stored, in work that it left running', async () => {
      const [first, second] = [gate(), gate()];
      let later: Promise<unknown> | undefined;
      class Library {
        @Cacheable('book')
        async find(name: string): Promise<unknown> {
          later ??= first.promise.then(() => this.find(name));
          return body(name);
        }

        @Cacheable('other')
        async wait(_name: string): Promise<void> {
          await second.promise;
        }
      }
      const library = serve(Library);
      await library.find('Dune');
      const waiting = library.wait('Emma');
      await turn();
      first.open();
      // Begun within the load, but run after it, while another is under way: a hit.
      expect(await later).to.equal('Dune');
      expect(body.callCount).to.equal(1);
      second.open();
      await waiting;
    });
  });
});
