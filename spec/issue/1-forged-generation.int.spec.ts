/**
 * What happened: a message with the generation 2^53 on `book-channel` was adopted by every instance and written into Redis by the next
 * heartbeat. `clear()` then resolved and cleared nothing, or L1 was off and every eviction failed, with health `up`; neither a restart nor
 * FLUSHALL cured it while one instance ran. Bookkeeping that another program had written over did the same.
 *
 * Decided: a generation comes from a reply of Redis alone, and the heartbeat replaces what cannot be one (docs/coherence.md, "The message that
 * nobody sent").
 */
import { expect } from 'chai';
import type { TwoTierCache } from '../../lib/cache/index.js';
import { LEAST_DAMAGED } from '../../lib/eviction/cache-state.js';
import type { EvictionMessage } from '../../lib/eviction/index.js';
import { formatMessage } from '../../lib/eviction/messages.js';
import { inboxOf, RemoteKeys } from '../../lib/eviction/remote-keys.js';
import { type CacheInstance, createInstance } from '../../lib/instance/cache-instance.js';
import { Bookkeeping } from '../support/bookkeeping.js';
import { RedisServer } from '../support/redis-server.js';
import { PATIENT } from '../support/patient.js';
import { waitFor } from '../support/wait.js';

const BOUND_MS = 200;

describe('A fleet on one Redis', () => {
  let server: RedisServer;
  let runtimes: CacheInstance[];
  let told: string[];
  const keys = new RemoteKeys('cache', 'book');
  let book: Bookkeeping;

  const join = async (): Promise<TwoTierCache> => {
    const runtime = createInstance({ redis: server.url, bound: BOUND_MS, ...PATIENT, caches: { book: { ttl: '10m' } } });
    runtimes.push(runtime);
    runtime.events.on('error', ({ where, error }) => void told.push(`${where}: ${(error as Error).message}`));
    runtime.events.on('malformed', ({ reason }) => void told.push(`malformed: ${reason}`));
    await runtime.start();
    return runtime.manager.getCache('book') as TwoTierCache;
  };
  const forge = async (more: Partial<EvictionMessage>): Promise<void> => {
    const seq = (await book.seq()) + 1;
    const gen = await book.gen();
    const message = { ns: 'cache', cache: 'book', seq, gen, op: 'evict', keys: [], origin: 'x~0123456789ab', ...more } as const;
    await server.cli('PUBLISH', 'book-channel', formatMessage(message));
  };
  /** A value that all agree on is cached in both tiers, a clear and an eviction by one are obeyed by all. */
  const works = async (caches: readonly TwoTierCache[], round: string): Promise<void> => {
    const [one, ...others] = caches as [TwoTierCache, ...TwoTierCache[]];
    const isUp = (): boolean => runtimes.every(({ manager }) => manager.health().status === 'up');
    await waitFor(isUp, { what: 'every instance to be up' });
    for (const [i, write] of [
      () => one.clear(),
      () => one.evict('Dune'),
      () => one.clear({ acks: 'all' }),
      () => one.evict('Dune', { acks: 'all' }),
    ].entries()) {
      const value = `${round} ${i}`;
      for (const other of others) await other.getOrLoad('Dune', () => 'old');
      await write();
      const isGone = (): boolean => others.every((other) => other.hitNow('Dune') === undefined);
      if (i < 2) await waitFor(isGone, { what: 'the others to hear of it' });
      else expect(isGone(), value).to.equal(true);
      for (const cache of caches) expect(await cache.getOrLoad('Dune', () => value)).to.equal(value);
      // An echo from before the write may come after its reply, and refuse the first value.
      for (const cache of caches) await waitFor(() => isKept(cache, value), { what: `'${value}' to be kept` });
    }
    await waitFor(isUp, { what: 'every instance to stay up' });
  };
  /** Whether the value is found, and not loaded. */
  const isKept = async (cache: TwoTierCache, value: string): Promise<boolean> => {
    let isLoaded = false;
    const load = (): string => {
      isLoaded = true;
      return value;
    };
    expect(await cache.getOrLoad('Dune', load)).to.equal(value);
    return !isLoaded;
  };
  /** Heartbeats of every instance, one and a half bounds of them. */
  const settle = async (): Promise<void> => {
    const since = performance.now();
    await waitFor(() => performance.now() - since > 1.5 * BOUND_MS, { what: 'a bound to pass' });
  };

  beforeEach(async () => {
    [runtimes, told] = [[], []];
    server = await RedisServer.start();
    book = new Bookkeeping(server);
  });

  afterEach(async () => {
    await Promise.all(runtimes.map((runtime) => runtime.stop()));
    await server.stop();
  });

  const later = String(LEAST_DAMAGED - 1);
  for (const [what, message, reason] of [
    ['2^53', { gen: '9007199254740992', seq: 1 }, 'no generation'],
    ['nanoseconds for microseconds', { gen: '1763690000000000000' }, 'no generation'],
    ['20 digits', { gen: '9'.repeat(20) }, 'no generation'],
    ['the largest there is', { gen: later }, 'a generation from the future'],
    ['the largest there is, of a clear', { gen: later, op: 'clear', seq: 7 }, 'a generation from the future'],
    ['an hour from now', { gen: String((Date.now() + 3_600_000) * 1_000) }, 'a generation that Redis does not have'],
    [
      'an hour from now, of a clear',
      { gen: String((Date.now() + 3_600_000) * 1_000), op: 'clear', seq: 7 },
      'a generation that Redis does not have',
    ],
    ['2^53, as a number', { gen: (2 ** 53) as never }, 'no generation'],
  ] as const) {
    it(`goes on after a message with a forged generation: ${what}`, async () => {
      const caches = [await join(), await join()];
      const before = await book.gen();
      await forge(message);
      await settle();
      expect(await book.gen(), 'as Redis has it').to.equal(before);
      expect(caches.map(({ generation }) => generation)).to.deep.equal([before, before]);
      expect(told, 'once by each').to.deep.equal([`malformed: ${reason}`, `malformed: ${reason}`]);
      await works(caches, what);
      await forge(message);
      await works([...caches, await join()], `${what} again`);
      expect(told.length).to.equal(2);
    });
  }

  for (const which of ['an earlier generation', 'the largest there is, for a second time'] as const) {
    it(`does not bring back what was stored in ${which} when another program puts that there`, async () => {
      const caches = [await join(), await join()];
      if (which !== 'an earlier generation') {
        await book.set({ gen: later });
        await caches[0]?.getOrLoad('Emma', () => 1);
        await server.cli('SET', keys.data(later, 'Dune'), '{"value":"old"}');
        await settle();
      }
      await caches[0]?.put('Dune', 'old');
      const earlier = which === 'an earlier generation' ? await book.gen() : later;
      await caches[0]?.clear();
      for (const cache of caches) expect(await cache.getOrLoad('Dune', () => 'new')).to.equal('new');
      await book.set({ gen: earlier, run: 'ab' });
      caches.push(await join());
      for (let round = 0; round < 2; round += 1) {
        await caches[0]?.evict('Dune');
        for (const cache of caches) expect(await cache.getOrLoad('Dune', () => 'new')).to.equal('new');
        await settle();
      }
    });
  }

  it('takes no echo for proof that names a generation no reply has named', async () => {
    const caches = [await join()];
    const channels = (await server.cli('PUBSUB', 'CHANNELS', `${inboxOf('cache', '*')}`)) as string[];
    expect(channels.length).to.equal(1);
    for (let beat = 0; beat < 50; beat += 1) {
      await server.cli('PUBLISH', channels[0] as string, `{"v":2,"beat":${beat},"states":"7:${later}:ab"}`);
    }
    await works(caches, 'echo');
    expect(caches[0]?.generation).not.to.equal(later);
  });

  for (const [which, key] of Object.entries({
    state: keys.state,
    'list of the living': keys.members,
    'list of hosts': keys.hosts,
  })) {
    for (const [how, damage] of Object.entries({
      'not a number': ['SET', key, 'x'],
      nothing: ['SET', key, ''],
      'a fraction': ['SET', key, '1.5'],
      'beyond what a double counts': ['SET', key, '9007199254740993'],
      '20 digits': ['SET', key, '9'.repeat(20)],
      'as large as can be': ['SET', key, later],
      'a state of another server': ['SET', key, '5:5:ab'],
      'the largest state': ['SET', key, `${later}:${later}:ab`],
      'a state beyond what a double counts': ['SET', key, '9007199254740993:9007199254740993:ab'],
      'half a state': ['SET', key, '5:'],
      'another type': ['HSET', key, 'a', 'b'],
      lost: ['PING'],
    } as const)) {
      it(`repairs a damaged ${which} within a bound, and tells at most once by each: ${how}`, async () => {
        const caches = [await join(), await join()];
        await caches[0]?.getOrLoad('Dune', () => 'old');
        await server.cli('DEL', key);
        await server.cli(...(damage as unknown as [string, ...string[]])).catch(() => undefined); // A heartbeat was quicker.
        await settle();
        await caches[0]?.clear(); // Beyond the largest generation there is a smaller one, which each instance has to hear of.
        await settle();
        await works(caches, how);
        await works([...caches, await join()], `${how}, with one more`);
        const repairs = told.filter((each) => each.includes('was damaged'));
        expect(repairs.length).to.be.lessThan(caches.length + 1);
        expect(told.filter((each) => !each.includes('was damaged') && !each.startsWith('heartbeat'))).to.deep.equal([]);
      });
    }
  }
});
