import { expect } from 'chai';
import { CacheLoadTimeoutError } from '../../lib/errors/index.js';
import { gate } from '../support/promises.js';
import { AWAY, type FreshnessStage, MINUTE } from './freshness-stage.js';
import { cacheErrorOf, rejectionOf } from './rejection.js';

// Alarms are set by real timers and looked at by the clock of the instance, so a short one is looked at often.
const SOON = 20;
const OVER = (2 * SOON) / MINUTE;

/** The part of the cache contract that is about methods that take too long. */
export function describeLoadTimeouts(fresh: FreshnessStage): void {
  describe('a method that takes longer than `loadTimeout`', () => {
    beforeEach(() => fresh.setUp({ loadTimeout: SOON }));

    describeTimeouts(fresh);
    describeSignals(fresh);
    describeJoinedTimeouts(fresh);
    describeStaleTimeouts(fresh);
  });
}

function describeTimeouts(fresh: FreshnessStage): void {
  it('ends in an error for the reader, goes on, and is stored', async () => {
    const load = await fresh.slowly<string>('Dune');
    await fresh.pass(OVER);
    const error = await cacheErrorOf(load.result);
    expect(error).to.be.instanceOf(CacheLoadTimeoutError);
    expect([error.name, error.code, error.message]).to.deep.equal([
      'CacheLoadTimeoutError',
      'CACHE_LOAD_TIMEOUT',
      "A load into cache 'book' took longer than its `loadTimeout` of 20 ms. It runs on, and its value is stored when it comes. With `staleIfError`, an old value is served meanwhile.",
    ]);
    load.succeed('late');
    expect(await fresh.here.getOrLoad('Dune', () => 'a second load')).to.equal('late');
    expect(await fresh.here.get('Dune')).to.deep.equal({ value: 'late' });
    expect(fresh.here.statistics()).to.include({ loads: 1, loadTimeouts: 1, loadFailures: 0, servedStale: 0 });
  });

  it('may fail in the end, which nobody hears', async () => {
    const load = await fresh.slowly<string>('Dune');
    await fresh.pass(OVER);
    await rejectionOf(load.result);
    load.fail();
    await fresh.counted('loadFailures', 1);
    expect(await fresh.here.getOrLoad('Dune', () => 'new')).to.equal('new');
  });

  it('has all the time of the world with 0, and where the cache says nothing', async () => {
    const patient = await fresh.slowly<string>('Dune', { loadTimeout: 0 });
    await fresh.pass(5);
    patient.succeed('late');
    expect(await patient.result).to.equal('late');
    await fresh.setUp({});
    const other = await fresh.slowly<string>('Dune');
    await fresh.pass(5);
    other.succeed('late');
    expect(await other.result).to.equal('late');
    expect(fresh.here.statistics()).to.include({ loadTimeouts: 0 });
  });

  it('may be given another time by a call', async () => {
    await fresh.setUp({});
    const load = await fresh.slowly<string>('Dune', { loadTimeout: SOON });
    await fresh.pass(OVER);
    expect((await cacheErrorOf(load.result)).code).to.equal('CACHE_LOAD_TIMEOUT');
    load.succeed('late');
  });

  it('sets no timer that outlives a load in time', async () => {
    expect(await fresh.here.getOrLoad('Dune', () => 'in time')).to.equal('in time');
    await fresh.pass(5);
    expect(await fresh.here.getOrLoad('Emma', () => 'in time')).to.equal('in time');
    expect(fresh.here.statistics()).to.include({ loadTimeouts: 0 });
  });
}

function describeSignals(fresh: FreshnessStage): void {
  it('is told by its signal at that time, with the error as the reason, and not before', async () => {
    const signals: AbortSignal[] = [];
    const { promise, open } = gate<string>();
    const load = rejectionOf(fresh.here.getOrLoad('Dune', ({ signal }) => (signals.push(signal), promise)));
    await fresh.counted('loads', 1);
    expect(signals[0]?.aborted).to.equal(false);
    await fresh.pass(OVER);
    const error = await load;
    expect(signals[0]?.reason).to.equal(error);
    expect(signals[0]?.aborted).to.equal(true);
    open('late');
  });

  it('is told by its signal that it asks for later', async () => {
    const { promise, open } = gate<AbortSignal>();
    const { promise: until, open: goOn } = gate();
    const begun = gate();
    const load = fresh.here.getOrLoad('Dune', async (context) => {
      begun.open();
      await until;
      open(context.signal);
      return 'late';
    });
    await begun.promise;
    await fresh.pass(OVER);
    const error = await rejectionOf(load);
    goOn();
    expect((await promise).reason).to.equal(error);
  });

  it('is never aborted if it is in time, or has no limit', async () => {
    const signals: AbortSignal[] = [];
    await fresh.here.getOrLoad('Dune', ({ signal }) => signals.push(signal));
    await fresh.here.getOrLoad('Emma', ({ signal }) => signals.push(signal), { loadTimeout: 0 });
    await fresh.setUp({});
    await fresh.here.getOrLoad('Dune', ({ signal }) => signals.push(signal));
    await fresh.pass(5);
    expect(signals.map(({ aborted }) => aborted)).to.deep.equal([false, false, false]);
  });
}

function describeJoinedTimeouts(fresh: FreshnessStage): void {
  it('ends for each reader at his own time', async () => {
    const load = await fresh.slowly<string>('Dune');
    const patient = fresh.here.getOrLoad('Dune', () => 'a second load', { loadTimeout: 0 });
    await fresh.pass(OVER / 4);
    const later = rejectionOf(fresh.here.getOrLoad('Dune', () => 'a second load', { loadTimeout: MINUTE }));
    await fresh.pass(OVER);
    expect((await cacheErrorOf(load.result)).code).to.equal('CACHE_LOAD_TIMEOUT');
    load.succeed('late');
    expect([await patient, await later.catch(() => 'the value')]).to.deep.equal(['late', 'the value']);
    expect(fresh.here.statistics()).to.include({ loads: 1, joined: 2, loadTimeouts: 1 });
  });

  it('is not aborted by its first caller while others wait for it', async () => {
    const [begun, ended] = [gate(), gate()];
    let signal: AbortSignal | undefined;
    const impatient = fresh.here.getOrLoad<string>('Dune', async (context) => {
      ({ signal } = context);
      begun.open();
      await ended.promise;
      return 'late';
    });
    await begun.promise;
    const patient = [1, 2].map((each) => fresh.here.getOrLoad('Dune', () => `load of ${each}`, { loadTimeout: 0 }));
    await fresh.pass(OVER);
    expect((await cacheErrorOf(impatient)).code).to.equal('CACHE_LOAD_TIMEOUT');
    expect(signal?.aborted).to.equal(false);
    ended.open();
    expect(await Promise.all(patient)).to.deep.equal(['late', 'late']);
  });

  it('is run again for those who joined it when it had been aborted', async () => {
    const [begun, ended] = [gate(), gate()];
    const impatient = fresh.here.getOrLoad<string>('Dune', async ({ signal }) => {
      begun.open();
      await ended.promise;
      throw signal.reason;
    });
    await begun.promise;
    await fresh.pass(OVER);
    expect((await cacheErrorOf(impatient)).code).to.equal('CACHE_LOAD_TIMEOUT');
    const patient = [1, 2].map((each) => fresh.here.getOrLoad('Dune', () => `load of ${each}`, { loadTimeout: 0 }));
    ended.open();
    expect(await Promise.all(patient)).to.deep.equal(['load of 1', 'load of 1']);
  });
}

function describeStaleTimeouts(fresh: FreshnessStage): void {
  const isTimeout = (error: unknown): boolean => error instanceof CacheLoadTimeoutError;

  it('is answered for by the value whose life has ended, and replaces it when it comes', async () => {
    const asked: unknown[] = [];
    const when = (error: unknown): boolean => (asked.push(error), true);
    await fresh.setUp({ loadTimeout: SOON, staleIfError: { for: 20 * MINUTE, retryAfter: MINUTE, when } });
    const told = fresh.told('servedStale');
    await fresh.here.getOrLoad('Dune', () => 'old');
    await fresh.pass(11);
    const load = await fresh.slowly<string>('Dune');
    await fresh.pass(OVER);
    expect(await load.result).to.equal('old');
    expect([asked.map(isTimeout), told.map(({ error }) => isTimeout(error))]).to.deep.equal([[true], [true]]);
    load.succeed('new');
    await fresh.counted('loads', 2);
    expect(await fresh.here.getOrLoad('Dune', () => 'a third load', { loadTimeout: 0, staleIfError: 0 })).to.equal('new');
    expect(fresh.here.statistics()).to.include({ loadTimeouts: 1, servedStale: 1, loads: 2 });
  });

  it('C9: is not answered for by a value that was evicted while it ran', async () => {
    await fresh.setUp({ loadTimeout: SOON, staleIfError: 20 * MINUTE });
    await fresh.here.getOrLoad('Dune', () => 'old');
    await fresh.pass(11);
    const load = await fresh.slowly<string>('Dune');
    await fresh.heard('there', () => fresh.here.evict('Dune'));
    await fresh.pass(OVER);
    expect((await cacheErrorOf(load.result)).code).to.equal('CACHE_LOAD_TIMEOUT');
    load.fail(AWAY);
    await fresh.counted('loadFailures', 1);
  });
}
