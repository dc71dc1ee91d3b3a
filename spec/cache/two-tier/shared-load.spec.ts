import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import sinon from 'sinon';
import type { TwoTierCache } from '../../../lib/cache/index.js';
import { type Batched, type BatchedLoad, LoadBatch } from '../../../lib/cache/load-batch.js';
import { SharedLoad } from '../../../lib/cache/two-tier/shared-load.js';
import { createInstance, type CacheInstance } from '../../../lib/instance/cache-instance.js';
import { rejectionOf } from '../../contract/rejection.js';
import { FakeClock } from '../../support/fake-clock.js';
import { turn } from '../../support/promises.js';

const FILL_LEASE = 30_000;

/** Every turn of the microtask queue, and one of the event loop. */
const aborted = (): Error => Object.assign(new Error('The operation was aborted.'), { name: 'AbortError' });

/** A loader that is settled by hand, and counts its runs. */
class Loader {
  runs = 0;
  resolve!: (value: string) => void;
  reject!: (error: unknown) => void;

  readonly run = (): Promise<string> => {
    this.runs += 1;
    return new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
  };
}

describe(SharedLoad.name, () => {
  let clock: FakeClock;
  let timers: sinon.SinonFakeTimers;
  let runtime: CacheInstance;
  let cache: TwoTierCache;
  let fleets = 0;

  beforeEach(async () => {
    clock = new FakeClock();
    runtime = createInstance({
      clock,
      namespace: `shared-load-${(fleets += 1)}`,
      bound: '1h',
      fillLease: FILL_LEASE,
      caches: { book: {} },
    });
    await runtime.start();
    cache = runtime.manager.getCache('book') as TwoTierCache;
    // `Date` too: by it the embedded remote tier ends its leases.
    timers = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], shouldClearNativeTimers: true });
  });

  afterEach(async () => {
    timers.restore();
    await runtime.stop();
  });

  async function pass(ms: number): Promise<void> {
    clock.advance(ms);
    await timers.tickAsync(ms);
    await turn();
  }

  const load = (loader: Loader, key = 'Dune'): Promise<string> => cache.getOrLoad(key, loader.run);
  const runsOf = (loaders: readonly Loader[]): number[] => loaders.map(({ runs }) => runs);

  /** One who loads, and `count` who joined him. */
  async function begin(count: number): Promise<{ first: Promise<string>; joined: Promise<string>[]; loaders: Loader[] }> {
    const loaders = Array.from({ length: count + 1 }, () => new Loader());
    const [first, ...joined] = loaders.map((loader) => load(loader));
    await turn();
    expect(runsOf(loaders)).to.deep.equal([1, ...joined.map(() => 0)]);
    return { first: first!, joined, loaders };
  }

  describe('that lasts as long as a fill lease', () => {
    it('is joined by nobody any more', async () => {
      const { first, loaders } = await begin(0);
      await pass(FILL_LEASE - 1);
      const [early, late] = [new Loader(), new Loader()];
      const joined = load(early);
      await pass(1);
      const after = load(late);
      await turn();
      // The one who joined found its end first, and loads; the new caller shares that.
      expect(runsOf([early, late])).to.deep.equal([1, 0]);
      early.resolve('new');
      expect(await Promise.all([joined, after])).to.deep.equal(['new', 'new']);
      loaders[0]!.resolve('old');
      expect(await first).to.equal('old');
      expect(await cache.get('Dune'), 'its fill lease had ended').to.deep.equal({ value: 'new' });
    });

    it('is joined by nobody even before its timer is due', async () => {
      await begin(1);
      clock.advance(FILL_LEASE);
      const late = new Loader();
      const after = load(late);
      timers.tick(2 * FILL_LEASE); // The lease in the remote tier ends as well.
      await turn();
      expect(late.runs).to.equal(1);
      late.resolve('new');
      expect(await after).to.equal('new');
    });

    it('leaves those who had joined one new load to share, the first of them running it', async () => {
      const { joined, loaders } = await begin(4);
      await pass(FILL_LEASE - 1);
      expect(runsOf(loaders)).to.deep.equal([1, 0, 0, 0, 0]);
      await pass(1);
      expect(runsOf(loaders)).to.deep.equal([1, 1, 0, 0, 0]);
      loaders[1]!.resolve('new');
      expect(await Promise.all(joined)).to.deep.equal(['new', 'new', 'new', 'new']);
      expect(await cache.get('Dune')).to.deep.equal({ value: 'new' });
    });

    it('is followed by loads that last as long, until nobody is left who waits for others', async () => {
      const { loaders } = await begin(3);
      for (const runs of [
        [1, 1, 0, 0],
        [1, 1, 1, 0],
        [1, 1, 1, 1],
      ]) {
        await pass(FILL_LEASE);
        await pass(1_000); // The lease may have been taken later than the load began.
        expect(runsOf(loaders)).to.deep.equal(runs);
      }
    });

    it('may have lost its context and wait for itself: callers that wait through an emitter have an end', async () => {
      const emitter = new EventEmitter();
      emitter.setMaxListeners(0);
      // What asks on behalf of others from a loop of its own belongs to no load.
      emitter.on('ask', (key: string, answer: (value: Promise<string>) => void) => void answer(cache.getOrLoad(key, async () => 'asked')));
      const queue: (() => void)[] = [];
      const worker = (async () => {
        while (queue.length < 2) await turn();
        for (const job of queue) job();
      })();
      const ask = (key: string): Promise<string> =>
        cache.getOrLoad(key === 'p' ? 'q' : 'p', () => new Promise((answer) => queue.push(() => emitter.emit('ask', key, answer))));
      const calls = [ask('p'), ask('q')];
      await worker;
      await turn();
      expect(cache.statistics().joined, 'each waits for the other').to.equal(2);
      await pass(FILL_LEASE);
      await pass(1_000);
      expect(await Promise.all(calls)).to.deep.equal(['asked', 'asked']);
    });

    it('gives those who had joined one new load to share even when the lease to read has ended meanwhile', async () => {
      const { joined, loaders } = await begin(2);
      cache.holdLeaseUntil(Number.NEGATIVE_INFINITY);
      await pass(FILL_LEASE);
      expect(runsOf(loaders)).to.deep.equal([1, 1, 0]);
      const alone = new Loader();
      void load(alone);
      loaders[1]!.resolve('new');
      expect(await Promise.all(joined)).to.deep.equal(['new', 'new']);
    });

    it('though an eviction detached it, gives them what it returned if that comes first', async () => {
      const { joined, loaders } = await begin(2);
      await cache.evict('Dune');
      loaders[0]!.resolve('old');
      expect(await Promise.all(joined)).to.deep.equal(['old', 'old']);
      const again = await begin(1);
      await cache.evict('Dune');
      await pass(FILL_LEASE);
      again.loaders[1]!.resolve('new');
      expect(await again.joined[0]).to.equal('new');
    });
  });

  describe('timers', () => {
    it('are one for all who join, and gone with the load', async () => {
      const before = timers.countTimers();
      const { first, joined, loaders } = await begin(0);
      expect(timers.countTimers()).to.equal(before);
      for (let i = 0; i < 100; i += 1) joined.push(load(new Loader()));
      expect(timers.countTimers()).to.equal(before + 1);
      loaders[0]!.resolve('value');
      await Promise.all([first, ...joined]);
      expect(timers.countTimers()).to.equal(before);
    });

    it('are gone with a load that fails, too', async () => {
      const before = timers.countTimers();
      const { first, joined, loaders } = await begin(1);
      loaders[0]!.reject('no');
      expect([await rejectionOf(first), await rejectionOf(joined[0]!)]).to.deep.equal(['no', 'no']);
      expect(timers.countTimers()).to.equal(before);
    });

    it('that come before the time by the clock are set again', async () => {
      const { loaders } = await begin(1);
      await timers.tickAsync(10 * FILL_LEASE);
      expect(runsOf(loaders)).to.deep.equal([1, 0]);
      await pass(FILL_LEASE);
      expect(runsOf(loaders)).to.deep.equal([1, 1]);
    });

    it('are not longer than Node can set, however long a fill lease is', async () => {
      const load = new SharedLoad('book', 'Dune', clock.now());
      load.promise = new Promise(() => undefined);
      // In a sandbox of its own: `sinon.restore()` of a later spec would bring these fake timers back.
      const set = sinon.createSandbox().spy(globalThis, 'setTimeout');
      void load.join(clock, 315_360_000_000);
      expect(set.args.map(([, ms]) => ms)).to.deep.equal([2 ** 31 - 1]);
      set.restore();
    });
  });

  describe('whose runner is aborted', () => {
    const abortions: Readonly<Record<string, () => unknown>> = {
      'an AbortError': aborted,
      'a DOMException': () => new DOMException('Aborted', 'AbortError'),
      'the reason of a signal': () => AbortSignal.abort().reason,
      'an object by that name': () => ({ name: 'AbortError' }),
    };
    for (const [what, reason] of Object.entries(abortions)) {
      it(`by ${what} leaves those who had joined one new load to share`, async () => {
        const { first, joined, loaders } = await begin(3);
        const error = reason();
        loaders[0]!.reject(error);
        expect(await rejectionOf(first)).to.equal(error);
        await turn();
        expect(runsOf(loaders)).to.deep.equal([1, 1, 0, 0]);
        loaders[1]!.resolve('new');
        expect(await Promise.all(joined)).to.deep.equal(['new', 'new', 'new']);
        expect(await cache.get('Dune')).to.deep.equal({ value: 'new' });
      });
    }

    for (const [what, second] of [
      ['another abort', aborted()],
      ['a failure', new Error('no')],
      ['nothing at all', undefined],
    ] as const) {
      it(`and then ${what}: that is theirs`, async () => {
        const { first, joined, loaders } = await begin(3);
        loaders[0]!.reject(aborted());
        await rejectionOf(first);
        await turn();
        const newcomer = new Loader();
        const late = load(newcomer);
        loaders[1]!.reject(second);
        expect(await Promise.all(joined.map(rejectionOf))).to.deep.equal([second, second, second]);
        expect(runsOf(loaders)).to.deep.equal([1, 1, 0, 0]);
        if (what === 'another abort') {
          await turn();
          newcomer.resolve('to the newcomer it was the first');
          expect(await late).to.equal('to the newcomer it was the first');
        } else {
          expect(await rejectionOf(late)).to.equal(second);
        }
      });
    }

    it('is no end to a failure of another name', async () => {
      const { joined, loaders } = await begin(1);
      const error = new DOMException('Late', 'TimeoutError');
      loaders[0]!.reject(error);
      expect(await rejectionOf(joined[0]!)).to.equal(error);
      expect(runsOf(loaders)).to.deep.equal([1, 0]);
    });

    it('in a load within a load leaves those who had joined either of them one new load to share', async () => {
      const [inner, beside] = [[new Loader(), new Loader()] as const, new Loader()];
      const outer = inner.map((loader) => cache.getOrLoad('outer', () => load(loader)));
      await turn();
      const joined = load(beside);
      inner[0].reject(aborted());
      expect(await rejectionOf(outer[0]!)).to.have.property('name', 'AbortError');
      await turn();
      expect(runsOf([...inner, beside])).to.deep.equal([1, 0, 1]);
      beside.resolve('new');
      expect([await joined, await outer[1]]).to.deep.equal(['new', 'new']);
    });
  });

  it('keeps nothing of the batch that it was a part of once it is over, but knows that it was, and whether it came to nothing', () => {
    const batch = new LoadBatch<string, unknown>({ loader: () => new Map() });
    const [found, absent] = ['a', 'b'].map((key) => batch.add(key)) as [BatchedLoad<string>, BatchedLoad<string>];
    found.take('found');
    absent.take(undefined);
    const loads = [found, absent, undefined].map((batched) => new SharedLoad('book', 'a', 0, batched as Batched | undefined));
    expect(loads.map(({ batched, isBatched }) => [batched, isBatched])).to.deep.equal([[found, true], [absent, true], [undefined, false]]); // prettier-ignore
    for (const load of loads) load.end();
    const left = loads.map(({ batched, isBatched, isNothing }) => [batched, isBatched, isNothing]);
    expect(left).to.deep.equal([[undefined, true, false], [undefined, true, true], [undefined, false, false]]); // prettier-ignore
  });
});
