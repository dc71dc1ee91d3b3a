/**
 * What happened: `acks: 'all'` rested on the server's wall clock and on equal bounds. With a member an hour ahead in the list of the living an
 * eviction waited an hour, with one 40 days ahead not at all; after a step of the clock by +600 s nobody was thought to be alive, and 397 reads
 * were older than an acknowledged eviction; an instance with `bound: '4s'` beside one with `'250ms'` served what the other had evicted.
 *
 * Decided: who is on the list is waited for as long as his own bound is, by the clock of the one who waits. The list notes when it was last
 * written to, so that a step of the clock makes it young, and the longest bound of the fleet, which a young list is waited for.
 */
import { expect } from 'chai';
import type { TwoTierCache } from '../../lib/cache/index.js';
import { originOf } from '../../lib/eviction/index.js';
import { memberOf } from '../../lib/eviction/origin.js';
import type { CachingOptions } from '../../lib/instance/options.js';
import { type CacheInstance, createInstance } from '../../lib/instance/cache-instance.js';
import { type FaultyRedis, faultyRedis } from '../../lib/testing/index.js';
import { Bookkeeping } from '../support/bookkeeping.js';
import { RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';

const HOUR = 3_600_000;

describe("Evictions with acks: 'all'", function () {
  this.timeout(60_000);
  let server: RedisServer;
  let book: Bookkeeping;
  let proxy: FaultyRedis;
  let runtimes: CacheInstance[];

  before(async () => {
    server = await RedisServer.start();
    book = new Bookkeeping(server);
  });

  after(() => server.stop());

  beforeEach(async () => {
    await server.cli('FLUSHALL');
    proxy = await faultyRedis(server.url);
    runtimes = [];
  });

  afterEach(async () => {
    await proxy.stop();
    await Promise.all(runtimes.map((runtime) => runtime.stop()));
  });

  const join = async (options: CachingOptions = {}): Promise<TwoTierCache> => {
    const runtime = createInstance({ redis: server.url, timeout: '5s', deadline: '20s', caches: { book: {} }, ...options });
    runtimes.push(runtime);
    await runtime.start();
    return runtime.manager.getCache('book') as TwoTierCache;
  };
  /** An instance behind the proxy that serves an old value, and from now on hears nothing and is not heard. */
  const deaf = async (bound: CachingOptions['bound']): Promise<TwoTierCache> => {
    const cache = await join({ redis: proxy.url, ...(bound === undefined ? {} : { bound }) });
    await waitFor(() => cache.isServing(performance.now()), { what: 'the lease of the one behind the proxy' });
    await cache.getOrLoad('Dune', () => 'old');
    proxy.blackhole();
    return cache;
  };
  /** Until an eviction need not wait for the list to grow old. */
  const grownOld = async (evicting: TwoTierCache): Promise<void> => evicting.evict('another key', { acks: 'all' });
  const timeOf = async (work: Promise<unknown>): Promise<number> => {
    const begun = performance.now();
    await work;
    return performance.now() - begun;
  };

  for (const [what, aheadMs] of [
    ['an hour', HOUR],
    ['40 days', 40 * 24 * HOUR],
  ] as const) {
    for (const [who, member] of [
      ['one of ours', memberOf(originOf('ghost'), 300)],
      ['one that another program put there', 'ghost'],
    ] as const) {
      it(`wait a bound, no more and no less, for a silent member that is ${what} ahead: ${who}`, async () => {
        const evicting = await join({ bound: '300ms' });
        await grownOld(evicting);
        const took = await timeOf(
          (async () => {
            await server.cli('ZADD', book.keys.members, Date.now() + aheadMs, member);
            await evicting.evict('Dune', { acks: 'all' });
          })(),
        );
        // Unless the next heartbeat took it off the list before the eviction was executed.
        const isThere = (await server.cli('ZSCORE', book.keys.members, member)) !== null;
        if (isThere) expect(took).to.be.at.least(300);
        await waitFor(async () => (await server.cli('ZSCORE', book.keys.members, member)) === null, {
          what: 'it to be taken off the list',
        });
      });
    }
  }

  for (const [what, byMs] of [
    ['ahead', 600_000],
    ['back', -600_000],
  ] as const) {
    it(`are kept when the server's clock is set ${what} by 600 s while an instance is cut off`, async () => {
      const evicting = await join({ bound: '1s' });
      await grownOld(evicting);
      const cutOff = await deaf('1s');
      await book.setClock(byMs);
      await waitFor(async () => Math.abs((await book.age()).last - Date.now()) < 60_000, { what: 'a heartbeat after the step' });
      await evicting.evict('Dune', { acks: 'all' });
      expect(cutOff.hitNow('Dune')).to.equal(undefined);
    });
  }

  it('are kept for an instance with a longer bound that is cut off when the list is lost', async () => {
    const evicting = await join({ bound: '250ms' });
    await grownOld(evicting);
    const slow = await deaf('2s');
    await waitFor(async () => (await book.age()).longest === 2_000, { what: 'the list to note the longest bound' });
    // The one who evicts is told the longest bound by the reply to its next heartbeat.
    const { last } = await book.age();
    await waitFor(async () => (await book.age()).last !== last, { what: 'the next heartbeat' });
    await server.cli('DEL', book.keys.members);
    await waitFor(async () => (await book.members()).length === 1, { what: 'the list to be begun anew' });
    const { born } = await book.age();
    await waitFor(async () => (await book.age()).last > born + 500, { what: 'two short bounds' });
    await evicting.evict('Dune', { acks: 'all' });
    expect(slow.hitNow('Dune')).to.equal(undefined);
  });

  it('wait for an instance that has a longer bound than the one who evicts', async () => {
    const evicting = await join({ bound: '250ms' });
    await grownOld(evicting);
    const slow = await deaf('1s');
    await evicting.evict('Dune', { acks: 'all' });
    expect(slow.hitNow('Dune')).to.equal(undefined);
  });

  it('forget a long bound once nobody has it any more', async () => {
    const evicting = await join({ bound: '250ms' });
    const long = await join({ bound: '1s' });
    await grownOld(evicting);
    await long.evict('Dune', { acks: 'all' });
    await runtimes.pop()?.stop();
    await waitFor(async () => (await book.age()).longest === 250, { what: 'the longest bound to shrink', timeoutMs: 30_000, everyMs: 50 });
  });
});
