import { expect } from 'chai';
import sinon from 'sinon';
import type { TwoTierCache } from '../../lib/cache/index.js';
import { runInTransaction, TransactionAwareCache } from '../../lib/index.js';
import { AsyncLocalTransactionSynchronization } from '../../lib/transaction/index.js';
import { neverAll, noted, slowly, valuesBy } from '../contract/collections-stage.js';
import { Fleet } from '../contract/fleet.js';
import { cacheErrorOf, rejectionOf } from '../contract/rejection.js';

const KEYS = ['a', 'b', 'c'];

let fleets = 0;

describe(`${TransactionAwareCache.name}, for many keys`, () => {
  let fleet: Fleet;
  let target: TwoTierCache;
  let cache: TransactionAwareCache;

  beforeEach(async () => {
    fleet = new Fleet({ namespace: `many-in-transactions-${(fleets += 1)}` });
    ({ cache: target } = await fleet.join());
    cache = new TransactionAwareCache(target, new AsyncLocalTransactionSynchronization(), () => {
      throw new Error('Nothing fails.');
    });
    await target.put('a', 'committed');
  });

  afterEach(() => fleet.stop());

  it('hands everything on outside of a transaction', async () => {
    const getAllOrLoad = sinon.spy(target, 'getAllOrLoad');
    const options = { maximumBatch: 1 };
    const { calls, load } = noted();
    expect([...(await cache.getAllOrLoad(KEYS, load, options)).values()]).to.deep.equal(['committed', 'of b', 'of c']);
    expect([calls, getAllOrLoad.args]).to.deep.equal([[['b'], ['c']], [[KEYS, load, options]]]); // prettier-ignore
  });

  it('loads inside of one what the cache does not have, in one call, and stores nothing', async () => {
    const { calls, load } = noted();
    const inside = await runInTransaction(() => cache.getAllOrLoad([...KEYS, 'b'], load, { absent: 'null' }));
    expect([...inside]).to.deep.equal([['a', 'committed'], ['b', 'of b'], ['c', 'of c']]); // prettier-ignore
    expect(calls).to.deep.equal([['b', 'c']]);
    expect(await target.getAll(KEYS)).to.deep.equal([{ value: 'committed' }, undefined, undefined]);
    expect(target.statistics().loads).to.equal(0);
  });

  const touches: Readonly<Record<string, readonly [write: () => Promise<unknown>, missing: readonly string[]]>> = {
    'has put': [() => cache.put('a', 'own'), ['a']],
    'has evicted': [() => cache.evictAll(['b', 'a']), ['a']],
    'has cleared': [() => cache.clear(), ['a', 'd']],
  };
  for (const [what, [write, missing]] of Object.entries(touches)) {
    it(`loads with the others what its transaction ${what}, and stores nothing of it`, async () => {
      await target.put('d', 'committed d');
      const { calls, load } = noted();
      await rejectionOf(
        runInTransaction(async () => {
          await write();
          const answer = await cache.getAllOrLoad(['a', 'c', 'd'], load);
          expect([...answer.keys()]).to.deep.equal(['a', 'c', 'd']);
          expect(answer.get('a')).to.equal('of a');
          throw new Error('rolled back');
        }),
      );
      expect(calls).to.deep.equal([['a', 'c', 'd'].filter((key) => key === 'c' || missing.includes(key))]);
      expect(await target.getAll(['a', 'c', 'd'])).to.deep.equal([{ value: 'committed' }, undefined, { value: 'committed d' }]);
    });
  }

  it('neither joins a load from inside of a transaction, nor is joined there', async () => {
    const outside = await slowly(cache, ['b', 'c']);
    const { calls, load } = noted();
    expect(await runInTransaction(() => cache.getAllOrLoad(['b', 'c'], load))).to.deep.equal(valuesBy('of', ['b', 'c']));
    expect(calls).to.deep.equal([['b', 'c']]);
    const inside = runInTransaction(async () => {
      const own = await slowly(cache, ['x']);
      expect(await target.getOrLoad('x', () => 'outside')).to.equal('outside');
      own.succeed();
      return own.result;
    });
    expect(await inside).to.deep.equal(valuesBy('slow', ['x']));
    outside.succeed();
    expect(await outside.result).to.deep.equal(valuesBy('slow', ['b', 'c']));
  });

  it('answers what is absent as `absent` says, in parts of `maximumBatch`', async () => {
    const { calls, load } = noted((keys) => keys.map((key) => (key === 'b' ? undefined : key)));
    const answer = await runInTransaction(() => cache.getAllOrLoad(['b', 'c', 'd'], load, { absent: 'null', maximumBatch: 2 }));
    expect([...answer]).to.deep.equal([['b', null], ['c', 'c'], ['d', 'd']]); // prettier-ignore
    expect(calls).to.deep.equal([['b', 'c'], ['d']]); // prettier-ignore
    expect(await target.getAll(['b', 'c', 'd'])).to.deep.equal([undefined, undefined, undefined]);
  });

  it('rejects with what the loader threw, and with mistakes of the caller', async () => {
    const thrown = new Error('The database is away.');
    expect(await rejectionOf(runInTransaction(() => cache.getAllOrLoad(KEYS, () => Promise.reject(thrown))))).to.equal(thrown);
    const mistaken = runInTransaction(() => cache.getAllOrLoad(['a'], neverAll, { maximumBatch: 0 }));
    expect((await cacheErrorOf(mistaken)).code).to.equal('CACHE_OPTION_INVALID');
  });
});
