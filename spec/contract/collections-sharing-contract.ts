import { expect } from 'chai';
import { withoutCache } from '../../lib/index.js';
import { waitFor } from '../support/wait.js';
import type { CacheStage } from './cache-stage.js';
import { neverAll, noted, slowly, valuesBy } from './collections-stage.js';
import { FreshnessStage } from './freshness-stage.js';
import { rejectionOf } from './rejection.js';

const AWAY = new Error('The database is away.');

/** What reads of many keys share with each other, and with reads of one key. */
export function describeSharedBatches(stage: CacheStage): void {
  /** Until so many callers have joined a load. */
  const joined = (count: number): Promise<void> =>
    waitFor(() => stage.cache.statistics().joined === count, { what: `${count} callers who join` });

  describeFailedJoins(stage, joined);
  describeAbsentJoins(stage, joined);
  describeUncached(stage);
}

type Joined = (count: number) => Promise<void>;

function describeFailedJoins(stage: CacheStage, joined: Joined): void {
  it('fails with the error of one of its kind that it has joined', async () => {
    const first = await slowly(stage.cache, ['a', 'b']);
    const second = rejectionOf(stage.cache.getAllOrLoad(['b', 'a'], neverAll));
    const third = await slowly(stage.cache, ['b', 'c']);
    await joined(3);
    first.fail(AWAY);
    expect(await Promise.all([rejectionOf(first.result), second, rejectionOf(third.result)])).to.deep.equal([AWAY, AWAY, AWAY]);
    third.succeed();
    await waitFor(async () => (await stage.cache.get('c')) !== undefined, { what: 'what the third loads nevertheless' });
    expect(stage.cache.statistics().loads).to.equal(3);
  });

  it('fails for nobody who has joined it to read one key: these share one load of that key', async () => {
    const batch = await slowly(stage.cache, ['good', 'bad']);
    let runs = 0;
    const singles = [1, 2, 3].map(() => stage.cache.getOrLoad('good', async () => `found ${(runs += 1)}`));
    await joined(3);
    batch.fail(AWAY);
    expect(await rejectionOf(batch.result)).to.equal(AWAY);
    expect(await Promise.all(singles)).to.deep.equal(['found 1', 'found 1', 'found 1']);
    expect(await stage.cache.get('good')).to.deep.equal({ value: 'found 1' });
  });

  it('fails for none of its kind that has joined a read of one key: these share one load of that key', async () => {
    const single = await new FreshnessStage(stage).slowly('a', {}, stage.cache);
    const first = await slowly(stage.cache, ['a', 'b']);
    const second = noted();
    const other = stage.cache.getAllOrLoad(['a'], second.load);
    await joined(2);
    single.fail(AWAY);
    expect(await rejectionOf(single.result)).to.equal(AWAY);
    first.succeed();
    expect(await first.result).to.deep.equal(valuesBy('slow', ['a', 'b']));
    const [found] = await Promise.all([other]);
    const calls = [...first.calls, ...second.calls];
    expect(calls).to.deep.equal([['b'], ['a']]);
    expect([...found.keys()]).to.deep.equal(['a']);
  });

  it('loads anew what it had joined, if the caller who loaded that was aborted', async () => {
    const first = await slowly(stage.cache, ['a', 'b']);
    const { calls, load } = noted();
    const second = stage.cache.getAllOrLoad(['a', 'b'], load);
    await joined(2);
    first.fail(new DOMException('Aborted', 'AbortError'));
    expect(await second).to.deep.equal(valuesBy('of', ['a', 'b']));
    expect(calls).to.deep.equal([['a', 'b']]);
    expect(await stage.cache.getAll(['a', 'b'])).to.deep.equal([{ value: 'of a' }, { value: 'of b' }]);
  });
}

function describeAbsentJoins(stage: CacheStage, joined: Joined): void {
  it('shares with its kind that there is no value', async () => {
    const first = await slowly(stage.cache, ['a', 'none']);
    const second = stage.cache.getAllOrLoad(['none', 'a'], neverAll);
    await joined(2);
    first.succeed(['A', undefined]);
    expect([...(await second)]).to.deep.equal([['a', 'A']]);
    expect([...(await first.result)]).to.deep.equal([['a', 'A']]);
  });

  it('says nothing to reads of one key about a key that its loader has left out: these share one load of it', async () => {
    const batch = await slowly(stage.cache, ['a', 'none']);
    const failing = new Error('There is no such book.');
    let runs = 0;
    const singles = [1, 2].map(() => rejectionOf(stage.cache.getOrLoad('none', () => ((runs += 1), Promise.reject(failing)))));
    await joined(2);
    batch.succeed(['A', undefined]);
    expect(await Promise.all(singles)).to.deep.equal([failing, failing]);
    expect([[...(await batch.result)], runs]).to.deep.equal([[['a', 'A']], 1]);
  });

  for (const [absent, value] of [
    ['null', null],
    ['undefined', undefined],
  ] as const) {
    it(`answers reads of one key with ${absent} for a key that is stored so`, async () => {
      const batch = await slowly(stage.cache, ['none'], { absent });
      const single = stage.cache.getOrLoad('none', neverAll);
      await joined(1);
      batch.succeed([undefined]);
      expect(await single).to.equal(value);
    });
  }

  it('leaves out a key of which a read of one key says that it is undefined', async () => {
    const single = await new FreshnessStage(stage).slowly('a', {}, stage.cache);
    const batch = stage.cache.getAllOrLoad(['a'], neverAll);
    await joined(1);
    single.succeed(undefined);
    expect(await batch).to.deep.equal(new Map());
  });
}

function describeUncached(stage: CacheStage): void {
  it('loads everything within `withoutCache`, joins nobody, and stores it in the place of what was there', async () => {
    await stage.cache.put('a', 'old');
    const other = await slowly(stage.cache, ['c']);
    const { calls, load } = noted();
    expect(await withoutCache(() => stage.cache.getAllOrLoad(['a', 'b', 'c', 'a'], load))).to.deep.equal(valuesBy('of', ['a', 'b', 'c']));
    expect(calls).to.deep.equal([['a', 'b', 'c']]);
    expect(await stage.cache.getAll(['a', 'b'])).to.deep.equal([{ value: 'of a' }, { value: 'of b' }]);
    other.succeed();
    await other.result;
  });

  it('stores nothing within `withoutCache` and `store: false`', async () => {
    await stage.cache.put('a', 'old');
    const loaded = await withoutCache(() => stage.cache.getAllOrLoad(['a', 'b'], noted().load), { store: false });
    expect(loaded).to.deep.equal(valuesBy('of', ['a', 'b']));
    expect(await stage.cache.getAll(['a', 'b'])).to.deep.equal([{ value: 'old' }, undefined]);
  });
}
