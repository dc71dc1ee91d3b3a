import { expect } from 'chai';
import { type CacheKey, type TwoTierCache, withoutCache } from '../../../lib/cache/index.js';
import { ACQUIRE, FILL, RELEASE } from '../../../lib/eviction/scripts.js';
import { BatchReads } from '../../../lib/cache/two-tier/batch-reads.js';
import { neverAll, noted, valuesBy } from '../../contract/collections-stage.js';
import { CommandLog, type LoggedCommand } from '../../contract/command-log.js';
import { Fleet } from '../../contract/fleet.js';
import { rejectionOf } from '../../contract/rejection.js';
import { turn } from '../../support/promises.js';
import { RedisServer } from '../../support/redis-server.js';

const SCRIPTS = new Map([ACQUIRE, FILL, RELEASE].map(({ name, sha }) => [sha, name]));

const keysOf = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => `key ${from + i}`);

describe(`${BatchReads.name} on Redis`, () => {
  let server: RedisServer;
  let log: CommandLog;
  let fleet: Fleet;
  let cache: TwoTierCache;

  before(async () => {
    server = await RedisServer.start();
    log = await CommandLog.open(server);
  });

  after(async () => {
    log.close();
    await server.stop();
  });

  beforeEach(async () => {
    fleet = new Fleet({ redis: server.url });
    ({ cache } = await fleet.join());
    await knowScripts();
  });

  afterEach(async () => {
    await fleet.stop();
    await server.cli('FLUSHALL');
  });

  /** Another instance teaches the server all scripts. */
  async function knowScripts(): Promise<void> {
    const { cache: other } = await fleet.join();
    await other.getOrLoad('known', () => 1);
    await other.getOrLoad('unknown', () => 1, { unless: () => true });
  }

  /** The reads, and the scripts of loads, that clients sent, each with its number of keys. */
  const steps = (commands: readonly LoggedCommand[]): string[] =>
    commands.flatMap(({ name, args, byScript }) => {
      if (byScript) return [];
      if (name === 'MGET') return `MGET ${args.length}`;
      if (name === 'EVAL') return []; // Of an instance that joins. The scripts of loads are known.
      if (name !== 'EVALSHA') return name;
      const script = SCRIPTS.get(args[0] as string);
      const count = Number(args[1]);
      if (script === undefined) return [];
      return `${script} ${script === 'acquire' ? (count - 3) / 2 : script === 'fill' ? (count - 1) / 2 : count}`;
    });

  const during = async (action: () => Promise<unknown>): Promise<string[]> => steps(await log.during(action));

  it('takes one MGET, two scripts and one call for 100 keys that are nowhere, and one script less once misses prevail', async () => {
    const { calls, load } = noted();
    const keys = keysOf(0, 100);
    expect(await during(async () => expect(await cache.getAllOrLoad(keys, load)).to.deep.equal(valuesBy('of', keys)))).to.deep.equal([
      'MGET 100',
      'acquire 100',
      'fill 100',
    ]);
    expect(calls).to.deep.equal([keys]);
    expect(await during(() => cache.getAllOrLoad(keysOf(100, 200), load))).to.deep.equal(['acquire 100', 'fill 100']);
    expect(await during(() => cache.getAllOrLoad(keysOf(0, 200), neverAll)), 'and nothing for keys in L1').to.deep.equal([]);
  });

  it('asks for nothing that L1 holds', async () => {
    await cache.putAll(valuesBy('put', keysOf(10, 100)));
    await cache.getAll(keysOf(10, 100));
    const { calls, load } = noted();
    expect(await during(() => cache.getAllOrLoad(keysOf(0, 100), load))).to.deep.equal(['MGET 10', 'acquire 10', 'fill 10']);
    expect(calls).to.deep.equal([keysOf(0, 10)]);
  });

  it('takes one MGET for 100 keys that L2 holds, and asks for the leases of the others alone', async () => {
    await cache.putAll(valuesBy('put', keysOf(0, 100)));
    const { cache: other } = await fleet.join();
    expect(await during(() => other.getAllOrLoad(keysOf(0, 50), neverAll))).to.deep.equal(['MGET 50']);
    const { calls, load } = noted();
    expect(await during(() => other.getAllOrLoad(keysOf(40, 110), load))).to.deep.equal(['MGET 60', 'acquire 10', 'fill 10']);
    expect(calls).to.deep.equal([keysOf(100, 110)]);
  });

  it('takes as many without a read lease', async () => {
    await cache.putAll(valuesBy('put', keysOf(0, 100)));
    cache.holdLeaseUntil(Number.NEGATIVE_INFINITY);
    expect(await during(() => cache.getAllOrLoad(keysOf(0, 100), neverAll))).to.deep.equal(['MGET 101']); // With the generation.
    expect(await during(() => cache.getAllOrLoad(keysOf(100, 200), noted().load))).to.deep.equal(['MGET 101', 'acquire 100', 'fill 100']);
  });

  it('asks in one step for the tags of all entries of which it has not heard everything', async () => {
    const { cache: first } = await fleet.join({ tags: true });
    const keys = keysOf(0, 100);
    await first.getAllOrLoad(keys, noted().load, { tags: (_value, key: CacheKey) => [`tag of ${String(key)}`, 'all'] });
    await first.evict('another key');
    const { cache: other } = await fleet.join({ tags: true });
    const reads = await log.during(() => other.getAllOrLoad(keys, neverAll));
    expect(steps(reads)).to.deep.equal(['MGET 100', 'ZMSCORE']);
    expect(reads.find(({ name }) => name === 'ZMSCORE')?.args).to.have.length(103); // Set, floor, 100 tags and `all`.
    expect(await during(() => other.getAllOrLoad(keys, neverAll))).to.deep.equal([]);
  });

  it('gives the leases of a loader that rejects back at once, in one script', async () => {
    const thrown = new Error('The database is away.');
    const sent = await during(async () => {
      expect(await rejectionOf(cache.getAllOrLoad(keysOf(0, 100), () => Promise.reject(thrown)))).to.equal(thrown);
      await turn(); // What the turn leads to is sent by then,
      await cache.get('after'); // and was executed by then.
    });
    expect(sent.slice(0, -1)).to.deep.equal(['MGET 100', 'acquire 100', 'release 100']);
    expect(await server.cli('KEYS', '*:lease::*')).to.deep.equal([]);
  });

  it('goes in parts of a thousand, one after the other, and takes the leases of one only when the last is stored', async () => {
    const { cache: large } = await fleet.join({ maximumSize: 5_000 });
    const { calls, load } = noted();
    const sent = await during(() => large.getAllOrLoad(keysOf(0, 2_500), load));
    const part = (size: number): string[] => ['acquire', 'fill'].map((step) => `${step} ${size}`);
    // After so many misses, the others are expected.
    expect(sent).to.deep.equal(['MGET 1000', ...part(1_000), ...part(1_000), ...part(500)]);
    expect(calls).to.deep.equal([keysOf(0, 1_000), keysOf(1_000, 2_000), keysOf(2_000, 2_500)]);
    expect(await during(() => large.getAllOrLoad(keysOf(0, 2_500), neverAll))).to.deep.equal([]);
  });

  it('takes two scripts past the cache, and no look', async () => {
    const keys = keysOf(0, 100);
    await cache.putAll(valuesBy('put', keys));
    const { calls, load } = noted();
    expect(await during(() => withoutCache(() => cache.getAllOrLoad(keys, load)))).to.deep.equal(['acquire 100', 'fill 100']);
    expect(calls).to.deep.equal([keys]);
  });

  it('takes one MGET more for old values, if its loader rejects and there was none', async () => {
    const thrown = new Error('The database is away.');
    const sent = await during(async () => {
      const failing = cache.getAllOrLoad(keysOf(0, 100), () => Promise.reject(thrown), { staleIfError: '1m' });
      expect(await rejectionOf(failing)).to.equal(thrown);
      await turn(); // What the turn leads to is sent by then,
      await cache.get('after'); // and was executed by then.
    });
    expect(sent.slice(0, 2)).to.deep.equal(['MGET 100', 'acquire 100']);
    expect(sent.slice(2, -1)).to.have.members(['release 100', 'MGET 100']);
  });

  it('shares its steps with others that begin in the same turn', async () => {
    const both = (): Promise<unknown> => Promise.all([keysOf(0, 20), keysOf(10, 30)].map((keys) => cache.getAllOrLoad(keys, noted().load)));
    expect(await during(both)).to.deep.equal(['MGET 30', 'acquire 30', 'fill 30']);
  });
});
