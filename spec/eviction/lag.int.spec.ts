import { expect } from 'chai';
import { Container } from 'inversify';
import { type Cache, type CacheEventMap, CacheEvents, CacheManager, type CacheStatistics, enableCaching } from '../../lib/index.js';
import { type FaultyRedis, faultyRedis } from '../../lib/testing/index.js';
import { Bookkeeping } from '../support/bookkeeping.js';
import { RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';

describe('the lag of a message, on Redis', () => {
  let server: RedisServer;
  let proxy: FaultyRedis;
  let here: Container;
  let there: Container;
  let heard: { readonly event: CacheEventMap['evicted']; readonly at: number }[];

  beforeEach(async () => {
    server = await RedisServer.start();
    proxy = await faultyRedis(server.url);
    [here, there] = [new Container(), new Container()];
    const options = { caches: { book: {} }, bound: '20s', timeout: '1s', deadline: '3s', connectTimeout: '20s' } as const;
    await enableCaching(here, { ...options, redis: server.url, instanceId: 'here' });
    await enableCaching(there, { ...options, redis: proxy.url, instanceId: 'there' });
    heard = [];
    there.get(CacheEvents).on('evicted', (event) => void heard.push({ event, at: performance.now() }));
  });

  afterEach(async () => {
    await Promise.all([here.unbindAllAsync(), there.unbindAllAsync()]);
    await proxy.stop();
    await server.stop();
  });

  const cacheOf = (container: Container): Cache => container.get(CacheManager).getCache('book') as Cache;
  const figures = (): CacheStatistics => cacheOf(there).statistics();

  it('lies between what the way takes and what has passed since the eviction was asked for', async () => {
    proxy.delay(600, { direction: 'to-client' });
    const asked = performance.now();
    await cacheOf(here).evict('Dune');
    await waitFor(() => heard.length === 1, { what: 'the message' });
    const { event, at } = heard[0] as (typeof heard)[0];
    // The estimate of the clock rests on heartbeats before the delay; half of their round trip is what it can be wrong by.
    expect(event.lagMs).to.be.within(600 - 500, at - asked + 500);
    expect(figures()).to.deep.include({ lastLagMs: event.lagMs, p99LagMs: event.lagMs, messagesApplied: 1 });
  });

  it('is told for own messages, puts and clears as well', async () => {
    const told: (number | undefined)[] = [];
    for (const name of ['evicted', 'cleared'] as const) there.get(CacheEvents).on(name, ({ lagMs }) => void told.push(lagMs));
    await cacheOf(there).evict('own');
    await cacheOf(there).clear();
    await cacheOf(here).put('Dune', 1);
    await cacheOf(here).clear();
    await waitFor(() => told.length === 4, { what: 'the messages' });
    expect(told.filter((lag) => !(typeof lag === 'number' && lag >= 0 && lag < 5_000))).to.deep.equal([]);
    expect([figures().lastLagMs, figures().messagesApplied]).to.deep.equal([told.at(-1), 4]);
  });

  it('is not known of a message whose sender does not say, which is applied all the same', async () => {
    await cacheOf(there).getOrLoad('Dune', () => 'old');
    const gen = await new Bookkeeping(server).gen();
    const seq = await new Bookkeeping(server).skip();
    const old = { v: 2, cache: 'book', seq, gen, op: 'evict', keys: ['Dune'], origin: 'older~0123456789ab', ns: 'cache' };
    await server.cli('PUBLISH', 'book-channel', JSON.stringify(old));
    await waitFor(() => heard.length === 1, { what: 'the message' });
    expect(heard[0]?.event).to.deep.equal({ cache: 'book', keys: ['Dune'], origin: 'older', seq, lagMs: undefined });
    expect(figures()).to.deep.include({ lastLagMs: undefined, p99LagMs: undefined, messagesApplied: 1, localSize: 0, remoteRemovals: 1 });
  });

  it('stands beside gaps, repairs, bypass and removals by cause', async () => {
    const [mine, theirs] = [cacheOf(here), cacheOf(there)];
    const read = (...keys: string[]): Promise<unknown> => Promise.all(keys.map((key) => theirs.getOrLoad(key, () => key)));
    await read('own', 'remote', 'rest');
    await theirs.evict('own');
    await mine.evict('remote');
    await waitFor(() => figures().messagesApplied === 2, { what: 'both evictions' });
    expect(figures()).to.deep.include({ explicitRemovals: 1, remoteRemovals: 1, coherenceRemovals: 0, gaps: 0, repairs: 0, localSize: 1 });

    await new Bookkeeping(server).skip(); // A message that was numbered and never delivered.
    await mine.evict('another');
    await waitFor(() => figures().gaps === 1, { what: 'the gap' });
    expect(figures()).to.deep.include({ coherenceRemovals: 1, repairs: 1, localSize: 0 });

    await read('one', 'two');
    await mine.clear();
    await waitFor(() => figures().localSize === 0, { what: 'the clear' });
    expect(figures()).to.deep.include({ remoteRemovals: 3, coherenceRemovals: 1, repairs: 1 });

    await read('three');
    const before = figures().bypassTimeMs;
    proxy.away();
    await waitFor(() => there.get(CacheManager).health().status !== 'up', { what: 'the bypass' });
    await theirs.get('three').catch(() => undefined);
    expect(figures().bypassed).to.equal(1);
    await mine.evict('another'); // Which the one behind the proxy misses.
    proxy.heal();
    await waitFor(() => there.get(CacheManager).health().status === 'up', { what: 'the lease to be won back' });
    const { bypassTimeMs } = figures();
    expect(bypassTimeMs).to.be.greaterThan(before);
    expect(figures()).to.deep.include({ bypassTimeMs, coherenceRemovals: 2, repairs: 2, gaps: 1 });

    there.get(CacheManager).resetStatistics();
    expect(figures()).to.deep.include({
      bypassTimeMs: 0,
      coherenceRemovals: 0,
      repairs: 0,
      gaps: 0,
      messagesApplied: 0,
      lastLagMs: undefined,
    });
  });

  it('shows evictions that wait to be acknowledged', async () => {
    const cache = cacheOf(there);
    proxy.away();
    await cache.evictAll(['a', 'b']).then(
      () => expect.fail('acknowledged'),
      () => undefined,
    );
    expect(figures().pendingEvictions).to.equal(2);
    proxy.heal();
    await waitFor(() => figures().pendingEvictions === 0, { what: 'the retry' });
  });
});
