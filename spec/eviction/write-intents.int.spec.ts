import { expect } from 'chai';
import type { TwoTierCache } from '../../lib/cache/index.js';
import { type CacheInstance, createInstance } from '../../lib/instance/cache-instance.js';
import { Bookkeeping } from '../support/bookkeeping.js';
import { gate } from '../support/promises.js';
import { RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';

const LEASE = 60_000;

let namespaces = 0;

describe('write intents in Redis', function () {
  this.timeout(60_000);
  let server: RedisServer;
  let namespace: string;
  let book: Bookkeeping;
  let instances: CacheInstance[];
  let here: TwoTierCache;
  let there: TwoTierCache;

  const join = async (intentLease: number): Promise<TwoTierCache> => {
    const instance = createInstance({ redis: server.url, namespace, intentLease, timeout: '5s', deadline: '10s' });
    instances.push(instance);
    await instance.start();
    return instance.manager.getCache('book') as TwoTierCache;
  };

  before(async () => {
    server = await RedisServer.start();
  });

  after(() => server.stop());

  beforeEach(async () => {
    namespace = `intents-${(namespaces += 1)}`;
    book = new Bookkeeping(server, namespace);
    instances = [];
    [here, there] = [await join(LEASE), await join(LEASE)];
  });

  afterEach(() => Promise.all(instances.map((instance) => instance.stop())));

  /** Loads in another instance. Whether it was stored. */
  const isStored = async (key = 'Dune'): Promise<boolean> => {
    await there.getOrLoad(key, () => 'loaded');
    return (await server.cli('EXISTS', await book.data(key))) === 1;
  };
  const becomesStored = (key?: string): Promise<void> => waitFor(() => isStored(key), { what: 'a load that is stored' });

  /** What lies under a key: until when it is withheld at most, and by how many writes. */
  const intentOf = async (field: string): Promise<{ leftMs: number; writes: number } | undefined> => {
    const value = (await server.cli('HGET', book.keys.intents, field)) as string | null;
    const [seconds, micros] = (await server.cli('TIME')) as [string, string];
    if (value === null) return undefined;
    const leftMs = Number(value.split(';')[0]) - Number(seconds) * 1_000 - Number(micros) / 1_000;
    return { leftMs, writes: value.split(';').length - 1 };
  };
  const isThere = async (): Promise<boolean> => (await server.cli('EXISTS', book.keys.intents)) === 1;
  /** As a writer that died has left it. */
  const abandon = async (field: string, leftMs: number): Promise<void> => {
    const [seconds] = (await server.cli('TIME')) as [string];
    const ends = Number(seconds) * 1_000 + leftMs;
    await server.cli('HSET', book.keys.intents, field, `${ends};dead=${ends}`);
  };

  it('lie outside of the generation, without an end, and are gone with the last write', async () => {
    const [first, second] = [await here.intend(['Dune']), await there.intend(['Dune'])];
    const intent = await intentOf(':Dune');
    expect(intent?.writes).to.equal(2);
    expect(intent?.leftMs).to.be.within(LEASE, 1.25 * LEASE);
    // A full server removes what ends by itself, under the policies that spare what does not.
    expect(await server.cli('PTTL', book.keys.intents)).to.equal(-1);
    await here.clear();
    await first.end();
    expect([(await intentOf(':Dune'))?.writes, await isStored()]).to.deep.equal([1, false]);
    await second.end();
    expect(await isThere()).to.equal(false);
    await becomesStored();
  });

  it('of the whole cache lie beside them', async () => {
    const [intent, ofAll] = [await here.intend(['*']), await here.intend('all')];
    expect([await isStored('Dune'), await isStored('Emma'), await isStored('')]).to.deep.equal([false, false, false]);
    await ofAll.end();
    await becomesStored();
    expect([await isStored('*'), await intentOf('*')]).to.deep.equal([false, undefined]);
    await intent.end();
    expect(await isThere()).to.equal(false);
  });

  it('of the empty key, and of keys with separators, withhold these alone', async () => {
    for (const key of ['', ':', '::', ';', '=', '5::Dune', ['Dune', 2]]) {
      const intent = await here.intend([key]);
      await there.getOrLoad(key, () => 'loaded');
      expect(await there.get(key)).to.equal(undefined);
      await becomesStored('another key');
      await intent.end();
      expect(await isThere(), JSON.stringify(key)).to.equal(false);
      await here.evict('another key');
    }
  });

  it('hold until the time limit of a writer that died', async () => {
    await abandon(':Dune', 2_000);
    expect(await isStored()).to.equal(false);
    await becomesStored();
    expect((await intentOf(':Dune'))?.leftMs).to.be.at.most(0);
  });

  it('of the dead are taken away by those who write later, also of other keys', async () => {
    for (let i = 0; i < 40; i += 1) await abandon(`:dead ${i}`, -1_000);
    for (let i = 0; i < 40 && (await isThere()); i += 1) await (await here.intend([`alive ${i}`])).end();
    expect(await isThere()).to.equal(false);
  });

  it('end with the bookkeeping of the cache, when its last instance has left, and not any sooner', async () => {
    const writer = await join(LEASE);
    await abandon(':Dune', 3_600_000);
    await Promise.all(instances.splice(0, 2).map((instance) => instance.stop()));
    expect(await server.cli('PTTL', book.keys.intents)).to.equal(-1);
    await writer.evict('another key');
    await instances.pop()!.stop();
    expect(await server.cli('PTTL', book.keys.intents)).to.be.greaterThan(30 * 86_400_000);
    const next = await join(LEASE);
    await (await next.intend(['Emma'])).end();
    expect(await server.cli('PTTL', book.keys.intents)).to.equal(-1);
  });

  it('are set anew, with an eviction, when Redis has lost them', async () => {
    const lapsed: unknown[] = [];
    const writer = await join(400);
    instances.at(-1)!.events.on('intentLapsed', (event) => lapsed.push(event));
    const intent = await writer.intend(['Dune']);
    await server.cli('DEL', book.keys.intents);
    // Somebody stores the old value meanwhile, unless the renewal was faster.
    await isStored();
    await waitFor(() => lapsed.length > 0, { what: 'the renewal' });
    await waitFor(async () => (await intentOf(':Dune')) !== undefined, { what: 'the intent' });
    expect([lapsed[0], await server.cli('EXISTS', await book.data('Dune'))]).to.deep.equal([{ cache: 'book', keys: ['Dune'] }, 0]);
    await intent.end();
  });

  it('are set anew at once when the generation changes, as it does on a server without its data', async () => {
    const intent = await here.intend(['Dune']);
    await server.cli('FLUSHALL');
    await waitFor(async () => (await intentOf(':Dune')) !== undefined, { what: 'the intent, long before a renewal is due' });
    await intent.end();
  });

  it('are renewed four times in each lease, and not with every heartbeat', async () => {
    const writer = await join(2_000);
    const intent = await writer.intend(['Dune']);
    const renewals = async (): Promise<number> =>
      Number(/calls=(\d+)/.exec((await server.info('commandstats'))['cmdstat_hrandfield'] ?? '')?.[1] ?? 0);
    await server.cli('CONFIG', 'RESETSTAT');
    const begun = performance.now();
    await waitFor(async () => performance.now() - begun > 2_100 && (await renewals()) > 0, { what: 'renewals' });
    expect(await renewals()).to.be.at.most(Math.ceil((performance.now() - begun) / 500));
    await intent.end();
  });

  for (const [what, put] of Object.entries({
    'a string': (key: string) => server.cli('SET', key, 'something else'),
    'a list': (key: string) => server.cli('RPUSH', key, 'something else'),
    'a field that says nothing': (key: string) => server.cli('HSET', key, ':Dune', 'something else'),
    'a field that claims too much': (key: string) => server.cli('HSET', key, ':Dune', '9'.repeat(400)),
  })) {
    it(`are not confused by ${what} that another program has put there`, async () => {
      await put(book.keys.intents);
      await (await here.intend(['Dune'])).end();
      await becomesStored();
      await there.put('Dune', 'put');
      await here.evict('Dune');
      await put(book.keys.intents);
      const intent = await here.intend('all');
      expect(await isStored()).to.equal(false);
      await intent.end();
      await (await here.intend(['Dune'])).end();
      await becomesStored();
    });
  }

  for (const policy of ['noeviction', 'volatile-lru', 'volatile-ttl', 'volatile-random'] as const) {
    it(`are set, renewed, kept and ended while the memory of the server is full (${policy})`, async () => {
      const writer = await join(400);
      await server.cli('CONFIG', 'SET', 'maxmemory-policy', policy);
      await server.cli('CONFIG', 'SET', 'maxmemory', 1);
      try {
        const { promise, open } = gate();
        const written = writer.evictAround(['Dune'], () => promise);
        const value = (): Promise<unknown> => server.cli('HGET', book.keys.intents, ':Dune');
        await waitFor(async () => (await value()) !== null, { what: 'the intent' });
        const first = await value();
        await there.put('another', 'value').catch(() => undefined);
        await waitFor(async () => (await value()) !== first, { what: 'a renewal' });
        expect(await value()).not.to.equal(null);
        open();
        await written;
        expect(await value()).to.equal(null);
      } finally {
        await server.cli('CONFIG', 'SET', 'maxmemory', 0);
        await server.cli('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
      }
    });
  }

  it('of an instance that does not keep the cache count as well', async () => {
    const instance = createInstance({ redis: server.url, namespace, caches: { other: {} }, dynamic: true, maximumDynamicCaches: 1 });
    instances.push(instance);
    await instance.start();
    instance.manager.getCache('another'); // There is no room for one more.
    const passing = instance.manager.getCache('book')!;
    await becomesStored();
    await passing.evictAround(['Dune'], async () => {
      expect(passing.statistics().withheldKeys).to.equal(1);
      await waitFor(async () => (await there.get('Dune')) === undefined, { what: 'the eviction' });
      expect(await isStored()).to.equal(false);
    });
    await becomesStored();
  });
});
