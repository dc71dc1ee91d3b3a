import { expect } from 'chai';
import type { TwoTierCache } from '../../lib/cache/index.js';
import type { CacheOptions } from '../../lib/instance/options.js';
import type { CacheStage } from './cache-stage.js';
import { AWAY, failing, FreshnessStage, MINUTE } from './freshness-stage.js';
import { describeLoadTimeouts } from './load-timeout-contract.js';
import { describeMixedFreshness } from './mixed-freshness-contract.js';
import { describeRefreshes } from './refresh-contract.js';
import { rejectionOf } from './rejection.js';

/** A value lives for ten minutes, may answer for twenty more, and then for a minute without a new attempt. */
const STALE: CacheOptions = { staleIfError: { for: 20 * MINUTE, retryAfter: MINUTE } };

/** Who evicts, and who hears of it. */
const EACH_WAY = [
  ['here', 'there'],
  ['there', 'here'],
] as const;

/** The part of the cache contract that is about values that are not fresh: C9. */
export function describeFreshnessContract(stage: CacheStage): void {
  describe('freshness', () => {
    const fresh = new FreshnessStage(stage);

    describe('a value whose life has ended, and a method that fails (staleIfError)', () => {
      beforeEach(async () => {
        await fresh.setUp(STALE);
        await fresh.here.getOrLoad('Dune', () => 'old');
        await fresh.pass(11);
      });

      describeStale(fresh);
      describeEvicted(fresh);
      describeEvictedMeanwhile(fresh);
      describeRetries(fresh);
      describeReadersOfEnded(fresh);
      describeReports(fresh);
    });

    describeStaleOptions(fresh);
    describeStaleValues(fresh);
    describeLoadTimeouts(fresh);
    describeRefreshes(fresh);
    describeMixedFreshness(fresh);
  });
}

function describeStale(fresh: FreshnessStage): void {
  it('is served, in each instance that shares it', async () => {
    expect(await fresh.here.getOrLoad('Dune', failing)).to.equal('old');
    if (fresh.stage.hasRemote) expect(await fresh.there.getOrLoad('Dune', failing)).to.equal('old');
    else expect(await rejectionOf(fresh.there.getOrLoad('Dune', failing))).to.equal(AWAY);
  });

  it('is not served while the method succeeds', async () => {
    expect(await fresh.here.getOrLoad('Dune', () => 'new')).to.equal('new');
    expect(await fresh.here.getOrLoad('Dune', failing)).to.equal('new');
    expect(fresh.here.statistics()).to.include({ servedStale: 0, loads: 2 });
  });

  it('is served for so long, and not after', async () => {
    await fresh.pass(18);
    expect(await fresh.here.getOrLoad('Dune', failing)).to.equal('old');
    await fresh.pass(2);
    expect(await rejectionOf(fresh.here.getOrLoad('Dune', failing))).to.equal(AWAY);
    expect(await fresh.here.getOrLoad('Dune', () => 'new')).to.equal('new');
  });

  it('is not served in place of a key that has none', async () => {
    expect(await rejectionOf(fresh.here.getOrLoad('Emma', failing))).to.equal(AWAY);
    expect(fresh.here.statistics()).to.include({ servedStale: 0 });
  });

  it('is served to a caller who joins no load', async () => {
    expect(await fresh.here.getOrLoad('Dune', failing, { join: false })).to.equal('old');
  });

  it('is never stored again: it ends when it would have ended', async () => {
    for (let minute = 11; minute < 30; minute += 3) {
      expect(await fresh.here.getOrLoad('Dune', failing)).to.equal('old');
      await fresh.pass(3);
    }
    expect(await rejectionOf(fresh.here.getOrLoad('Dune', failing))).to.equal(AWAY);
  });
}

const evictions: Readonly<Record<string, (by: TwoTierCache) => Promise<unknown>>> = {
  evict: (by) => by.evict('Dune'),
  evictAll: (by) => by.evictAll(['Emma', 'Dune']),
  evictIfPresent: (by) => by.evictIfPresent('Dune'),
  clear: (by) => by.clear(),
  invalidate: (by) => by.invalidate(),
};

function describeEvicted(fresh: FreshnessStage): void {
  for (const [verb, evict] of Object.entries(evictions)) {
    it(`C9: is not served after ${verb}, by its own instance or another`, async () => {
      await evict(fresh.here);
      expect(await rejectionOf(fresh.here.getOrLoad('Dune', failing))).to.equal(AWAY);
      await fresh.here.getOrLoad('Dune', () => 'old again');
      await fresh.pass(11);
      await fresh.heard('here', () => evict(fresh.there));
      for (const { cache } of fresh.both) expect(await rejectionOf(cache.getOrLoad('Dune', failing))).to.equal(AWAY);
    });
  }

  it('C9: is not served after a put, but what was put', async () => {
    await fresh.heard('there', () => fresh.here.put('Dune', 'put'));
    expect(await fresh.here.getOrLoad('Dune', failing)).to.equal('put');
    await fresh.pass(11);
    expect(await fresh.here.getOrLoad('Dune', failing)).to.equal('put');
    await fresh.heard('here', () => fresh.there.put('Dune', 'put there'));
    await fresh.pass(11);
    if (fresh.stage.hasRemote) expect(await fresh.here.getOrLoad('Dune', failing)).to.equal('put there');
    else expect(await rejectionOf(fresh.here.getOrLoad('Dune', failing))).to.equal(AWAY);
  });

  it('C9: is not served after an eviction of its tag, by its own instance or another', async () => {
    await fresh.setUp({ ...STALE, tags: true });
    for (const [by, told] of EACH_WAY) {
      await fresh.here.getOrLoad('Dune', () => 'old', { tags: ['herbert'] });
      await fresh.pass(11);
      await fresh.heard(told, () => fresh[by].evictTagged(['austen']));
      expect(await fresh.here.getOrLoad('Dune', failing)).to.equal('old');
      await fresh.pass(2);
      await fresh.heard(told, () => fresh[by].evictTagged(['herbert']));
      for (const { cache } of fresh.both) expect(await rejectionOf(cache.getOrLoad('Dune', failing))).to.equal(AWAY);
    }
  });
}

function describeEvictedMeanwhile(fresh: FreshnessStage): void {
  for (const [verb, evict] of Object.entries(evictions)) {
    for (const [by, whose] of [
      ['here', 'its own instance'],
      ['there', 'another instance'],
    ] as const) {
      // prettier-ignore
      it(`C9: is not served if it was read, then evicted (${verb} by ${whose}), and then the method failed`, async () => {
        const load = await fresh.slowly('Dune');
        await fresh.heard(by === 'here' ? 'there' : 'here', () => evict(fresh[by]));
        load.fail();
        expect(await rejectionOf(load.result)).to.equal(AWAY);
        expect(fresh.here.statistics()).to.include({ servedStale: 0 });
        expect(await rejectionOf(fresh.here.getOrLoad('Dune', failing))).to.equal(AWAY);
      });
    }
  }

  it('C9: is not served if its tag was evicted while the method ran', async () => {
    await fresh.setUp({ ...STALE, tags: true });
    for (const [by, told] of EACH_WAY) {
      await fresh.here.getOrLoad('Dune', () => 'old', { tags: ['herbert'] });
      await fresh.pass(11);
      const load = await fresh.slowly('Dune', { tags: ['herbert'] });
      await fresh.heard(told, () => fresh[by].evictTagged(['herbert']));
      load.fail();
      expect(await rejectionOf(load.result)).to.equal(AWAY);
    }
  });

  it('gives way to what was put while the method ran', async () => {
    for (const [by, told] of EACH_WAY) {
      const load = await fresh.slowly<string>('Dune');
      await fresh.heard(told, () => fresh[by].put('Dune', `put ${by}`));
      load.fail();
      if (fresh.stage.hasRemote || by === 'here') expect(await load.result).to.equal(`put ${by}`);
      else expect(await rejectionOf(load.result)).to.equal(AWAY);
      await fresh.pass(11);
    }
    expect(fresh.here.statistics()).to.include({ servedStale: 0 });
  });

  it('is served if it was put while the method ran, and has ended by then', async () => {
    const load = await fresh.slowly<string>('Dune');
    await fresh.heard('there', () => fresh.here.put('Dune', 'put'));
    await fresh.pass(11);
    load.fail();
    expect(await load.result).to.equal('put');
    expect(fresh.here.statistics()).to.include({ servedStale: 1 });
  });

  if (fresh.stage.hasRemote) {
    it('is read again, once, if something else has dropped what the local tier knew', async () => {
      const load = await fresh.slowly<string>('Dune');
      fresh.here.emptied('coherence');
      load.fail();
      expect(await load.result).to.equal('old');
    });

    it('is read again if the read lease was lost while the method ran', async () => {
      const load = await fresh.slowly<string>('Dune');
      fresh.here.holdLeaseUntil(Number.NEGATIVE_INFINITY);
      load.fail();
      expect(await load.result).to.equal('old');
      expect(fresh.here.hitNow('Dune'), 'and not served from the local tier').to.equal(undefined);
    });

    it('C9: is not served if it was evicted while the method ran and nothing was heard', async () => {
      const load = await fresh.slowly<string>('Dune');
      await fresh.heard('here', () => fresh.there.evict('Dune'));
      fresh.here.holdLeaseUntil(Number.NEGATIVE_INFINITY);
      load.fail();
      expect(await rejectionOf(load.result)).to.equal(AWAY);
    });
  }
}

function describeRetries(fresh: FreshnessStage): void {
  let runs = 0;
  const attempt = (): never => {
    runs += 1;
    throw AWAY;
  };

  beforeEach(() => (runs = 0));

  if (!fresh.stage.hasLocal) {
    it('is asked for by every read, where there is no local tier to keep it', async () => {
      for (let i = 1; i <= 3; i += 1) expect([await fresh.here.getOrLoad('Dune', attempt), runs]).to.deep.equal(['old', i]);
    });
    return;
  }

  it('is served without a new attempt for `retryAfter`, and with one after', async () => {
    for (let i = 0; i < 5; i += 1) expect(await fresh.here.getOrLoad('Dune', attempt)).to.equal('old');
    await fresh.pass(0.9);
    expect([await fresh.here.getOrLoad('Dune', attempt), runs]).to.deep.equal(['old', 1]);
    await fresh.pass(0.1);
    expect([await fresh.here.getOrLoad('Dune', attempt), runs]).to.deep.equal(['old', 2]);
    await fresh.pass(1);
    expect(await fresh.here.getOrLoad('Dune', () => 'new')).to.equal('new');
    expect(await fresh.here.getOrLoad('Dune', attempt)).to.equal('new');
    expect([runs, fresh.here.statistics().servedStale]).to.deep.equal([2, 7]);
  });

  it('is served for the last time at the end of its time, within `retryAfter` too', async () => {
    await fresh.pass(18.5);
    expect(await fresh.here.getOrLoad('Dune', attempt)).to.equal('old');
    await fresh.pass(0.6);
    expect(await rejectionOf(fresh.here.getOrLoad('Dune', attempt))).to.equal(AWAY);
    expect(runs).to.equal(2);
  });

  for (const [verb, evict] of Object.entries(evictions)) {
    it(`C9: is not served within \`retryAfter\` after ${verb}, by its own instance or another`, async () => {
      for (const [by, told] of EACH_WAY) {
        await fresh.here.getOrLoad('Dune', () => 'old');
        await fresh.pass(11);
        expect(await fresh.here.getOrLoad('Dune', attempt)).to.equal('old');
        await fresh.heard(told, () => evict(fresh[by]));
        expect(await rejectionOf(fresh.here.getOrLoad('Dune', attempt))).to.equal(AWAY);
      }
      expect(runs).to.equal(4);
    });
  }

  it('is not served within `retryAfter` to who asks for nothing stale', async () => {
    expect(await fresh.here.getOrLoad('Dune', attempt)).to.equal('old');
    expect(await rejectionOf(fresh.here.getOrLoad('Dune', attempt, { staleIfError: 0 }))).to.equal(AWAY);
    expect(await rejectionOf(fresh.here.getOrLoad('Dune', attempt, { staleIfError: MINUTE / 2 }))).to.equal(AWAY);
    expect(runs).to.equal(3);
  });

  it('is tried again by each read with a `retryAfter` of 0', async () => {
    const options = { staleIfError: { for: 20 * MINUTE, retryAfter: 0 } };
    for (let i = 1; i <= 3; i += 1) expect([await fresh.here.getOrLoad('Dune', attempt, options), runs]).to.deep.equal(['old', i]);
  });
}

function describeReadersOfEnded(fresh: FreshnessStage): void {
  it('is absent to `get` and `getAll`, also while it answers for the method', async () => {
    for (let i = 0; i < 2; i += 1) {
      expect(await fresh.here.get('Dune')).to.equal(undefined);
      expect(await fresh.here.getAll(['Dune', 'Emma'])).to.deep.equal([undefined, undefined]);
      expect(fresh.here.hitNow('Dune')).to.equal(undefined);
      expect(await fresh.here.getOrLoad('Dune', failing)).to.equal('old');
    }
    expect(fresh.here.statistics()).to.include({ localHits: 0, remoteHits: 0 });
  });

  it('is absent to `putIfAbsent`, which replaces it', async () => {
    expect(await fresh.here.putIfAbsent('Dune', 'new')).to.equal(undefined);
    expect(await fresh.here.putIfAbsent('Dune', 'newer')).to.deep.equal({ value: 'new' });
    expect(await fresh.here.getOrLoad('Dune', failing)).to.equal('new');
  });

  it('is told by `inspect` for what it is', async () => {
    const { local, remote } = await fresh.here.inspect('Dune');
    if (!fresh.stage.hasRemote) return void expect(local.state).to.equal('stale');
    expect([local.state, remote.state]).to.deep.equal([fresh.stage.hasLocal ? 'absent' : 'unused', 'stale']);
    expect(remote.leftMs).to.be.within(18 * MINUTE, 20 * MINUTE);
  });

  it('is removed by `evictIfPresent`', async () => {
    await fresh.here.evictIfPresent('Dune');
    if (fresh.stage.hasRemote) expect((await fresh.here.inspect('Dune')).remote).to.deep.equal({ state: 'absent' });
    expect(await fresh.here.evictIfPresent('Dune')).to.equal(false);
    expect(await rejectionOf(fresh.here.getOrLoad('Dune', failing))).to.equal(AWAY);
  });
}

function describeReports(fresh: FreshnessStage): void {
  it('is told once for a load, and counted for each reader', async () => {
    const told = fresh.told('servedStale');
    const load = await fresh.slowly<string>('Dune');
    const joined = Array.from({ length: 4 }, () => fresh.here.getOrLoad('Dune', failing));
    load.fail();
    expect(await Promise.all([load.result, ...joined])).to.deep.equal(Array.from({ length: 5 }, () => 'old'));
    expect(told.map(({ cache, key, error }) => ({ cache, key, error }))).to.deep.equal([{ cache: 'book', key: 'Dune', error: AWAY }]);
    expect(told[0]?.ageMs).to.be.within(10 * MINUTE, 12 * MINUTE);
    expect(fresh.here.statistics()).to.include({ servedStale: 5, loads: 2, loadFailures: 1, joined: 4, localHits: 0 });
  });

  it('is not told again while it is served without an attempt', async () => {
    if (!fresh.stage.hasLocal) return;
    const told = fresh.told('servedStale');
    for (let i = 0; i < 3; i += 1) await fresh.here.getOrLoad('Dune', failing);
    expect(told).to.have.length(1);
    await fresh.pass(1);
    for (let i = 0; i < 3; i += 1) await fresh.here.getOrLoad('Dune', failing);
    expect(told).to.have.length(2);
  });

  it('is told once for those who join a load whose first caller wants nothing stale', async () => {
    const told = fresh.told('servedStale');
    const load = await fresh.slowly<string>('Dune', { staleIfError: 0 });
    const joined = Array.from({ length: 4 }, () => fresh.here.getOrLoad('Dune', failing));
    load.fail();
    expect(await rejectionOf(load.result)).to.equal(AWAY);
    expect(await Promise.all(joined)).to.deep.equal(Array.from({ length: 4 }, () => 'old'));
    expect([told.length, fresh.here.statistics().servedStale]).to.deep.equal([1, 4]);
  });

  it('answers who asks for it among those who joined; the others get the error, the same object', async () => {
    const load = await fresh.slowly<string>('Dune');
    const strict = [1, 2].map(() => rejectionOf(fresh.here.getOrLoad('Dune', failing, { staleIfError: 0 })));
    load.fail();
    expect([await load.result, ...(await Promise.all(strict))]).to.deep.equal(['old', AWAY, AWAY]);
  });
}

function describeStaleOptions(fresh: FreshnessStage): void {
  describe('staleIfError', () => {
    const notFound = new Error('There is no such book.');

    const setUp = async (options: CacheOptions, ofCall = {}): Promise<void> => {
      await fresh.setUp(options);
      await fresh.here.getOrLoad('Dune', () => 'old', ofCall);
      await fresh.pass(11);
    };

    it('answers for the errors that `when` says, and hands over the others', async () => {
      const asked: unknown[] = [];
      await setUp({ staleIfError: { for: 20 * MINUTE, retryAfter: 0, when: (error) => (asked.push(error), error !== notFound) } });
      expect(await rejectionOf(fresh.here.getOrLoad('Dune', () => Promise.reject(notFound)))).to.equal(notFound);
      expect(await fresh.here.getOrLoad('Dune', failing)).to.equal('old');
      expect(asked).to.deep.equal([notFound, AWAY]);
    });

    it('hands over the error, and tells, if `when` throws', async () => {
      const thrown = new TypeError('no code');
      await setUp({
        staleIfError: {
          for: 20 * MINUTE,
          when: () => {
            throw thrown;
          },
        },
      });
      const told = fresh.told('error');
      expect(await rejectionOf(fresh.here.getOrLoad('Dune', failing))).to.equal(AWAY);
      expect(told).to.deep.equal([{ where: "`staleIfError.when` of cache 'book'", error: thrown }]);
    });

    it('is the shorter of what the writer and the reader allow', async () => {
      await setUp(STALE);
      await fresh.pass(4);
      expect(await rejectionOf(fresh.here.getOrLoad('Dune', failing, { staleIfError: 4 * MINUTE }))).to.equal(AWAY);
      expect(await fresh.here.getOrLoad('Dune', failing, { staleIfError: { for: 6 * MINUTE, retryAfter: 0 } })).to.equal('old');
      expect(await fresh.here.getOrLoad('Dune', failing, { staleIfError: { for: 90 * MINUTE, retryAfter: 0 } })).to.equal('old');
      await fresh.pass(16);
      expect(await rejectionOf(fresh.here.getOrLoad('Dune', failing, { staleIfError: 90 * MINUTE }))).to.equal(AWAY);
    });

    it('may be asked for by one call alone', async () => {
      if (!fresh.stage.hasRemote) return;
      await setUp({}, { staleIfError: 20 * MINUTE });
      expect(await rejectionOf(fresh.here.getOrLoad('Dune', failing))).to.equal(AWAY);
      expect(await fresh.here.getOrLoad('Dune', failing, { staleIfError: 20 * MINUTE })).to.equal('old');
    });

    it('may be turned off by one call', async () => {
      await setUp(STALE);
      expect(await rejectionOf(fresh.here.getOrLoad('Dune', failing, { staleIfError: 0 }))).to.equal(AWAY);
      expect(await fresh.here.getOrLoad('Dune', failing)).to.equal('old');
    });

    it('keeps what was put, too', async () => {
      await fresh.setUp(STALE);
      await fresh.here.put('Dune', 'put');
      await fresh.here.putIfAbsent('Emma', 'put');
      await fresh.here.putAll([['Kim', 'put']]);
      await fresh.pass(11);
      for (const key of ['Dune', 'Emma', 'Kim']) expect(await fresh.here.getOrLoad(key, failing)).to.equal('put');
    });
  });
}

function describeStaleValues(fresh: FreshnessStage): void {
  describe('what is served stale', () => {
    it('may be null or undefined', async () => {
      await fresh.setUp({ ...STALE, nullTtl: 10 * MINUTE });
      for (const [key, value] of [
        ['null', null],
        ['undefined', undefined],
      ] as const) {
        // prettier-ignore
        await fresh.here.getOrLoad(key, () => value);
        await fresh.pass(11);
        for (let i = 0; i < 2; i += 1) expect(await fresh.here.getOrLoad(key, failing)).to.equal(value);
      }
    });

    it('is a copy for each reader, where the cache hands out copies', async () => {
      await fresh.setUp({ ...STALE, copy: 'clone' });
      await fresh.here.getOrLoad('Dune', () => ({ title: 'Dune' }));
      await fresh.pass(11);
      const load = await fresh.slowly<{ title: string }>('Dune');
      const joined = [1, 2].map(() => fresh.here.getOrLoad<{ title: string }>('Dune', failing));
      load.fail();
      const books = [...(await Promise.all([load.result, ...joined])), await fresh.here.getOrLoad<{ title: string }>('Dune', failing)];
      expect(books).to.deep.equal(Array.from({ length: 4 }, () => ({ title: 'Dune' })));
      expect(new Set(books).size).to.equal(4);
      for (const book of books) book.title = 'changed';
      expect(await fresh.here.getOrLoad('Dune', failing)).to.deep.equal({ title: 'Dune' });
    });

    it('is one frozen object, where the cache shares its values', async () => {
      await fresh.setUp(STALE);
      await fresh.here.getOrLoad('Dune', () => ({ title: 'Dune' }));
      await fresh.pass(11);
      expect(await fresh.here.getOrLoad('Dune', failing)).to.be.frozen.and.deep.equal({ title: 'Dune' });
    });

    it('is fresh for as long as it was, whatever `localTtl` says', async () => {
      await fresh.setUp({ ...STALE, localTtl: MINUTE });
      await fresh.here.getOrLoad('Dune', () => 'old');
      await fresh.pass(2);
      if (fresh.stage.hasRemote) expect(await fresh.here.getOrLoad('Dune', failing)).to.equal('old');
      expect(fresh.here.statistics()).to.include({ servedStale: 0 });
      await fresh.pass(10);
      expect(await fresh.here.getOrLoad('Dune', failing)).to.equal('old');
    });
  });
}
