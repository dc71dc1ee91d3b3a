import { expect } from 'chai';
import sinon from 'sinon';
import { CallsUnderWay, type RemoteTier } from '../../lib/cache/index.js';
import {
  Cacheable,
  type CacheErrorHandler as Handler,
  CacheErrorHandler,
  CacheEvict,
  CacheEvictError,
  CacheInterceptor,
  CacheKeyError,
  CachePut,
  CacheStoppedError,
  FailOpenCacheErrorHandler,
  RemoteCacheError,
} from '../../lib/index.js';
import { IntentCache } from '../support/intent-cache.js';
import { MapCache } from '../support/map-cache.js';
import { gate, turn } from '../support/promises.js';
import { makeTwoTierCache } from '../support/two-tier-cache.js';
import { rejection, stage, type Stage } from './stage.js';

const boom = new Error('boom');
const unacknowledged = new CacheEvictError('book', 'not acknowledged');

describe(CacheInterceptor.name, () => {
  describe('an eviction around the method', () => {
    let staged: Stage;
    let log: string[];
    let book: IntentCache;
    let title: IntentCache;
    let body: (name: string) => unknown;

    class Books {
      @CacheEvict('book', { aroundInvocation: true })
      async save(name: string): Promise<unknown> {
        return body(name);
      }

      @CacheEvict('book', { aroundInvocation: true, acks: 'all', key: (name) => name.trim() })
      @CacheEvict('title', { aroundInvocation: true, unacknowledged: 'report' })
      async saveBoth(name: string): Promise<unknown> {
        return body(name);
      }

      @CacheEvict(['book', 'title'], { aroundInvocation: true, keys: (...names) => names })
      async saveAll(...names: string[]): Promise<unknown> {
        return body(names.join());
      }

      @CacheEvict('book', { aroundInvocation: true, condition: (name) => name !== 'Dune' })
      async saveMost(name: string): Promise<unknown> {
        return body(name);
      }
    }

    const withheld = (): unknown[] => [...book.withheld, ...title.withheld];

    beforeEach(() => {
      staged = stage();
      log = [];
      [book, title] = [new IntentCache('book', log), new IntentCache('title', log)];
      staged.caches.add(book).add(title);
      body = (name) => {
        log.push('body');
        return name;
      };
    });

    it('comes before the method and after it', async () => {
      expect(await staged.serve(Books).save('Dune')).to.equal('Dune');
      expect(log).to.deep.equal(['book.intend ["Dune"]', 'body', 'book.end ["Dune"]']);
    });

    it('keeps its place among the other steps: after early evictions, around look-ups and puts, beside late evictions', async () => {
      for (const name of ['early', 'late', 'page', 'put']) staged.caches.add(new IntentCache(name, log));
      class Library {
        @CacheEvict('late')
        @CachePut('put')
        @CacheEvict('book', { aroundInvocation: true })
        @CacheEvict('early', { beforeInvocation: true })
        async save(name: string): Promise<unknown> {
          return body(name);
        }

        @Cacheable('page')
        @CacheEvict('book', { aroundInvocation: true })
        async read(name: string): Promise<unknown> {
          return body(name);
        }
      }
      const late = gate();
      (staged.caches.cache('late') as IntentCache).waits.set('evict', late.promise);
      const library = staged.serve(Library);
      const saved = library.save('Dune');
      await turn();
      expect(log.slice(0, 4)).to.deep.equal(['early.evictIfPresent "Dune"', 'book.intend ["Dune"]', 'body', 'put.put "Dune"']);
      expect(log.slice(4), 'neither waits for the other').to.have.members(['late.evict "Dune"', 'book.end ["Dune"]']).and.have.lengthOf(2);
      late.open();
      await saved;
      log.length = 0;
      await library.read('Dune');
      expect(log).to.deep.equal(['book.intend ["Dune"]', 'page.getOrLoad "Dune"', 'body', 'book.end ["Dune"]']);
      log.length = 0;
      expect(await library.read('Dune')).to.equal('Dune');
      expect(log, 'a hit').to.deep.equal(['book.intend ["Dune"]', 'page.getOrLoad "Dune"', 'book.end ["Dune"]']);
    });

    it('does not begin the method before the intent is set', async () => {
      const set = gate();
      book.waits.set('intend', set.promise);
      const saved = staged.serve(Books).save('Dune');
      await turn();
      expect(log).to.deep.equal(['book.intend ["Dune"]']);
      set.open();
      await saved;
      expect(log.slice(1)).to.deep.equal(['body', 'book.end ["Dune"]']);
    });

    it('does not answer before the end is acknowledged', async () => {
      const ended = gate();
      book.waits.set('end', ended.promise);
      let isAnswered = false;
      const saved = staged
        .serve(Books)
        .save('Dune')
        .then(() => (isAnswered = true));
      await turn();
      expect([log.at(-1), isAnswered]).to.deep.equal(['book.end ["Dune"]', false]);
      ended.open();
      await saved;
    });

    it('ends after a method that failed too, and the caller gets the same error', async () => {
      body = () => {
        throw boom;
      };
      const books = staged.serve(Books);
      expect(await rejection(books.saveBoth(' Dune'))).to.equal(boom);
      expect(log.slice(0, 2)).to.have.members(['book.intend ["Dune"]', 'title.intend [" Dune"]']);
      expect(log.slice(2)).to.have.members(['book.end ["Dune"] report', 'title.end [" Dune"] report']).and.have.lengthOf(2);
      book.failures.set('end', unacknowledged);
      expect(await rejection(books.save('Dune'))).to.equal(boom);
      expect(withheld()).to.deep.equal([]);
    });

    it('tells of an end that is not acknowledged by an error with the result', async () => {
      book.failures.set('end', unacknowledged);
      const error = (await rejection(staged.serve(Books).saveBoth('Dune'))) as CacheEvictError;
      expect(error).to.be.instanceOf(CacheEvictError);
      expect([error.message, error.result, error.cause]).to.deep.equal(['not acknowledged', 'Dune', unacknowledged]);
      expect(log).to.include('title.end ["Dune"] report');
      expect(withheld()).to.deep.equal([]);
    });

    it('is of all keys and all caches, set side by side and ended side by side, each with its own options', async () => {
      const [set, ended] = [gate(), gate()];
      book.waits.set('intend', set.promise).set('end', ended.promise);
      const books = staged.serve(Books);
      const saved = books.saveAll('Dune', 'Emma');
      await turn();
      expect(log).to.deep.equal(['book.intend ["Dune","Emma"]', 'title.intend ["Dune","Emma"]']);
      set.open();
      await turn();
      expect(log.slice(2)).to.deep.equal(['body', 'book.end ["Dune","Emma"]', 'title.end ["Dune","Emma"]']);
      ended.open();
      expect(await saved).to.equal('Dune,Emma');
      log.length = 0;
      await books.saveBoth(' Dune ');
      expect(log).to.have.members([
        'book.intend ["Dune"]',
        'title.intend [" Dune "]',
        'body',
        'book.end ["Dune"] all',
        'title.end [" Dune "] report',
      ]);
    });

    it('is nothing for no keys, and where its condition is false', async () => {
      const books = staged.serve(Books);
      await books.saveAll();
      await books.saveMost('Dune');
      expect(log).to.deep.equal(['body', 'body']);
      await books.saveMost('Emma');
      expect(log.slice(2)).to.deep.equal(['book.intend ["Emma"]', 'body', 'book.end ["Emma"]']);
    });

    it('asks condition and key once', async () => {
      const condition = sinon.fake(() => true);
      const key = sinon.fake((name: string) => name);
      class Library {
        @CacheEvict('book', { aroundInvocation: true, condition, key })
        async save(name: string): Promise<unknown> {
          return body(name);
        }
      }
      await staged.serve(Library).save('Dune');
      expect([condition.callCount, key.callCount]).to.deep.equal([1, 1]);
    });

    it('does not run the method if a key cannot be made: what was set already is ended', async () => {
      class Library {
        @CacheEvict('book', { aroundInvocation: true })
        @CacheEvict('title', {
          aroundInvocation: true,
          key: () => {
            throw boom;
          },
        })
        async thrown(name: string): Promise<unknown> {
          return body(name);
        }

        @CacheEvict('book', { aroundInvocation: true })
        @CacheEvict('title', { aroundInvocation: true, key: () => 'too long' })
        async refused(name: string): Promise<unknown> {
          return body(name);
        }
      }
      const library = staged.serve(Library);
      expect(await rejection(library.thrown('Dune'))).to.equal(boom);
      expect(log).to.deep.equal([]);
      const refusal = new CacheKeyError('CACHE_KEY_TOO_LONG', 'A key is too long.');
      title.failures.set('intend', refusal);
      const error = await rejection(library.refused('Dune'));
      expect([error.code, error.message]).to.deep.equal([
        'CACHE_KEY_TOO_LONG',
        refusal.of('@CacheEvict on Library.refused', 'title').message,
      ]);
      expect(log).to.have.members(['book.intend ["Dune"]', 'title.intend ["too long"]', 'book.end ["Dune"] report']).and.have.lengthOf(3);
      expect(withheld()).to.deep.equal([]);
    });

    it('does not run the method if an intent cannot be set and the error handler throws', async () => {
      title.failures.set('intend', unacknowledged);
      expect(await rejection(staged.serve(Books).saveAll('Dune'))).to.equal(unacknowledged);
      expect(log).to.not.include('body');
      expect([log.at(-1), withheld()]).to.deep.equal(['book.end ["Dune"] report', []]);
    });

    /** An error handler that survives everything, bound to the container. */
    const surviving = (): sinon.SinonStubbedInstance<Handler> => {
      const handler = sinon.createStubInstance(FailOpenCacheErrorHandler) as unknown as sinon.SinonStubbedInstance<Handler>;
      staged.caching.container.rebind(CacheErrorHandler).toConstantValue(handler);
      return handler;
    };

    it('is an eviction after the method if the error handler survives that', async () => {
      const handler = surviving();
      book.failures.set('intend', boom);
      expect(await staged.serve(Books).saveAll('Dune', 'Emma')).to.equal('Dune,Emma');
      expect(handler.handleCacheEvictError.args).to.deep.equal([
        [boom, book, 'Dune'],
        [boom, book, 'Emma'],
      ]);
      expect(log.slice(2)).to.deep.equal(['body', 'book.evictAll ["Dune","Emma"]', 'title.end ["Dune","Emma"]']);
    });

    it('asks the error handler about its end, key by key', async () => {
      const handler = surviving();
      book.failures.set('end', unacknowledged);
      expect(await staged.serve(Books).saveAll('Dune', 'Emma')).to.equal('Dune,Emma');
      expect(handler.handleCacheEvictError.args).to.deep.equal([
        [unacknowledged, book, 'Dune'],
        [unacknowledged, book, 'Emma'],
      ]);
    });

    it('takes place although a put fails: the first failure is told', async () => {
      title.failures.set('put', unacknowledged);
      class Library {
        @CachePut('title')
        @CacheEvict('book', { aroundInvocation: true })
        async save(name: string): Promise<unknown> {
          return body(name);
        }

        @CachePut('title', {
          condition: () => {
            throw boom;
          },
        })
        @CacheEvict('book', { aroundInvocation: true })
        async never(name: string): Promise<unknown> {
          return body(name);
        }
      }
      const library = staged.serve(Library);
      const error = await rejection(library.save('Dune'));
      expect([error.cause, error.result]).to.deep.equal([unacknowledged, 'Dune']);
      expect(log).to.deep.equal(['book.intend ["Dune"]', 'body', 'title.put "Dune"', 'book.end ["Dune"]']);
      log.length = 0;
      expect(await rejection(library.never('Dune'))).to.equal(boom);
      expect(log).to.deep.equal(['book.intend ["Dune"]', 'book.end ["Dune"] report']);
    });

    it('does not begin if an early eviction fails', async () => {
      title.failures.set('evictIfPresent', unacknowledged);
      class Library {
        @CacheEvict('title', { beforeInvocation: true })
        @CacheEvict('book', { aroundInvocation: true })
        async save(name: string): Promise<unknown> {
          return body(name);
        }
      }
      expect(await rejection(staged.serve(Library).save('Dune'))).to.equal(unacknowledged);
      expect(log).to.deep.equal(['title.evictIfPresent "Dune"']);
    });

    it('evicts after the method in a cache that implements no intents', async () => {
      const plain = new MapCache('book');
      staged.caches.add(plain);
      await plain.put('Dune', 'old');
      const during: unknown[] = [];
      body = () => during.push(plain.peekValue('Dune'));
      const books = staged.serve(Books);
      await books.save('Dune');
      expect([during, plain.has('Dune')]).to.deep.equal([['old'], false]);
      await plain.put('Dune', 'old');
      body = () => {
        throw boom;
      };
      expect(await rejection(books.save('Dune'))).to.equal(boom);
      expect(plain.has('Dune')).to.equal(false);
    });

    it('leaves calls that overlap to themselves', async () => {
      const first = gate();
      body = (name) => (name === 'Dune' ? first.promise : undefined);
      const books = staged.serve(Books);
      const slow = books.save('Dune');
      await books.save('Emma');
      expect(withheld()).to.deep.equal([['Dune']]);
      first.open();
      await slow;
      expect(withheld()).to.deep.equal([]);
    });

    describe('and a shutdown', () => {
      it('tells that the end was refused, with the result', async () => {
        book.failures.set('end', new CacheStoppedError('The cache was stopped.'));
        const error = (await rejection(staged.serve(Books).save('Dune'))) as CacheStoppedError;
        expect(error).to.be.instanceOf(CacheStoppedError);
        expect(error.result).to.equal('Dune');
      });

      it('is waited for, from the intent to its end', async () => {
        const calls = new CallsUnderWay(1_000);
        const interceptor = new CacheInterceptor(staged.caching.container, { calls });
        staged.caching.container.rebind(CacheInterceptor).toConstantValue(interceptor);
        const [set, ended] = [gate(), gate()];
        book.waits.set('intend', set.promise).set('end', ended.promise);
        const saved = staged.serve(Books).save('Dune');
        let isClosed = false;
        const closed = calls.close().then(() => (isClosed = true));
        set.open();
        await turn();
        expect([log.at(-1), isClosed]).to.deep.equal(['book.end ["Dune"]', false]);
        ended.open();
        await Promise.all([saved, closed]);
      });

      it('runs the method alone once it is over, and says so', async () => {
        const calls = new CallsUnderWay(1_000);
        const interceptor = new CacheInterceptor(staged.caching.container, { calls });
        staged.caching.container.rebind(CacheInterceptor).toConstantValue(interceptor);
        await calls.close();
        const error = (await rejection(staged.serve(Books).save('Dune'))) as CacheStoppedError;
        expect(error).to.be.instanceOf(CacheStoppedError);
        expect([error.result, log]).to.deep.equal(['Dune', ['body']]);
      });

      it('does not keep the method from running while Redis is away', async () => {
        const timers = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
        try {
          const calls = new CallsUnderWay(60_000);
          const away = async (): Promise<never> => {
            throw new RemoteCacheError('CACHE_REMOTE_UNAVAILABLE', 'Redis is away.');
          };
          const remote = { acceptsSteps: true, evict: away, renewIntent: away } as unknown as RemoteTier;
          const cache = makeTwoTierCache({ remote, calls });
          staged.caches.add(cache);
          const other = gate();
          const busy = calls.run(
            () => other.promise,
            () => boom,
          );
          const closed = calls.close();
          const failed = rejection(staged.serve(Books).save('Dune'));
          await timers.tickAsync(3_000); // The deadline of each half.
          const error = (await failed) as CacheStoppedError;
          expect(error).to.be.instanceOf(CacheStoppedError);
          expect([error.result, log, cache.statistics().withheldKeys]).to.deep.equal(['Dune', ['body'], 0]);
          other.open();
          await Promise.all([busy, closed]);
          await cache.stop();
        } finally {
          timers.restore();
        }
      });
    });
  });
});
