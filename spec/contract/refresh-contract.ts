import { expect } from 'chai';
import type { LoadOptions } from '../../lib/cache/index.js';
import type { CacheOptions } from '../../lib/instance/options.js';
import { turns } from '../support/promises.js';
import { AWAY, failing, type FreshnessStage, MINUTE } from './freshness-stage.js';
import { rejectionOf } from './rejection.js';

/** A value lives for ten minutes, and is loaded anew by who reads it after five. */
const REFRESHED: CacheOptions = { refreshAfter: 5 * MINUTE, staleIfError: { for: 20 * MINUTE, retryAfter: MINUTE } };

const never = (): never => {
  throw new Error('Nothing is due.');
};

/** The part of the cache contract that is about values that are loaded anew before their life ends. */
export function describeRefreshes(fresh: FreshnessStage): void {
  describe('a value that is older than `refreshAfter`', () => {
    beforeEach(async () => {
      await fresh.setUp(REFRESHED);
      await fresh.here.getOrLoad('Dune', () => 'old');
    });

    describeRefreshed(fresh);
    describeVainRefreshes(fresh);
    describeRefreshesOvertaken(fresh);
    describeSlowRefreshes(fresh);
  });
}

/** Begins a refresh, and answers with what the reader got. */
const refresh = (fresh: FreshnessStage, loader: () => unknown, options?: LoadOptions, by = fresh.here): Promise<unknown> =>
  by.getOrLoad('Dune', loader, options);

function describeRefreshed(fresh: FreshnessStage): void {
  it('is served at once, is loaded once, and the next reader has the new one', async () => {
    await fresh.pass(6);
    const load = await slowRefresh(fresh);
    for (let i = 0; i < 5; i += 1) expect(await fresh.here.getOrLoad('Dune', never)).to.equal('old');
    load.succeed('new');
    await settled(fresh);
    expect(await fresh.here.getOrLoad('Dune', never)).to.equal('new');
    expect(fresh.here.statistics()).to.include({ refreshes: 1, refreshFailures: 0, loads: 2, servedStale: 0 });
  });

  it('is not loaded before', async () => {
    await fresh.pass(4);
    expect(await fresh.here.getOrLoad('Dune', never)).to.equal('old');
    expect(fresh.here.statistics()).to.include({ refreshes: 0, loads: 1 });
  });

  it('is loaded anew only by reads that could load it', async () => {
    await fresh.pass(6);
    expect(await fresh.here.get('Dune')).to.deep.equal({ value: 'old' });
    expect(await fresh.here.getAll(['Dune'])).to.deep.equal([{ value: 'old' }]);
    expect(await fresh.here.putIfAbsent('Dune', 'put')).to.deep.equal({ value: 'old' });
    await turns(5);
    expect(fresh.here.statistics()).to.include({ refreshes: 0, loads: 1 });
  });

  it('lives on from then, for its whole life', async () => {
    await fresh.pass(6);
    await refresh(fresh, () => 'new');
    await settled(fresh);
    await fresh.pass(6);
    expect(await fresh.here.get('Dune')).to.deep.equal({ value: 'new' });
    await fresh.pass(5);
    expect(await fresh.here.get('Dune')).to.equal(undefined);
  });

  it('may be replaced by null', async () => {
    await fresh.pass(6);
    expect(await refresh(fresh, () => null)).to.equal('old');
    await settled(fresh);
    expect(await fresh.here.getOrLoad('Dune', never)).to.equal(null);
  });

  it('is loaded anew by who asks for it in the call, and not by who turns it off', async () => {
    await fresh.pass(6);
    expect(await fresh.here.getOrLoad('Dune', never, { refreshAfter: 0 })).to.equal('old');
    expect(await fresh.here.getOrLoad('Dune', never, { refreshAfter: 8 * MINUTE })).to.equal('old');
    await turns(5);
    expect(fresh.here.statistics()).to.include({ refreshes: 0 });
    await fresh.setUp({});
    await fresh.here.getOrLoad('Dune', () => 'old', { refreshAfter: 5 * MINUTE });
    await fresh.pass(6);
    expect(await refresh(fresh, () => 'new', { refreshAfter: 5 * MINUTE })).to.equal('old');
    await settled(fresh);
    expect(await fresh.here.getOrLoad('Dune', never)).to.equal('new');
  });

  if (fresh.stage.hasRemote) {
    it('is loaded by one instance, and read by the others when they would have loaded it', async () => {
      await fresh.there.getOrLoad('Dune', never);
      await fresh.pass(6);
      const load = await slowRefresh(fresh);
      expect(await fresh.there.getOrLoad('Dune', never)).to.equal('old');
      await settled(fresh);
      load.succeed('new');
      await settled(fresh);
      await fresh.pass(2); // The other one waits before it looks again.
      await fresh.there.getOrLoad('Dune', never);
      await settled(fresh);
      expect(await fresh.there.getOrLoad('Dune', never)).to.equal('new');
      expect(fresh.there.statistics()).to.include({ loads: 0, refreshes: 0, refreshFailures: 0 });
      expect(fresh.there.statistics().messagesApplied, 'nothing is announced').to.equal(0);
    });
  }
}

function describeVainRefreshes(fresh: FreshnessStage): void {
  it('stays, if the method fails, which is told; the next attempt waits for `retryAfter`', async () => {
    const told = fresh.told('refreshFailed');
    await fresh.pass(6);
    expect(await refresh(fresh, failing)).to.equal('old');
    await fresh.counted('refreshFailures', 1);
    await turns(5);
    expect(told).to.deep.equal([{ cache: 'book', key: 'Dune', error: AWAY }]);
    await fresh.pass(0.9);
    expect(await refresh(fresh, never)).to.equal('old');
    await turns(5);
    expect(fresh.here.statistics()).to.include({ refreshes: 1, loads: 2 });
    await fresh.pass(0.1);
    expect(await refresh(fresh, () => 'new')).to.equal('old');
    await settled(fresh);
    expect(await refresh(fresh, never)).to.equal('new');
    expect(fresh.here.statistics()).to.include({ refreshes: 2, refreshFailures: 1, loads: 3, servedStale: 0 });
  });

  it('stays until its end, if `unless` does not want the new one stored', async () => {
    await fresh.pass(9.5);
    expect(await refresh(fresh, () => 'vetoed', { unless: () => true })).to.equal('old');
    await settled(fresh);
    expect(await refresh(fresh, never)).to.equal('old');
    await fresh.pass(0.6);
    expect(await refresh(fresh, () => 'new')).to.equal('new');
    expect(fresh.here.statistics()).to.include({ refreshes: 1, refreshFailures: 0, servedStale: 0, loads: 3 });
  });

  it('answers for the method after its end, if that still fails', async () => {
    await fresh.pass(9.5);
    expect(await refresh(fresh, failing)).to.equal('old');
    await fresh.counted('refreshFailures', 1);
    await fresh.pass(0.6);
    expect(await refresh(fresh, failing)).to.equal('old');
    expect(fresh.here.statistics()).to.include({ refreshes: 1, servedStale: 1, loads: 3 });
  });
}

function describeRefreshesOvertaken(fresh: FreshnessStage): void {
  for (const [by, told] of [
    ['here', 'there'],
    ['there', 'here'],
  ] as const) {
    // prettier-ignore
    const whose = by === 'here' ? 'its own instance' : 'another instance';

    it(`C5: is not stored again if ${whose} evicts it meanwhile`, async () => {
      await fresh.pass(6);
      const load = await slowRefresh(fresh);
      await fresh.heard(told, () => fresh[by].evict('Dune'));
      load.succeed('overtaken');
      await settled(fresh);
      for (const { cache } of fresh.both) expect(await cache.get('Dune')).to.equal(undefined);
      expect(await rejectionOf(fresh.here.getOrLoad('Dune', failing))).to.equal(AWAY);
    });

    it(`gives way to what ${whose} puts meanwhile`, async () => {
      await fresh.pass(6);
      const load = await slowRefresh(fresh);
      await fresh.heard(told, () => fresh[by].put('Dune', 'put'));
      load.succeed('overtaken');
      await settled(fresh);
      const expected = fresh.stage.hasRemote || by === 'here' ? { value: 'put' } : undefined;
      expect(await fresh.here.get('Dune')).to.deep.equal(expected);
    });
  }

  it('C5: is not stored again if its tag is evicted meanwhile', async () => {
    await fresh.setUp({ ...REFRESHED, tags: true });
    await fresh.here.getOrLoad('Dune', () => 'old', { tags: ['herbert'] });
    await fresh.pass(6);
    const load = await slowRefresh(fresh, { tags: ['herbert'] });
    await fresh.heard('here', () => fresh.there.evictTagged(['herbert']));
    load.succeed('overtaken');
    await settled(fresh);
    for (const { cache } of fresh.both) expect(await cache.get('Dune')).to.equal(undefined);
  });

  it('is not loaded anew after its eviction, but for its reader', async () => {
    await fresh.pass(6);
    await fresh.heard('there', () => fresh.here.evict('Dune'));
    expect(await fresh.here.getOrLoad('Dune', () => 'new')).to.equal('new');
    expect(fresh.here.statistics()).to.include({ refreshes: 0 });
  });
}

function describeSlowRefreshes(fresh: FreshnessStage): void {
  it('is loaded by one at a time, however long that takes', async () => {
    await fresh.pass(6);
    const load = await slowRefresh(fresh);
    await fresh.pass(3);
    expect(await fresh.here.getOrLoad('Dune', never)).to.equal('old');
    await turns(5);
    load.succeed('new');
    await settled(fresh);
    expect(await fresh.here.getOrLoad('Dune', never)).to.equal('new');
    expect(fresh.here.statistics()).to.include({ refreshes: 1, loads: 2, servedStale: 0 });
  });

  it('answers for a refresh that fails after its end, told once', async () => {
    const told = fresh.told('servedStale');
    await fresh.pass(6);
    const load = await slowRefresh(fresh);
    await fresh.pass(5);
    const after = [1, 2, 3].map(() => fresh.here.getOrLoad('Dune', never));
    await turns(5);
    load.fail();
    expect(await Promise.all(after)).to.deep.equal(['old', 'old', 'old']);
    expect([told.length, fresh.here.statistics().servedStale]).to.deep.equal([1, 3]);
  });

  it('is not stored after a shutdown, and no other refresh begins', async () => {
    await fresh.pass(6);
    const load = await slowRefresh(fresh);
    await fresh.both[0].runtime.stop();
    load.succeed('late');
    await turns(5);
    expect(fresh.here.statistics()).to.include({ refreshes: 1, localSize: 0 });
  });
}

/** A refresh that runs until a spec ends it. */
async function slowRefresh(fresh: FreshnessStage, options: LoadOptions<string> = {}): ReturnType<typeof fresh.slowly<string>> {
  const { refreshes } = fresh.here.statistics();
  const load = await fresh.slowly<string>('Dune', options);
  expect(await load.result).to.equal('old');
  await fresh.counted('refreshes', refreshes + 1);
  await fresh.counted('loads', refreshes + 2);
  return load;
}

/** Waits until what runs in the background has ended: its steps were sent before those of an inspection. */
async function settled(fresh: FreshnessStage): Promise<void> {
  for (let i = 0; i < 2; i += 1) {
    for (const { cache } of fresh.both) await cache.inspect('Dune');
    await turns(10);
  }
}
