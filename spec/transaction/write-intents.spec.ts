import { expect } from 'chai';
import { Container } from 'inversify';
import sinon from 'sinon';
import { CallsUnderWay, type Eviction, hasTags, type RemoteTier, type TwoTierCache, type WriteIntent } from '../../lib/cache/index.js';
import {
  type Cache,
  CacheConfigurationError,
  CacheEvict,
  CacheEvictError,
  CachePut,
  CacheStoppedError,
  enableCaching,
  RemoteCacheError,
  runInTransaction,
  TransactionAwareCache,
  TransactionSynchronization,
} from '../../lib/index.js';
import { AsyncLocalTransactionSynchronization } from '../../lib/transaction/index.js';
import { rejectionOf } from '../contract/rejection.js';
import { HandMadeTransactions } from '../support/hand-made-transactions.js';
import { IntentCache } from '../support/intent-cache.js';
import { gate, turn } from '../support/promises.js';
import { makeTwoTierCache } from '../support/two-tier-cache.js';

const boom = new Error('boom');

describe('write intents in transactions', () => {
  const transactions = new AsyncLocalTransactionSynchronization();
  let log: string[];
  let target: IntentCache;
  let cache: TransactionAwareCache;
  let handler: Record<'handleCachePutError' | 'handleCacheEvictError' | 'handleCacheClearError', sinon.SinonStub>;

  const rethrow = (error: unknown): never => {
    throw error;
  };
  const aware = (of: Cache, by: TransactionSynchronization = transactions): TransactionAwareCache =>
    new TransactionAwareCache(of, by, () => handler);

  beforeEach(() => {
    log = [];
    target = new IntentCache('book', log);
    handler = {
      handleCachePutError: sinon.stub().callsFake(rethrow),
      handleCacheEvictError: sinon.stub().callsFake(rethrow),
      handleCacheClearError: sinon.stub().callsFake(rethrow),
    };
    cache = aware(target);
  });

  describe('of evictAround', () => {
    it('are set at once, and end after the commit with their options', async () => {
      target.entries.set('Dune', { value: 'old', ttl: undefined });
      const result = await runInTransaction(async () => {
        const saved = await cache.evictAround(
          ['Dune', 'Emma'],
          () => {
            log.push('work');
            return 'saved';
          },
          { acks: 'all' },
        );
        expect(log).to.deep.equal(['book.intend ["Dune","Emma"]', 'work']);
        return saved;
      });
      expect(result).to.equal('saved');
      expect(log).to.deep.equal(['book.intend ["Dune","Emma"]', 'work', 'book.end ["Dune","Emma"] all']);
    });

    it('hide their keys from the reads of the transaction, from the first moment', async () => {
      target.entries.set('Dune', { value: 'old', ttl: undefined }).set('Emma', { value: 'other', ttl: undefined });
      await runInTransaction(async () => {
        await cache.evictAround(['Dune'], async () => {
          expect([await cache.get('Dune'), await cache.get('Emma')]).to.deep.equal([undefined, { value: 'other' }]);
        });
        expect(await cache.get('Dune')).to.equal(undefined);
        const all = await cache.intend('all');
        expect(await cache.get('Emma')).to.equal(undefined);
        await all.end();
      });
      expect(target.withheld).to.deep.equal([]);
    });

    it('end after a rollback as well, and the error of the work is the one that is heard', async () => {
      target.failures.set('end', new CacheEvictError('book', 'not acknowledged'));
      const error = await rejectionOf(
        runInTransaction(async () => {
          await cache.evictAround(['Dune'], () => 'saved');
          throw boom;
        }),
      );
      expect(error).to.equal(boom);
      expect(log).to.deep.equal(['book.intend ["Dune"]', 'book.end ["Dune"] report']);
      expect(target.withheld).to.deep.equal([]);
    });

    it('last until the commit if the work fails and the transaction goes on', async () => {
      await runInTransaction(async () => {
        expect(await rejectionOf(cache.evictAround(['Dune'], () => Promise.reject(boom)))).to.equal(boom);
        expect(target.withheld).to.deep.equal([['Dune']]);
      });
      expect(log).to.deep.equal(['book.intend ["Dune"]', 'book.end ["Dune"] report']);
    });

    it('end with the transaction if nobody ends them before, and work that outlives it evicts once more', async () => {
      for (const isCommitted of [true, false]) {
        log.length = 0;
        let intent!: WriteIntent;
        const transaction = runInTransaction(async () => {
          intent = await cache.intend(['Dune']);
          if (!isCommitted) throw boom;
        });
        await transaction.catch(() => undefined);
        expect([target.withheld, log.length]).to.deep.equal([[], 2]);
        await intent.end();
        expect(log.length).to.equal(3);
        expect(log[2]).to.match(/evict.*Dune/);
      }
    });

    it('of an outer transaction last until its commit, even if they are ended inside another one', async () => {
      await runInTransaction(async () => {
        const intent = await cache.intend(['Dune']);
        await runInTransaction(() => intent.end(), { propagation: 'requiresNew' });
        expect(target.withheld).to.deep.equal([['Dune']]);
      });
      expect(target.withheld).to.deep.equal([]);
    });

    it('end at once outside of any transaction', async () => {
      await cache.evictAround(['Emma'], () => runInTransaction(() => log.push('committed')));
      expect(log.slice(-3)).to.deep.equal(['book.intend ["Emma"]', 'committed', 'book.end ["Emma"]']);
    });

    it('are told of after the commit, with its result, where their end is not acknowledged', async () => {
      const unacknowledged = new CacheEvictError('book', 'not acknowledged');
      target.failures.set('end', unacknowledged);
      const error = (await rejectionOf(runInTransaction(() => cache.evictAround(['Dune'], () => 'saved')))) as CacheEvictError;
      expect([error.code, error.cause, error.result]).to.deep.equal([unacknowledged.code, unacknowledged, 'saved']);
      expect(handler.handleCacheEvictError.args).to.deep.equal([[unacknowledged, cache, 'Dune']]);
    });
  });

  describe('of a method with aroundInvocation', () => {
    class Books {
      @CacheEvict('book', { key: (name) => name, aroundInvocation: true })
      async save(_name: string, work: () => unknown): Promise<unknown> {
        return work();
      }

      @CachePut('book')
      async put(name: string): Promise<string> {
        return name;
      }

      @CacheEvict('book')
      async remove(_name: string): Promise<void> {}
    }
    let container: Container;
    let inner: Cache;
    let books: Books;

    beforeEach(async () => {
      container = new Container();
      const manager = await enableCaching(container, { namespace: 'tx-intents' });
      inner = (manager.getCache('book') as TransactionAwareCache).target;
      container.bind(Books).toSelf();
      books = container.get(Books);
    });

    afterEach(() => container.unbindAllAsync());

    /** How many keys are withheld, and whether somebody else's load of the key would be stored. */
    const withheld = async (): Promise<[number, boolean]> => {
      await runInTransaction(() => inner.getOrLoad('Dune', () => 'loaded'), { propagation: 'requiresNew' });
      return [inner.statistics().withheldKeys, (await inner.get('Dune')) !== undefined];
    };

    for (const outcome of ['commit', 'rollback'] as const) {
      it(`last from its first step to the ${outcome}`, async () => {
        await inner.put('Dune', 'old');
        const work = runInTransaction(async () => {
          await books.save('Dune', async () => expect(await withheld()).to.deep.equal([1, false]));
          expect(await withheld()).to.deep.equal([1, false]);
          if (outcome === 'rollback') throw boom;
        });
        if (outcome === 'rollback') expect(await rejectionOf(work)).to.equal(boom);
        else await work;
        expect(inner.statistics()).to.include({ withheldKeys: 0, evictions: 1 });
        expect(await withheld()).to.deep.equal([0, true]);
      });
    }

    it('and those of prepare let puts be stored after the commit, and nothing before', async () => {
      const service = container.get(TransactionSynchronization);
      await inner.put('Emma', 'old');
      await runInTransaction(async () => {
        await books.remove('Emma');
        await books.put('Dune');
        await service.prepare();
        expect(await withheld()).to.deep.equal([2, false]);
        expect(await inner.get('Emma')).to.equal(undefined);
        await inner.put('Dune', 'of somebody else, who has not seen the commit');
        expect(await inner.get('Dune')).to.equal(undefined);
      });
      expect(await inner.getAll(['Dune', 'Emma'])).to.deep.equal([{ value: 'Dune' }, undefined]);
      expect(inner.statistics()).to.include({ withheldKeys: 0, evictions: 2 }); // Of each key, by the end of the intent.
    });
  });

  describe('and a shutdown', () => {
    it('are refused before the work once it is over, while the transaction can be rolled back', async () => {
      const calls = new CallsUnderWay(1_000);
      const stopping = new TransactionAwareCache(target, transactions, () => handler, calls);
      await calls.close();
      const work = sinon.fake();
      const error = await rejectionOf(runInTransaction(() => stopping.evictAround(['Dune'], work)));
      expect(error).to.be.instanceOf(CacheStoppedError);
      expect([work.callCount, log]).to.deep.equal([0, []]);
    });

    for (const outcome of ['commit', 'rollback'] as const) {
      it(`are waited for, to their end after the ${outcome}`, async () => {
        const calls = new CallsUnderWay(60_000);
        const stopping = new TransactionAwareCache(target, transactions, () => handler, calls);
        const [decided, ended] = [gate(), gate()];
        target.waits.set('end', ended.promise);
        const work = runInTransaction(async () => {
          await stopping.evict('Dune');
          await transactions.prepare();
          await decided.promise;
          if (outcome === 'rollback') throw boom;
        }).catch((error: unknown) => expect(error).to.equal(boom));
        await turn();
        let isClosed = false;
        const closed = calls.close().then(() => (isClosed = true));
        decided.open();
        await turn();
        expect([log.length, isClosed]).to.deep.equal([2, false]);
        ended.open();
        await Promise.all([work, closed]);
      });
    }
  });

  describe('of prepare', () => {
    it('are set for all that waits, in one step, and replace the evictions after the commit', async () => {
      await runInTransaction(async () => {
        await cache.evict('Dune');
        await cache.evictAll(['Emma', 'Dune']);
        await cache.putAll([['Ulysses', 1]]);
        await cache.evictIfPresent('Dracula');
        log.length = 0;
        await transactions.prepare();
        expect(log).to.deep.equal(['book.intend ["Dune","Emma","Ulysses","Dracula"]']);
        log.length = 0;
      });
      // What was evicted behind the put keeps its place.
      expect(log).to.deep.equal(['book.end ["Dune","Emma","Ulysses","Dracula"]', 'book.put "Ulysses"', 'book.evict "Dracula"']);
      expect(target.peekValue('Ulysses')).to.equal(1);
      expect(target.withheld).to.deep.equal([]);
    });

    it('are of the whole cache for a clear', async () => {
      await runInTransaction(async () => {
        await cache.evict('Dune');
        await cache.clear();
        await cache.put('Emma', 1);
        await transactions.prepare();
        expect(target.withheld).to.deep.equal(['all']);
      });
      expect(log).to.deep.equal(['book.intend "all"', 'book.end "all"', 'book.put "Emma"']);
    });

    it('cover at the next call what came since, and at any call what is new', async () => {
      await runInTransaction(async () => {
        await transactions.prepare();
        await cache.evict('Dune');
        await transactions.prepare();
        await transactions.prepare();
        expect(log).to.deep.equal(['book.intend ["Dune"]']);
        await cache.evict('Emma');
        await transactions.prepare();
        expect(log).to.deep.equal(['book.intend ["Dune"]', 'book.intend ["Emma"]']);
        log.length = 0;
      });
      expect(log).to.have.members(['book.end ["Dune"]', 'book.end ["Emma"]']).and.have.lengthOf(2);
    });

    it('leave to the eviction what came after the last call', async () => {
      await runInTransaction(async () => {
        await cache.evict('Dune');
        await transactions.prepare();
        await cache.evict('Emma');
        await cache.clear();
      });
      expect(log).to.deep.equal(['book.intend ["Dune"]', 'book.end ["Dune"]', 'book.evictAll ["Dune","Emma"]', 'book.clear "all"']);
    });

    it('are none outside of a transaction', async () => {
      await cache.evict('Dune');
      log.length = 0;
      await transactions.prepare();
      await runInTransaction(() => cache.get('Dune'));
      expect(log).to.deep.equal([]);
    });

    it('are none for a transaction that has written nothing, nor for one that is suspended', async () => {
      await runInTransaction(async () => {
        await cache.evict('Dune');
        await runInTransaction(() => transactions.prepare(), { propagation: 'requiresNew' });
        expect(log).to.deep.equal([]);
      });
      expect(log).to.deep.equal(['book.evict "Dune"']);
    });

    it('do not change the order of a put and an eviction', async () => {
      await runInTransaction(async () => {
        await cache.put('Dune', 'put, then evicted');
        await cache.evict('Dune');
        await cache.evict('Emma');
        await cache.put('Emma', 'evicted, then put');
        await transactions.prepare();
      });
      expect([target.peekValue('Dune'), target.peekValue('Emma')]).to.deep.equal([undefined, 'evicted, then put']);
      expect(target.withheld).to.deep.equal([]);
    });

    it('end after a rollback, which does nothing else', async () => {
      const error = await rejectionOf(
        runInTransaction(async () => {
          await cache.evict('Dune');
          await cache.put('Emma', 1);
          await transactions.prepare();
          await cache.clear();
          throw boom;
        }),
      );
      expect(error).to.equal(boom);
      expect(log).to.deep.equal(['book.intend ["Dune","Emma"]', 'book.end ["Dune","Emma"] report']);
    });

    for (const outcome of ['committed', 'rolledBack'] as const) {
      it(`end even if the transaction is ${outcome} before they are set`, async () => {
        const set = gate();
        target.waits.set('intend', set.promise);
        let prepared!: Promise<void>;
        const work = runInTransaction(async () => {
          await cache.evict('Dune');
          prepared = transactions.prepare();
          if (outcome === 'rolledBack') throw boom;
        }).catch((error: unknown) => error);
        await turn();
        expect([log, target.withheld]).to.deep.equal([['book.intend ["Dune"]'], []]);
        set.open();
        await prepared;
        expect(await work).to.equal(outcome === 'rolledBack' ? boom : undefined);
        expect(log.slice(1)).to.deep.equal([`book.end ["Dune"]${outcome === 'rolledBack' ? ' report' : ''}`]);
        expect(target.withheld).to.deep.equal([]);
      });
    }

    it('cover the writes of parts, also of one that failed', async () => {
      await runInTransaction(async () => {
        await rejectionOf(
          runInTransaction(async () => {
            await cache.evict('Dune');
            await cache.put('Emma', 'maybe rolled back');
            throw boom;
          }),
        );
        await transactions.prepare();
        expect(target.withheld).to.deep.equal([['Dune', 'Emma']]);
      });
      expect(log.slice(1)).to.deep.equal(['book.end ["Dune","Emma"]', 'book.evict "Emma"']);
      expect(target.withheld).to.deep.equal([]);
    });

    it('end after the commit although the part that asked for them failed', async () => {
      await runInTransaction(async () => {
        await rejectionOf(
          runInTransaction(async () => {
            await cache.evict('Dune');
            await transactions.prepare();
            throw boom;
          }),
        );
        expect(target.withheld).to.deep.equal([['Dune']]);
      });
      expect(log).to.deep.equal(['book.intend ["Dune"]', 'book.end ["Dune"]']);
    });

    it('are set side by side in several caches', async () => {
      const other = new IntentCache('title', log);
      const [one, two] = [cache, aware(other)];
      const set = gate();
      target.waits.set('intend', set.promise);
      await runInTransaction(async () => {
        await one.evict('Dune');
        await two.evict('Dune');
        const prepared = transactions.prepare();
        await turn();
        expect(other.withheld).to.deep.equal([['Dune']]);
        set.open();
        await prepared;
      });
      expect([...target.withheld, ...other.withheld]).to.deep.equal([]);
    });

    it('are set for the caches of every instance that follows the transaction', async () => {
      const other = new IntentCache('title', log);
      const two = aware(other, new AsyncLocalTransactionSynchronization());
      await runInTransaction(async () => {
        await cache.evict('Dune');
        await two.evict('Emma');
        await transactions.prepare();
        expect([target.withheld, other.withheld]).to.deep.equal([[['Dune']], [['Emma']]]);
        await new AsyncLocalTransactionSynchronization().prepare();
      });
      expect(log).to.have.members(['book.intend ["Dune"]', 'title.intend ["Emma"]', 'book.end ["Dune"]', 'title.end ["Emma"]']);
    });

    it('are waited for by a second call too', async () => {
      const set = gate();
      target.waits.set('intend', set.promise);
      await runInTransaction(async () => {
        await cache.evict('Dune');
        const first = transactions.prepare();
        let isPrepared = false;
        const second = transactions.prepare().then(() => (isPrepared = true));
        await turn();
        expect(isPrepared).to.equal(false);
        set.open();
        await Promise.all([first, second]);
        expect(target.withheld).to.deep.equal([['Dune']]);
      });
    });

    describe('end in the way that was asked for', () => {
      const ends = async (work: () => Promise<unknown>): Promise<string[]> => {
        await runInTransaction(async () => {
          await work();
          await transactions.prepare();
        });
        return log.filter((line) => line.includes('.end '));
      };

      it("with acks: 'all' if one eviction asked for it", async () => {
        const work = async (): Promise<void> => {
          await cache.evict('Dune', { unacknowledged: 'report' });
          await cache.evict('Emma', { acks: 'all' });
        };
        expect(await ends(work)).to.deep.equal(['book.end ["Dune","Emma"] all']);
      });

      it('by a report if all asked for that, puts included', async () => {
        const work = async (): Promise<void> => {
          await cache.evict('Dune', { unacknowledged: 'report' });
          await cache.put('Emma', 1, { unacknowledged: 'report' });
        };
        expect(await ends(work)).to.deep.equal(['book.end ["Dune","Emma"] report']);
      });

      it('by a report for a put alone', async () => {
        expect(await ends(() => cache.put('Emma', 1, { unacknowledged: 'report' }))).to.deep.equal(['book.end ["Emma"] report']);
      });

      it('by an error if one asked for that', async () => {
        const work = async (): Promise<void> => {
          await cache.evict('Dune', { unacknowledged: 'report' });
          await cache.clear({ unacknowledged: 'throw' });
        };
        expect(await ends(work)).to.deep.equal(['book.end "all" throw']);
      });

      it('each call for itself', async () => {
        const work = async (): Promise<void> => {
          await cache.evict('Dune', { unacknowledged: 'throw' });
          await transactions.prepare();
          await cache.clear({ unacknowledged: 'report' });
        };
        expect(await ends(work)).to.have.members(['book.end ["Dune"] throw', 'book.end "all" report']);
      });

      it('as the cache does if one left it to the cache', async () => {
        const work = async (): Promise<void> => {
          await cache.evict('Dune', { unacknowledged: 'report' });
          await cache.evict('Emma');
        };
        expect(await ends(work)).to.deep.equal(['book.end ["Dune","Emma"]']);
      });
    });

    it('all end, even if the end of one fails: the caller hears of it, with the result of the transaction', async () => {
      const unacknowledged = new CacheEvictError('book', 'not acknowledged');
      target.failures.set('end', unacknowledged);
      const error = (await rejectionOf(
        runInTransaction(async () => {
          await cache.evict('Dune');
          await transactions.prepare();
          await cache.clear();
          await transactions.prepare();
          return 'the result';
        }),
      )) as CacheEvictError;
      expect([error.cause, error.result]).to.deep.equal([unacknowledged, 'the result']);
      expect(target.withheld).to.deep.equal([]);
      expect(handler.handleCacheEvictError.args).to.deep.equal([[unacknowledged, cache, 'Dune']]);
      expect(handler.handleCacheClearError.args).to.deep.equal([[unacknowledged, cache]]);
    });

    it('do not fail a rollback if they cannot be ended', async () => {
      target.failures.set('end', boom);
      const warned = sinon.stub(process, 'emitWarning');
      try {
        const failing = new Error('of the work');
        const error = await rejectionOf(
          runInTransaction(async () => {
            await cache.evict('Dune');
            await transactions.prepare();
            await cache.evict('Emma');
            await transactions.prepare();
            throw failing;
          }),
        );
        expect(error).to.equal(failing);
        expect(target.withheld).to.deep.equal([]);
        expect(warned.callCount).to.equal(0);
      } finally {
        warned.restore();
      }
    });

    for (const failure of [boom, new CacheStoppedError('stopped')]) {
      it(`are missed aloud where a cache rejects them (${failure.name}): the others hold, and a commit evicts all the same`, async () => {
        const other = new IntentCache('title', log);
        const two = aware(other);
        target.failures.set('intend', failure);
        await runInTransaction(async () => {
          await cache.evict('Dune');
          await cache.clear();
          await two.evict('Emma');
          expect(await rejectionOf(transactions.prepare())).to.equal(failure);
          expect(other.withheld).to.deep.equal([['Emma']]);
          target.failures.clear();
          await cache.evict('Dracula');
          await transactions.prepare();
          log.length = 0;
        });
        expect(log).to.have.members(['book.clear "all"', 'book.end ["Dracula"]', 'title.end ["Emma"]']).and.have.lengthOf(3);
        expect([...target.withheld, ...other.withheld]).to.deep.equal([]);
      });
    }

    it('leave no other intent behind if one was rejected and the transaction is rolled back', async () => {
      const error = await rejectionOf(
        runInTransaction(async () => {
          await cache.evict('Dune');
          target.failures.set('intend', boom);
          await rejectionOf(transactions.prepare());
          target.failures.clear();
          await cache.evict('Emma');
          await transactions.prepare();
          throw boom;
        }),
      );
      expect(error).to.equal(boom);
      expect(target.withheld).to.deep.equal([]);
      expect(log.at(-1)).to.equal('book.end ["Emma"] report');
    });

    it('come for free with a transaction manager of one’s own', async () => {
      const own = new HandMadeTransactions();
      const mine = aware(target, own);
      for (const outcome of ['committed', 'rolledBack'] as const) {
        own.begin();
        await mine.evict('Dune');
        await own.prepare();
        expect(target.withheld).to.deep.equal([['Dune']]);
        await own.end(outcome);
        await own.prepare();
      }
      expect(log).to.deep.equal(['book.intend ["Dune"]', 'book.end ["Dune"]', 'book.intend ["Dune"]', 'book.end ["Dune"] report']);
    });

    it('are evictions at the end alone for a cache that has none', async () => {
      target.intend = (keys) => Promise.resolve({ end: (options) => target.evictAll(keys as string[], options) });
      await runInTransaction(async () => {
        await cache.evict('Dune');
        await transactions.prepare();
        expect(log).to.deep.equal([]);
      });
      expect(log).to.deep.equal(['book.evictAll ["Dune"]']);
    });
  });

  describe('of prepare in a cache with two tiers', () => {
    let timers: sinon.SinonFakeTimers;
    let steps: string[];
    let isAway: boolean;
    let caches: TwoTierCache[];

    const remote = (): RemoteTier =>
      ({
        acceptsSteps: true,
        encode: JSON.stringify,
        put: async () => ({ refusal: undefined, withheld: 0 }),
        evict: async (eviction: Eviction, _acks: boolean, intent?: { readonly until: number | 'end' }) => {
          if (isAway) throw new RemoteCacheError('CACHE_REMOTE_UNAVAILABLE', 'Redis is away.');
          const step = intent === undefined ? 'evict' : intent.until === 'end' ? 'end' : 'set';
          steps.push(`${step} ${eviction === 'all' ? 'all' : hasTags(eviction) ? eviction.tags.join() : eviction.keys.join()}`);
          return { removed: 0, acknowledged: undefined };
        },
        renewIntent: async () => {
          if (isAway) throw new RemoteCacheError('CACHE_REMOTE_UNAVAILABLE', 'Redis is away.');
          return true;
        },
      }) as unknown as RemoteTier;

    const twoTier = (tiers: 'both' | 'local'): [TwoTierCache, TransactionAwareCache] => {
      const inner = makeTwoTierCache({ remote: remote(), settings: { tiers } });
      caches.push(inner);
      return [inner, aware(inner)];
    };

    beforeEach(() => {
      timers = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
      [steps, isAway, caches] = [[], false, []];
    });

    afterEach(async () => {
      isAway = false;
      await Promise.all(caches.map((each) => each.stop()));
      timers.restore();
    });

    it('take one eviction before the commit, and one after it', async () => {
      const [inner, both] = twoTier('both');
      await runInTransaction(async () => {
        await both.evict('Dune');
        await transactions.prepare();
        expect(steps).to.deep.equal(['set Dune']);
        expect(inner.statistics().withheldKeys).to.equal(1);
      });
      expect(steps).to.deep.equal(['set Dune', 'end Dune']);
      expect(inner.statistics()).to.include({ withheldKeys: 0, evictions: 1 });
    });

    it('leave out a cache with one tier, whose evictions are done after the commit', async () => {
      const [inner, local] = twoTier('local');
      await runInTransaction(async () => {
        await local.evict('Dune');
        await local.clear();
        await transactions.prepare();
        expect(inner.statistics()).to.include({ withheldKeys: 0, evictions: 0, clears: 0 });
      });
      expect(inner.statistics().clears).to.equal(1);
      await runInTransaction(async () => {
        await local.evict('Dune');
        await transactions.prepare();
      });
      expect(inner.statistics().evictions).to.equal(1);
    });

    it('leave a cache with one tier as it was after a rollback', async () => {
      const [inner, local] = twoTier('local');
      await rejectionOf(
        runInTransaction(async () => {
          await local.evict('Dune');
          await transactions.prepare();
          throw boom;
        }),
      );
      expect(inner.statistics()).to.include({ withheldKeys: 0, evictions: 0, clears: 0 });
    });

    it('refuse a cache with one tier where it is asked by hand, before the work', async () => {
      const [, local] = twoTier('local');
      const work = sinon.fake();
      const error = (await rejectionOf(runInTransaction(() => local.evictAround(['Dune'], work)))) as CacheConfigurationError;
      expect([error.code, error.message, work.callCount]).to.deep.equal([
        'CACHE_OPERATION_INVALID',
        "Cache 'book' has `tiers: 'local'`, so it cannot withhold what is being written. A local tier alone asks nobody before it stores. Use `tiers: 'both'`, or evict after the method.",
        0,
      ]);
    });

    it('do not fail because Redis is away: the transaction goes on, and evicts when it is over', async () => {
      const [inner, both] = twoTier('both');
      isAway = true;
      let wasPrepared = false;
      const work = runInTransaction(async () => {
        await both.evict('Dune');
        await transactions.prepare();
        wasPrepared = true;
        expect(inner.statistics()).to.include({ pendingEvictions: 1, withheldKeys: 1 });
        isAway = false;
        return 'the result';
      });
      await timers.tickAsync(1_100); // The deadline.
      expect(wasPrepared).to.equal(true);
      expect(await work).to.equal('the result');
      expect(steps.filter((step) => step === 'end Dune')).to.have.lengthOf(1);
      await timers.tickAsync(1_000);
      expect(inner.statistics()).to.include({ pendingEvictions: 0, withheldKeys: 0 });
    });

    it('are heard of after the commit if Redis stays away', async () => {
      const [inner, both] = twoTier('both');
      isAway = true;
      const work = rejectionOf(
        runInTransaction(async () => {
          await both.evict('Dune');
          await transactions.prepare();
          return 'the result';
        }),
      );
      await timers.tickAsync(2_200); // The deadline before the commit, and the one after it.
      const error = (await work) as CacheEvictError;
      expect(error).to.be.instanceOf(CacheEvictError);
      expect(error.result).to.equal('the result');
      expect(inner.statistics()).to.include({ pendingEvictions: 1, withheldKeys: 0 });
    });
  });
});
