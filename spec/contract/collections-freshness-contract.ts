import { expect } from 'chai';
import { CacheLoadTimeoutError } from '../../lib/errors/index.js';
import { gate } from '../support/promises.js';
import { waitFor } from '../support/wait.js';
import type { CacheStage } from './cache-stage.js';
import { type AllOptions, neverAll, noted, slowly, valuesBy } from './collections-stage.js';
import { AWAY, failing, FreshnessStage, MINUTE } from './freshness-stage.js';
import { cacheErrorOf, rejectionOf } from './rejection.js';

const KEYS = ['a', 'b', 'c'];
const STALE: Pick<AllOptions, 'staleIfError'> = { staleIfError: { for: 20 * MINUTE, retryAfter: MINUTE } };
/** Alarms are set by real timers, and looked at by the clock of the instance. */
const SOON = 20;
const OVER = (2 * SOON) / MINUTE;

/** Reads of many keys that are answered with what is not fresh, or wait only so long; and how long their values live. */
export function describeFreshCollections(stage: CacheStage): void {
  describe('with lives and freshness', () => {
    const fresh = new FreshnessStage(stage);

    describeLives(fresh);
    describeStaleElements(fresh);
    describeDueElements(stage, fresh);
    describeLateLoaders(fresh);
  });
}

function describeLives(fresh: FreshnessStage): void {
  it('keeps absent values for `nullTtl`, and others for the `ttl` that their function says', async () => {
    await fresh.setUp({ ttl: 60 * MINUTE, nullTtl: 10 * MINUTE });
    const loaded = (): readonly unknown[] => ['A', undefined, 'C'];
    const ttl: AllOptions['ttl'] = (_value, key) => (key === 'a' ? 40 * MINUTE : 20 * MINUTE);
    await fresh.here.getAllOrLoad(KEYS, loaded, { absent: 'null', ttl });
    const missing = async (): Promise<unknown> => {
      const { calls, load } = noted(() => Promise.reject(AWAY));
      await fresh.here.getAllOrLoad(KEYS, load).catch(() => undefined);
      return calls.flat();
    };
    await fresh.pass(8);
    expect(await missing()).to.deep.equal([]);
    await fresh.pass(4);
    expect(await missing()).to.deep.equal(['b']);
    await fresh.pass(10);
    expect(await missing()).to.deep.equal(['b', 'c']);
    await fresh.pass(20);
    expect(await missing()).to.deep.equal(['a', 'b', 'c']);
  });
}

function describeStaleElements(fresh: FreshnessStage): void {
  describe('a loader that fails for keys of which some have old values', () => {
    beforeEach(async () => {
      await fresh.setUp({ ...STALE });
      await fresh.here.getAllOrLoad(['a', 'b'], noted().load);
      await fresh.pass(11);
    });

    it('is answered with the old values, if all have one', async () => {
      const { calls, load } = noted(failing);
      expect(await fresh.here.getAllOrLoad(['b', 'a'], load)).to.deep.equal(valuesBy('of', ['b', 'a']));
      expect([calls, fresh.here.statistics().servedStale]).to.deep.equal([[['b', 'a']], 2]);
    });

    it('rejects, if one has none', async () => {
      expect(await rejectionOf(fresh.here.getAllOrLoad(KEYS, failing))).to.equal(AWAY);
      expect(await fresh.here.getOrLoad('a', failing), 'a read of one key is answered').to.equal('of a');
    });

    it('is asked for the old ones as well, and what it loads takes their place', async () => {
      const { calls, load } = noted((keys) => valuesBy('new', keys));
      expect(await fresh.here.getAllOrLoad(KEYS, load)).to.deep.equal(valuesBy('new', KEYS));
      expect([calls, fresh.here.statistics().servedStale]).to.deep.equal([[KEYS], 0]);
      expect(await fresh.here.getAllOrLoad(KEYS, neverAll)).to.deep.equal(valuesBy('new', KEYS));
    });

    it('is answered with no value that was evicted meanwhile', async () => {
      const batch = await slowly(fresh.here, ['a', 'b']);
      await fresh.here.evict('b');
      batch.fail(AWAY);
      expect(await rejectionOf(batch.result)).to.equal(AWAY);
      expect(await fresh.here.getAllOrLoad(['a'], failing)).to.deep.equal(valuesBy('of', ['a']));
      expect(await rejectionOf(fresh.here.getAllOrLoad(['b'], failing))).to.equal(AWAY);
    });

    it('rejects for a caller who wants no old values', async () => {
      expect(await rejectionOf(fresh.here.getAllOrLoad(['a', 'b'], failing, { staleIfError: 0 }))).to.equal(AWAY);
    });
  });
}

function describeDueElements(stage: CacheStage, fresh: FreshnessStage): void {
  describe('elements that are older than `refreshAfter`', () => {
    beforeEach(async () => {
      await fresh.setUp({ refreshAfter: 5 * MINUTE });
      await fresh.here.getAllOrLoad(['a', 'b'], noted().load);
      await fresh.pass(3);
      await fresh.here.getAllOrLoad(['c'], noted().load);
      await fresh.pass(3);
    });

    it('are served at once, and loaded anew in the background, in one call', async () => {
      const { promise, open } = gate();
      const { calls, load } = noted((keys) => promise.then(() => valuesBy('new', keys)));
      expect(await fresh.here.getAllOrLoad(KEYS, load)).to.deep.equal(valuesBy('of', KEYS));
      await waitFor(() => calls.length > 0, { what: 'the call in the background' });
      expect(await fresh.here.getAllOrLoad(KEYS, neverAll), 'meanwhile').to.deep.equal(valuesBy('of', KEYS));
      open();
      await waitFor(async () => (await fresh.here.get('b'))?.value === 'new b', { what: 'the new values' });
      await waitFor(async () => (await fresh.here.get('a'))?.value === 'new a', { what: 'the new values' });
      expect(calls).to.deep.equal([['a', 'b']]);
      expect([...(await fresh.here.getAllOrLoad(KEYS, neverAll)).values()]).to.deep.equal(['new a', 'new b', 'of c']);
      expect(fresh.here.statistics()).to.include({ refreshes: 2, refreshFailures: 0 });
    });

    it('are loaded anew beside what is missing', async () => {
      const { calls, load } = noted((keys) => valuesBy('new', keys));
      const answer = await fresh.here.getAllOrLoad(['a', 'd', 'b'], load);
      expect([...answer.values()]).to.deep.equal(['of a', 'new d', 'of b']);
      await waitFor(() => calls.flat().length === 3, { what: 'all to be loaded' });
      expect(calls.flat().sort()).to.deep.equal(['a', 'b', 'd']);
      await waitFor(async () => (await fresh.here.getAll(['a', 'b'])).every((each) => String(each?.value).startsWith('new')), {
        what: 'the new values',
      });
    });

    it('are no concern of those who wait for what is missing: it is loaded without them, and their failure is not its own', async () => {
      for (const by of stage.hasRemote ? [fresh.here, fresh.there] : [fresh.here]) {
        const { calls, load } = noted((keys) => (keys.includes('a') ? Promise.reject(AWAY) : valuesBy('new', keys)));
        const missing = `missing ${by === fresh.here ? 'here' : 'there'}`;
        expect([...(await by.getAllOrLoad(['a', missing], load)).values()]).to.deep.equal(['of a', `new ${missing}`]);
        await fresh.counted('refreshFailures', 1, by);
        expect(calls).to.have.deep.members([[missing], ['a']]);
      }
    });

    it('are waited for by nobody, however long their loader takes', async () => {
      const { promise, open } = gate();
      const { calls, load } = noted((keys) => {
        const loaded = valuesBy('new', keys);
        return keys.includes('a') ? promise.then(() => loaded) : loaded;
      });
      const answer = await fresh.here.getAllOrLoad(['a', 'd'], load, { maximumBatch: 1 });
      expect([...answer.values()]).to.deep.equal(['of a', 'new d']);
      await waitFor(() => calls.length === 2, { what: 'the call in the background' });
      open();
      await fresh.counted('refreshes', 1);
      await waitFor(async () => (await fresh.here.get('a'))?.value === 'new a', { what: 'the new value' });
    });

    it('are served on, if that fails', async () => {
      const told = fresh.told('refreshFailed');
      expect(await fresh.here.getAllOrLoad(KEYS, () => Promise.reject(AWAY))).to.deep.equal(valuesBy('of', KEYS));
      await waitFor(() => told.length === 2, { what: 'the failure' });
      expect(told.map(({ key, error }) => [key, error])).to.have.deep.members([['a', AWAY], ['b', AWAY]]); // prettier-ignore
      expect(await fresh.here.getAllOrLoad(KEYS, neverAll)).to.deep.equal(valuesBy('of', KEYS));
    });
  });
}

function describeLateLoaders(fresh: FreshnessStage): void {
  describe('a loader of many keys that takes longer than `loadTimeout`', () => {
    beforeEach(() => fresh.setUp({ loadTimeout: SOON }));

    it('ends in an error for its caller, is told so, goes on, and is stored', async () => {
      const { result, signals, succeed } = await slowly(fresh.here, ['a', 'b']);
      await fresh.pass(OVER);
      const error = await cacheErrorOf(result);
      expect(error).to.be.instanceOf(CacheLoadTimeoutError);
      await waitFor(() => signals[0]?.aborted === true, { what: 'the signal' });
      succeed();
      await waitFor(async () => (await fresh.here.getAll(['a', 'b'])).every((each) => each !== undefined), { what: 'the late values' });
      expect(await fresh.here.getAllOrLoad(['a', 'b'], neverAll)).to.deep.equal(valuesBy('slow', ['a', 'b']));
    });

    it('is not told so while somebody else waits for one of its keys', async () => {
      const { result, signals, succeed } = await slowly(fresh.here, ['a', 'b']);
      const single = fresh.here.getOrLoad('b', neverAll, { loadTimeout: 0 });
      await waitFor(() => fresh.here.statistics().joined === 1, { what: 'the other caller' });
      await fresh.pass(OVER);
      expect((await cacheErrorOf(result)).code).to.equal('CACHE_LOAD_TIMEOUT');
      await fresh.counted('loadTimeouts', 2);
      expect(signals[0]?.aborted).to.equal(false);
      succeed();
      expect(await single).to.equal('slow b');
    });

    it('is answered with old values, where there are some', async () => {
      await fresh.setUp({ loadTimeout: SOON, ...STALE });
      await fresh.here.getAllOrLoad(['a', 'b'], noted().load);
      await fresh.pass(11);
      const batch = await slowly(fresh.here, ['a', 'b']);
      await fresh.pass(OVER);
      expect(await batch.result).to.deep.equal(valuesBy('of', ['a', 'b']));
      batch.succeed();
      await waitFor(async () => (await fresh.here.getAll(['a', 'b'])).every((each) => String(each?.value).startsWith('slow')), {
        what: 'the late values',
      });
    });
  });
}
