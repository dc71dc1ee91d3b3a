import { expect } from 'chai';
import sinon from 'sinon';
import { Cacheable, CacheInterceptor, CachePut, Caching } from '../../lib/index.js';
import { type MapCacheManager } from '../support/map-cache.js';
import { gate } from '../support/promises.js';
import { stage, type Stage } from './stage.js';

describe(CacheInterceptor.name, () => {
  let caches: MapCacheManager;
  let body: sinon.SinonSpy;
  let serve: Stage['serve'];

  beforeEach(() => {
    ({ caches, body, serve } = stage());
  });

  describe('a put', () => {
    it('runs the method at every call and stores the newest result before the caller goes on', async () => {
      let price = 0;
      class Books {
        @CachePut('price')
        async reprice(_name: string): Promise<number> {
          return ++price;
        }
      }
      const books = serve(Books);
      for (const expected of [1, 2, 3]) {
        expect(await books.reprice('Dune')).to.equal(expected);
        expect(caches.cache('price').peekValue('Dune')).to.equal(expected);
      }
    });

    it('asks unless before it makes the key of the result', async () => {
      class Books {
        @CachePut('book', { unless: (book) => book === null, resultKey: (book) => book!.id, ttl: '2s' })
        async save(name: string): Promise<{ id: number } | null> {
          return name === '' ? null : { id: name.length };
        }
      }
      const books = serve(Books);
      expect(await books.save('')).to.equal(null);
      await books.save('Dune');
      expect([...caches.cache('book').entries.keys()]).to.deep.equal(['~4']);
      expect(caches.cache('book').ttlOf(4)).to.equal(2_000);
    });

    it('makes its key after the method ran', async () => {
      class Books {
        @CachePut('book', { key: (book) => book.id ?? null })
        async save(book: { id?: number }): Promise<object> {
          book.id = 7;
          return book;
        }
      }
      await serve(Books).save({});
      expect([...caches.cache('book').entries.keys()]).to.deep.equal(['~7']);
    });

    it('does nothing where its condition is false', async () => {
      class Books {
        @CachePut('book', { condition: (id) => id === 3 })
        async save(id: number): Promise<number> {
          return body(id) as number;
        }
      }
      const books = serve(Books);
      await books.save(2);
      await books.save(3);
      expect(body.callCount).to.equal(2);
      expect([...caches.cache('book').entries.keys()]).to.deep.equal(['~3']);
    });

    it('stores into every cache, in declared order', async () => {
      const order: string[] = [];
      for (const name of ['a', 'b', 'c']) {
        const put = caches.cache(name).put.bind(caches.cache(name));
        sinon.stub(caches.cache(name), 'put').callsFake(async (...args) => {
          order.push(name);
          await put(...args);
        });
      }
      class Books {
        @Caching({ put: [{ cacheNames: ['c', 'a'] }, { cacheNames: 'b' }] })
        async save(id: number): Promise<number> {
          return id;
        }
      }
      await serve(Books).save(1);
      expect(order).to.deep.equal(['c', 'a', 'b']);
    });

    it('beside a look-up makes the method run even on a hit, and refreshes only its own entry', async () => {
      let count = 0;
      class Books {
        @Cacheable('read')
        @CachePut('written')
        async find(_id: number): Promise<number> {
          return ++count;
        }
      }
      const books = serve(Books);
      expect(await books.find(1)).to.equal(1);
      expect(await books.find(1)).to.equal(2);
      expect(caches.cache('read').peekValue(1)).to.equal(1);
      expect(caches.cache('written').peekValue(1)).to.equal(2);
    });

    it('takes turns with a look-up by condition', async () => {
      let count = 0;
      class Books {
        @Cacheable('book', { key: (id) => id, condition: (_id, isRead) => isRead })
        @CachePut('book', { key: (id) => id, condition: (_id, isRead) => !isRead })
        async find(_id: number, _isRead: boolean): Promise<number> {
          return ++count;
        }
      }
      const books = serve(Books);
      expect(await books.find(1, true)).to.equal(1);
      expect(await books.find(1, true)).to.equal(1);
      expect(await books.find(1, false)).to.equal(2);
      expect(await books.find(1, true)).to.equal(2);
    });

    it('does not join a load another call began', async () => {
      const { promise, open } = gate();
      class Books {
        @Cacheable('book')
        async find(_id: number): Promise<string> {
          await promise;
          return 'found';
        }

        @Cacheable('book')
        @CachePut('other')
        async save(_id: number): Promise<string> {
          return 'saved';
        }
      }
      const books = serve(Books);
      const found = books.find(1);
      expect(await books.save(1)).to.equal('saved');
      open();
      expect(await found).to.equal('found');
    });
  });
});
