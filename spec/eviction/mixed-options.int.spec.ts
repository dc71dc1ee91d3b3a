/**
 * In every deploy, instances whose options differ run on one namespace. The contract holds in each of them; at worst entries are missed.
 * (`spec/interleavings` has schedules with different bounds and tiers, too.)
 */
import { expect } from 'chai';
import type { Cache } from '../../lib/cache/index.js';
import { type CacheInstance, createInstance } from '../../lib/instance/cache-instance.js';
import type { CacheOptions, CachingOptions } from '../../lib/instance/options.js';
import { PATIENT } from '../support/patient.js';
import { RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';

class Book {
  constructor(
    readonly version: number,
    readonly printed: Date,
  ) {}
}

const LONGEST_BOUND_MS = 2_000;
const CACHE = 'mixed-book';

/** What each instance differs in from the defaults. */
const OPTIONS: Readonly<Record<string, CacheOptions>> = {
  'nothing at all': {},
  'a shorter ttl': { ttl: '1m', localTtl: '10s' },
  'entries without end': { ttl: 0 },
  'the local tier alone': { tiers: 'local' },
  'the remote tier alone': { tiers: 'remote' },
  'a type': { type: Book },
  'the type by a name': { type: { Book } },
  copies: { copy: 'clone' },
  'no null values': { allowNullValues: false },
  'room for one entry': { maximumSize: 1 },
  'room for small values only': { maximumValueSize: 10 },
  'being served while disconnected': { whenDisconnected: 'serve' },
  'a topic of its own': { topic: 'mixed-books' },
  'reports of what is not acknowledged': { unacknowledged: 'report' },
};
const WHOLE: Readonly<Record<string, CachingOptions>> = {
  'a shorter bound': { bound: '250ms' },
  'a longer bound': { bound: LONGEST_BOUND_MS },
  'a cache made at first use': { caches: {} },
  'a shorter intent lease': { intentLease: '100ms' },
  'no room for the cache': { caches: {}, maximumDynamicCaches: 1 },
};

interface Member {
  readonly name: string;
  readonly instance: CacheInstance;
  readonly cache: Cache;
}

describe('Instances with different options on one namespace', function () {
  this.timeout(300_000);
  let server: RedisServer;
  let members: Member[];
  let versions: Map<string, number>;

  beforeEach(async () => {
    server = await RedisServer.start();
    members = [];
    versions = new Map();
    const all: [string, CachingOptions][] = [
      ...Object.entries(OPTIONS).map(([name, book]): [string, CachingOptions] => [name, { caches: { [CACHE]: book } }]),
      ...Object.entries(WHOLE),
    ];
    for (const [name, options] of all) {
      const instance = createInstance({ ...PATIENT, redis: server.url, caches: { [CACHE]: {} }, ...options });
      await instance.start();
      if (options.maximumDynamicCaches === 1) instance.manager.getCache('another');
      members.push({ name, instance, cache: instance.manager.getCache(CACHE) as Cache });
    }
    await waitFor(() => members.every(({ instance }) => instance.manager.health().status === 'up'), { what: 'all to be up' });
  });

  afterEach(async () => {
    await Promise.all(members.map(({ instance }) => instance.stop()));
    await server.stop();
  });

  const valueOf = ({ name }: Member, version: number): object =>
    name.includes('type') ? new Book(version, new Date(version)) : { version, printed: new Date(version) };
  /** Reads as a decorated method does, from wherever it is served. What comes back must be the newest, and as the method returns it. */
  const read = async (member: Member, key: string, what: string): Promise<void> => {
    const least = versions.get(key) ?? 0;
    const value = await member.cache.getOrLoad<object>(key, () => valueOf(member, versions.get(key) ?? 0));
    expect(value, `${what}: ${key}, read where there is ${member.name}`).to.deep.equal(valueOf(member, least));
  };
  const readEverywhere = async (what: string): Promise<void> => {
    // From the method, the remote tier and the local tier, by whoever comes first.
    for (let time = 0; time < 3; time += 1)
      for (const key of versions.keys()) await Promise.all(members.map((member) => read(member, key, what)));
  };
  /** Each writes a key of its own, all at once. */
  const writeAll = (write: (member: Member, key: string, version: number) => Promise<unknown>): Promise<unknown> =>
    Promise.all(
      members.map(async (member) => {
        const version = (versions.get(member.name) ?? 0) + 1;
        versions.set(member.name, version);
        await write(member, member.name, version);
        await read(member, member.name, 'C1');
      }),
    );
  const passed = async (ms: number): Promise<void> => {
    const until = performance.now() + ms;
    await waitFor(() => performance.now() > until, { what: 'the bound to pass', everyMs: 20 });
  };

  beforeEach(async () => {
    for (const { name } of members) versions.set(name, 1);
    await readEverywhere('before all');
  });

  it('never serve what an eviction removed that was acknowledged by all (C4)', async () => {
    await writeAll(({ cache }, key) => cache.evict(key, { acks: 'all' }));
    await readEverywhere('C4');
    for (const member of members.filter((_, i) => i % 5 === 0)) {
      for (const key of versions.keys()) versions.set(key, (versions.get(key) ?? 0) + 1);
      await member.cache.clear({ acks: 'all' });
      await readEverywhere(`C4 after a clear where there is ${member.name}`);
    }
  });

  it('never serve what was evicted longer than their bound ago (C2), even if their subscriptions were lost', async () => {
    await writeAll(({ cache }, key) => cache.evict(key));
    await passed(LONGEST_BOUND_MS);
    await readEverywhere('C2');
    // Nobody hears what is evicted now: no new connection may subscribe, and the old ones end.
    await server.cli('ACL', 'SETUSER', 'default', '-subscribe');
    await server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await writeAll(({ cache }, key) => cache.evict(key));
    await server.cli('ACL', 'SETUSER', 'default', '+subscribe');
    await waitFor(() => members.every(({ instance }) => instance.manager.health().status === 'up'), { what: 'all to be back' });
    await passed(LONGEST_BOUND_MS);
    await readEverywhere('C2 after a loss');
  });

  it('store nothing old while any of them writes in between two evictions', async () => {
    const safe = members.filter(({ name }) => name !== 'the local tier alone');
    const writes = safe.map(({ name, cache }) =>
      cache.evictAround(
        [name],
        async () => {
          // What all the others load, and what one of them puts, is the old value.
          await Promise.all(safe.map((member) => read(member, name, 'before the commit')));
          await members[0]!.cache.put(name, valueOf(members[0]!, versions.get(name)!));
          versions.set(name, versions.get(name)! + 1);
        },
        { acks: 'all' },
      ),
    );
    await Promise.all(writes);
    await readEverywhere('after a crash-safe write');
    expect(members[1]!.instance.manager.statistics()[CACHE]?.withheld).to.be.greaterThan(0);
  });

  it('never serve what a put replaced longer than their bound ago', async () => {
    await writeAll(async (member, key, version) => {
      const isSmall = member.name === 'room for small values only';
      await (isSmall ? member.cache.evict(key) : member.cache.put(key, valueOf(member, version)));
    });
    await passed(LONGEST_BOUND_MS);
    await readEverywhere('C2');
  });

  it('never keep what a load brings that an eviction overtook (C5)', async () => {
    const finish: (() => void)[] = [];
    await Promise.all(members.map(({ cache }) => cache.evict('slow')));
    const loads = members.map(({ cache }) =>
      cache.getOrLoad('slow', () => new Promise((resolve) => finish.push(() => resolve({ version: 0 })))),
    );
    await waitFor(() => finish.length > 0, { what: 'a load to begin' });
    versions.set('slow', 1);
    await (members[0] as Member).cache.evict('slow', { acks: 'all' });
    const finishing = setInterval(() => finish.splice(0).forEach((end) => end()), 10);
    await Promise.all(loads).finally(() => clearInterval(finishing));
    await readEverywhere('C5');
  });
});
