import { expect } from 'chai';
import sinon from 'sinon';
import type { CacheKey, EvictOptions } from '../../lib/cache/index.js';
import { CacheEvictError, CacheKeyError, CacheTransactionError, runInTransaction, TransactionAwareCache } from '../../lib/index.js';
import { AsyncLocalTransactionSynchronization } from '../../lib/transaction/index.js';
import { rejectionOf } from '../contract/rejection.js';
import { MapCache } from '../support/map-cache.js';

const boom = new Error('boom');

/** A cache of Maps that notes what is asked of it, and fails where it is told to. */
class NotedCache extends MapCache {
  readonly log: string[] = [];
  readonly failures = new Map<string, unknown>();

  override async get<V>(key: CacheKey): Promise<{ value: V } | undefined> {
    this.#note('get', key);
    return super.get<V>(key);
  }

  override async getAll<V>(keys: readonly CacheKey[]): Promise<({ value: V } | undefined)[]> {
    this.#note('getAll', keys);
    return super.getAll<V>(keys);
  }

  override async put(...args: Parameters<MapCache['put']>): Promise<void> {
    this.#note('put', args[0], args[1]);
    return super.put(...args);
  }

  override async evict(key: CacheKey, options?: EvictOptions): Promise<void> {
    this.#note('evict', key, ...(options?.acks === 'all' ? ['all'] : []));
    return super.evict(key);
  }

  override async evictAll(keys: readonly CacheKey[], options?: EvictOptions): Promise<void> {
    this.#note('evictAll', keys, ...(options?.acks === 'all' ? ['all'] : []));
    for (const key of keys) await super.evict(key);
  }

  override async clear(options?: EvictOptions): Promise<void> {
    this.#note('clear', ...(options?.acks === 'all' ? ['all'] : []));
    return super.clear();
  }

  #note(verb: string, ...what: unknown[]): void {
    this.log.push([verb, ...what.map((one) => JSON.stringify(one))].join(' '));
    if (this.failures.has(verb)) throw this.failures.get(verb);
  }
}

describe(TransactionAwareCache.name, () => {
  const transactions = new AsyncLocalTransactionSynchronization();
  let target: NotedCache;
  let cache: TransactionAwareCache;
  let handler: Record<'handleCachePutError' | 'handleCacheEvictError' | 'handleCacheClearError', sinon.SinonStub>;
  let loader: sinon.SinonStub;

  beforeEach(() => {
    target = new NotedCache('book');
    handler = { handleCachePutError: sinon.stub(), handleCacheEvictError: sinon.stub(), handleCacheClearError: sinon.stub() };
    cache = new TransactionAwareCache(target, transactions, () => handler);
    loader = sinon.stub().resolves('loaded');
    target.entries.set('Dune', { value: 'committed', ttl: undefined });
  });

  it('has the name of its target, which can be reached', () => {
    expect([cache.name, cache.target]).to.deep.equal(['book', target]);
    expect(cache.statistics()).to.deep.equal(target.statistics());
  });

  describe('outside of a transaction', () => {
    it('hands everything on', async () => {
      const kept = Promise.resolve('kept');
      sinon.stub(target, 'hitNow').returns(kept);
      expect(cache.hitNow('Dune')).to.equal(kept);
      expect(await cache.get('Dune')).to.deep.equal({ value: 'committed' });
      expect(await cache.getAll(['Dune', 'Emma'])).to.deep.equal([{ value: 'committed' }, undefined]);
      expect(await cache.putIfAbsent('Dune', 'other')).to.deep.equal({ value: 'committed' });
      expect(await cache.getOrLoad('Emma', loader, { ttl: '1m' })).to.equal('loaded');
      expect([target.peekValue('Emma'), target.ttlOf('Emma')]).to.deep.equal(['loaded', '1m']);
      await cache.put('Emma', 'put', { ttl: '2m' });
      expect([target.peekValue('Emma'), target.ttlOf('Emma')]).to.deep.equal(['put', '2m']);
      expect([await cache.evictIfPresent('Emma'), await cache.evictIfPresent('Emma')]).to.deep.equal([true, false]);
      await cache.evict('Dune', { acks: 'all' });
      expect(target.has('Dune')).to.equal(false);
      await cache.put('Dune', 1);
      expect(await cache.invalidate()).to.equal(true);
      await cache.clear({ acks: 'all' });
      expect(target.log.slice(-2)).to.deep.equal(['clear', 'clear "all"']);
    });

    it('lets what fails reach the caller, and asks nobody else', async () => {
      target.failures.set('put', boom).set('evict', boom).set('evictAll', boom).set('clear', boom);
      for (const write of [cache.put('Dune', 1), cache.evict('Dune'), cache.clear()]) expect(await rejectionOf(write)).to.equal(boom);
      expect(Object.values(handler).map(({ callCount }) => callCount)).to.deep.equal([0, 0, 0]);
    });
  });

  for (const [verb, write, done] of [
    ['put', () => cache.put('Dune', 'new', { ttl: '5m' }), 'put "Dune" "new"'],
    ['evict', () => cache.evict('Dune', { acks: 'all' }), 'evict "Dune" "all"'],
    ['clear', () => cache.clear({ acks: 'all' }), 'clear "all"'],
  ] as const) {
    describe(verb, () => {
      it('waits for the commit', async () => {
        await runInTransaction(async () => {
          await write();
          expect(target.log).to.deep.equal([]);
          expect(target.peekValue('Dune')).to.equal('committed');
        });
        expect(target.log).to.deep.equal([done]);
        expect(target.peekValue('Dune')).to.equal(verb === 'put' ? 'new' : undefined);
        if (verb === 'put') expect(target.ttlOf('Dune')).to.equal('5m');
      });

      it('is dropped by a rollback', async () => {
        const error = await rejectionOf(
          runInTransaction(async () => {
            await write();
            throw boom;
          }),
        );
        expect([error, target.log, target.peekValue('Dune')]).to.deep.equal([boom, [], 'committed']);
      });

      it('hides the key from the reads of the transaction, and from nobody else’s', async () => {
        sinon.stub(target, 'hitNow').returns(Promise.resolve('committed'));
        await runInTransaction(async () => {
          await write();
          expect(cache.hitNow('Dune')).to.equal(undefined);
          expect(await cache.get('Dune')).to.equal(undefined);
          expect(await cache.getAll(['Dune'])).to.deep.equal([undefined]);
          expect(await cache.getOrLoad('Dune', loader)).to.equal('loaded');
          expect(target.log).to.deep.equal([]);
          await runInTransaction(async () => expect(await cache.get('Dune')).to.deep.equal({ value: 'committed' }), {
            propagation: 'requiresNew',
          });
        });
        expect(await cache.hitNow('Dune')).to.equal('committed');
      });
    });
  }

  it('keeps the order of operations on one key', async () => {
    await runInTransaction(async () => {
      await cache.put('Dune', 1);
      await cache.evict('Dune');
      await cache.put('Dune', 2);
      await cache.clear();
      await cache.put('Dune', 3);
      await cache.evict('Emma');
    });
    expect(target.log).to.deep.equal(['put "Dune" 1', 'evict "Dune"', 'put "Dune" 2', 'clear', 'put "Dune" 3', 'evict "Emma"']);
    expect(target.peekValue('Dune')).to.equal(3);
  });

  it('evicts together what may be, in one round trip', async () => {
    await runInTransaction(async () => {
      await cache.evict('a');
      await cache.evictAll(['b', 'c']);
      await cache.evictAll([]);
      await cache.evict('d', { acks: 'all' });
      await cache.evict(['e', 1], { acks: 'all' });
      await cache.put('a', 1);
      await cache.evict('a', { acks: 'all' });
    });
    expect(target.log).to.deep.equal(['evictAll ["a","b","c"]', 'evictAll ["d",["e",1]] "all"', 'put "a" 1', 'evict "a" "all"']);
  });

  it('refuses a key that is none at once, and not after the commit', async () => {
    const none = Symbol('none') as unknown as CacheKey;
    await runInTransaction(async () => {
      for (const use of [
        cache.put(none, 1),
        cache.evictAll(['Dune', none]),
        cache.get(none),
        cache.getAll([none]),
        cache.getOrLoad(none, loader),
      ]) {
        expect(await rejectionOf(use)).to.be.instanceOf(CacheKeyError);
      }
    });
    expect([target.log, loader.callCount]).to.deep.equal([[], 0]);
  });

  describe('evictIfPresent and invalidate', () => {
    it('act at once, and again after the commit: others may have read the old row back', async () => {
      await runInTransaction(async () => {
        expect(await cache.evictIfPresent('Dune')).to.equal(true);
        expect(target.has('Dune')).to.equal(false);
        target.entries.set('Dune', { value: 'read back', ttl: undefined });
        expect(await cache.get('Dune')).to.equal(undefined);
      });
      expect(target.has('Dune')).to.equal(false);
      await runInTransaction(async () => {
        target.entries.set('Emma', { value: 1, ttl: undefined });
        expect(await cache.invalidate()).to.equal(true);
        expect(target.has('Emma')).to.equal(false);
        target.entries.set('Emma', { value: 'read back', ttl: undefined });
      });
      expect(target.has('Emma')).to.equal(false);
    });

    it('are not undone by a rollback', async () => {
      await rejectionOf(
        runInTransaction(async () => {
          await cache.evictIfPresent('Dune');
          throw boom;
        }),
      );
      expect(target.has('Dune')).to.equal(false);
    });
  });

  it('putIfAbsent acts at once', async () => {
    await runInTransaction(async () => {
      expect(await cache.putIfAbsent('Emma', 1)).to.equal(undefined);
      expect(target.peekValue('Emma')).to.equal(1);
    });
  });

  describe('a read of what the transaction has not touched', () => {
    it('is served', async () => {
      sinon.stub(target, 'hitNow').returns(Promise.resolve('committed'));
      await runInTransaction(async () => {
        await cache.put('Emma', 1);
        expect(await cache.hitNow('Dune')).to.equal('committed');
        expect(await cache.get('Dune')).to.deep.equal({ value: 'committed' });
        expect(await cache.getOrLoad('Dune', loader)).to.equal('committed');
        expect(loader.callCount).to.equal(0);
      });
    });

    it('asks the target for all the keys at once, and for no other', async () => {
      await runInTransaction(async () => {
        await cache.evict('b');
        expect(await cache.getAll(['Dune', 'b', 'c', 'Dune'])).to.deep.equal([
          { value: 'committed' },
          undefined,
          undefined,
          { value: 'committed' },
        ]);
      });
      expect(target.log[0]).to.equal('getAll ["Dune","c","Dune"]');
    });

    it('stores nothing that it loads, whatever becomes of the transaction', async () => {
      await runInTransaction(async () => expect(await cache.getOrLoad('Emma', loader)).to.equal('loaded'));
      await rejectionOf(
        runInTransaction(async () => {
          await cache.getOrLoad('Emma', loader);
          throw boom;
        }),
      );
      expect([loader.callCount, target.has('Emma')]).to.deep.equal([2, false]);
    });

    it('neither joins the load of another nor lets itself be joined', async () => {
      let open!: (value: string) => void;
      const slow = new Promise<string>((resolve) => (open = resolve));
      const outside = cache.getOrLoad('Emma', () => slow);
      await runInTransaction(async () => expect(await cache.getOrLoad('Emma', loader)).to.equal('loaded'));
      let release!: (value: string) => void;
      const uncommitted = new Promise<string>((resolve) => (release = resolve));
      const inside = runInTransaction(() => cache.getOrLoad('Ulysses', () => uncommitted));
      expect(await cache.getOrLoad('Ulysses', () => 'own load')).to.equal('own load');
      open('slow');
      release('uncommitted');
      expect([await outside, await inside, target.peekValue('Ulysses')]).to.deep.equal(['slow', 'uncommitted', 'own load']);
    });

    it('is not served after all if the transaction touches it meanwhile', async () => {
      await runInTransaction(async () => {
        const reads = [cache.get('Dune'), cache.getAll(['Dune']), cache.getOrLoad('Dune', loader)];
        await cache.evict('Dune');
        expect(await Promise.all(reads)).to.deep.equal([undefined, [undefined], 'loaded']);
      });
    });

    it('tells of a cache that fails, and loads', async () => {
      target.failures.set('get', boom);
      const onError = sinon.fake();
      await runInTransaction(async () => expect(await cache.getOrLoad('Dune', loader, { onError })).to.equal('loaded'));
      expect(onError.args).to.deep.equal([['get', boom]]);
    });

    it('fails if the loader does, with the very error', async () => {
      loader.rejects(boom);
      expect(await rejectionOf(runInTransaction(() => cache.getOrLoad('Emma', loader)))).to.equal(boom);
    });
  });

  describe('an operation that fails after the commit', () => {
    const write = (): Promise<string> =>
      runInTransaction(async () => {
        await cache.put('Dune', 'new');
        await cache.evictAll(['a', 'b']);
        await cache.clear();
        return 'the result';
      });

    beforeEach(() => {
      target.failures.set('put', boom).set('evict', boom).set('evictAll', boom).set('clear', boom);
    });

    it('is the error handler’s to judge, and does not keep the others from being tried', async () => {
      expect(await write()).to.equal('the result');
      expect(target.log).to.deep.equal(['put "Dune" "new"', 'evictAll ["a","b"]', 'clear']);
      expect(handler.handleCachePutError.args).to.deep.equal([[boom, cache, 'Dune', 'new']]);
      expect(handler.handleCacheEvictError.args).to.deep.equal([
        [boom, cache, 'a'],
        [boom, cache, 'b'],
      ]);
      expect(handler.handleCacheClearError.args).to.deep.equal([[boom, cache]]);
    });

    it('reaches the caller of the transaction if the handler throws: with its result, for the commit stands', async () => {
      const unacknowledged = new CacheEvictError('book', 'not acknowledged');
      handler.handleCacheEvictError.throws(unacknowledged);
      const error = (await rejectionOf(write())) as CacheEvictError;
      expect(error).to.be.instanceOf(CacheEvictError);
      expect([error.message, error.result, error.cause]).to.deep.equal(['not acknowledged', 'the result', unacknowledged]);
      expect(handler.handleCacheClearError.callCount).to.equal(1);
      handler.handleCachePutError.throws(boom);
      const other = (await rejectionOf(write())) as CacheTransactionError;
      expect([other.code, other.result, other.cause]).to.deep.equal(['CACHE_TRANSACTION_ACTION_FAILED', 'the result', boom]);
    });
  });

  it('evicts instead of putting where a part failed and the whole was committed; evictions and clears stay', async () => {
    await runInTransaction(async () => {
      await cache.put('kept', 1);
      await rejectionOf(
        runInTransaction(async () => {
          await cache.put('Dune', 'maybe rolled back');
          await cache.evict('Emma');
          await cache.clear();
          throw boom;
        }),
      );
      expect(await cache.get('Dune')).to.equal(undefined);
    });
    expect(target.log).to.deep.equal(['put "kept" 1', 'evict "Dune"', 'evict "Emma"', 'clear']);
  });
});
