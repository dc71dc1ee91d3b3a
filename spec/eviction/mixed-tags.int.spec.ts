/**
 * While a deploy brings tags, or takes them away, instances with and without them run on one namespace. Nobody serves anything older than
 * the contract allows; at worst entries are missed.
 */
import { expect } from 'chai';
import type { TwoTierCache } from '../../lib/cache/index.js';
import type { CacheOptions } from '../../lib/instance/options.js';
import { Random } from '../support/random.js';
import { RedisServer } from '../support/redis-server.js';
import { TagServers } from '../support/tag-servers.js';
import { waitFor } from '../support/wait.js';

const BOUND_MS = 300;
const KEYS = ['Dune', 'Emma', 'Kim'];

interface Member {
  readonly name: string;
  readonly cache: TwoTierCache;
  readonly hasTags: boolean;
}

describe('Instances with and without tags on one namespace', function () {
  this.timeout(300_000);
  let server: RedisServer;
  let servers: TagServers;
  let members: Member[];
  let versions: Map<string, number>;

  before(async () => {
    server = await RedisServer.start();
  });

  after(() => server.stop());

  beforeEach(() => {
    servers = new TagServers(server);
    members = [];
    versions = new Map(KEYS.map((key) => [key, 1]));
  });

  afterEach(() => servers.stop());

  const join = async (hasTags: boolean, tiers: CacheOptions['tiers'] = 'both'): Promise<Member> => {
    const cache = await servers.join({ tags: hasTags, tiers }, { bound: BOUND_MS });
    const member = { name: `${hasTags ? 'tags' : 'no tags'}, tiers: '${tiers}'`, cache, hasTags };
    members.push(member);
    return member;
  };
  const leave = async (): Promise<void> => {
    members.pop();
    await servers.leave();
  };
  const all = async (): Promise<void> => {
    for (const tiers of ['both', 'local', 'remote'] as const) for (const hasTags of [true, false]) await join(hasTags, tiers);
    await servers.book.makeOld();
    await readEverywhere('before all');
  };
  const tagsOf = (key: string): string[] => [`by ${key}`, 'books'];
  const options = (member: Member, key: string): { tags?: string[] } => (member.hasTags ? { tags: tagsOf(key) } : {});
  /** Reads as a decorated method does, from wherever it is served. */
  const read = async (member: Member, key: string, what: string): Promise<void> => {
    const least = versions.get(key) as number;
    const found = await member.cache.getOrLoad(key, () => versions.get(key) as number, options(member, key));
    expect(found, `${what}: ${key}, read where there are ${member.name}`).to.be.at.least(least);
  };
  const readEverywhere = async (what: string): Promise<void> => {
    // From the method, the remote tier and the local tier, by whoever comes first.
    for (let time = 0; time < 2; time += 1) {
      for (const key of KEYS) for (const member of members) await read(member, key, what);
      for (const key of KEYS) await Promise.all(members.map((member) => read(member, key, what)));
    }
  };
  const passed = async (ms: number): Promise<void> => {
    const until = performance.now() + ms;
    await waitFor(() => performance.now() > until, { what: 'the bound to pass', everyMs: 20 });
  };
  const change = (key: string): number => {
    const version = (versions.get(key) ?? 0) + 1;
    versions.set(key, version);
    return version;
  };

  /** What a member can do about a change, until nobody may serve the old value any more. */
  const ways: Readonly<Record<string, (by: Member, key: string) => Promise<unknown>>> = {
    'an eviction of tags': async ({ cache, hasTags }, key) => {
      change(key);
      await (hasTags ? cache.evictTagged([`by ${key}`], { acks: 'all' }) : cache.evict(key, { acks: 'all' }));
    },
    'an eviction of a tag that all entries carry': async ({ cache, hasTags }) => {
      for (const key of KEYS) change(key);
      await (hasTags ? cache.evictTagged(['books'], { acks: 'all' }) : cache.evictAll(KEYS, { acks: 'all' }));
    },
    'an eviction of a key': async ({ cache }, key) => {
      change(key);
      await cache.evict(key, { acks: 'all' });
    },
    'a clear': async ({ cache }) => {
      for (const key of KEYS) change(key);
      await cache.clear({ acks: 'all' });
    },
    'a put': async (member, key) => {
      await member.cache.put(key, change(key), options(member, key));
      await read(member, key, 'C1');
      await passed(BOUND_MS);
    },
  };
  for (const [what, write] of Object.entries(ways)) {
    it(`never serve what ${what} has removed, whoever it is by`, async () => {
      await all();
      for (const member of [...members, ...members]) {
        await write(member, 'Dune');
        await readEverywhere(`${what} where there are ${member.name}`);
      }
    });
  }

  it('never serve anything old, whoever writes what in which order', async () => {
    await all();
    const random = new Random(7);
    const done: string[] = [];
    for (let step = 0; step < 60; step += 1) {
      const [member, key] = [random.pick(members), random.pick(KEYS)];
      const [what, write] = random.pick(Object.entries(ways));
      done.push(`${what} of ${key} where there are ${member.name}`);
      await write(member, key);
      for (const each of KEYS)
        for (let reads = random.below(4); reads > 0; reads -= 1) await read(random.pick(members), each, done.join(', '));
    }
    await readEverywhere('at the end');
  });

  it('never keep what is loaded while a tag is evicted, with or without tags', async () => {
    await all();
    for (const member of members) {
      let finish: () => void = () => undefined;
      await member.cache.evict('Dune', { acks: 'all' });
      const old = versions.get('Dune') as number;
      const { loads } = member.cache.statistics();
      const load = member.cache.getOrLoad('Dune', () => new Promise((resolve) => (finish = () => resolve(old))), options(member, 'Dune'));
      await waitFor(() => member.cache.statistics().loads > loads, { what: 'the load to begin' });
      change('Dune');
      const by = members.find((each) => each.hasTags && each !== member) as Member;
      await by.cache.evictTagged(['by Dune'], { acks: 'all' });
      finish();
      expect(await load).to.equal(old);
      await readEverywhere(`a load where there are ${member.name}`);
    }
  });

  describe('one without tags', () => {
    let tagged: Member;

    beforeEach(async () => {
      tagged = await join(true);
    });

    const evict = async (key: string): Promise<void> => {
      change(key);
      await tagged.cache.evictTagged([`by ${key}`], { acks: 'all' });
    };

    it('does not serve what it has stored before a tag was evicted', async () => {
      const untagged = await join(false);
      await untagged.cache.put('Dune', 1);
      await read(untagged, 'Emma', 'before');
      expect(await servers.isPure()).to.equal(false);
      for (const key of ['Dune', 'Emma']) await evict(key);
      for (const key of ['Dune', 'Emma']) await read(untagged, key, 'after');
      await join(false);
      await readEverywhere('one that joined later');
    });

    const puts: Readonly<Record<string, (cache: TwoTierCache) => Promise<unknown>>> = {
      put: (cache) => cache.put('Dune', 1),
      putAll: (cache) => cache.putAll([['Dune', 1]]),
      putIfAbsent: (cache) => cache.putIfAbsent('Dune', 1),
    };
    for (const [way, put] of Object.entries(puts)) {
      it(`does not serve what it has stored by ${way} alone`, async () => {
        const untagged = await join(false);
        expect(await servers.isPure()).to.equal(true);
        await put(untagged.cache);
        expect(await servers.isPure()).to.equal(false);
        await evict('Dune');
        await read(untagged, 'Dune', 'after');
        await join(false);
        await readEverywhere('one that joined later');
      });
    }

    it('does not serve what it has stored after it joined and before a tag was evicted', async () => {
      for (const key of KEYS) await read(tagged, key, 'before');
      await evict('Dune');
      const gen = await servers.book.gen();
      const untagged = await join(false);
      // What the other has stored it cannot read.
      for (const key of KEYS) await read(untagged, key, 'of its own');
      expect([untagged.cache.statistics().remoteHits, untagged.cache.statistics().loads]).to.deep.equal([0, KEYS.length]);
      await evict('Emma');
      expect(await servers.book.gen()).to.not.equal(gen);
      await readEverywhere('after');
    });

    it('takes nothing away from the others while it stores nothing', async () => {
      const untagged = await join(false);
      await untagged.cache.evict('another');
      await untagged.cache.evictTagged([]).catch(() => undefined);
      expect(await untagged.cache.get('nothing')).to.equal(undefined);
      for (const key of KEYS) await read(tagged, key, 'before');
      const gen = await servers.book.gen();
      await evict('Dune');
      expect([await servers.isPure(), await servers.book.gen()]).to.deep.equal([true, gen]);
    });

    it('that comes back finds nothing of what it had stored before the tags came', async () => {
      const untagged = await join(false);
      for (const key of KEYS) await read(untagged, key, 'before');
      await leave();
      await evict('Emma');
      await join(false);
      await readEverywhere('back again');
    });

    it('is left alone by a roll-back, and serves nothing old when the tags come back', async () => {
      await read(tagged, 'Dune', 'before');
      const untagged = await join(false);
      members.shift();
      await servers.instances.shift()!.stop();
      await servers.book.makeOld();
      change('Dune');
      await untagged.cache.evict('Dune', { acks: 'all' });
      for (const key of KEYS) await read(untagged, key, 'rolled back');
      await readEverywhere('rolled back');
      await untagged.cache.clear({ acks: 'all' });
      expect(await servers.isPure()).to.equal(false);
      await readEverywhere('rolled back, and cleared');

      tagged = await join(true);
      await servers.book.makeOld();
      for (const key of ['Emma', 'Dune']) {
        await evict(key);
        await readEverywhere(`the eviction of ${key}`);
        await join(false, 'remote');
        await readEverywhere('one more');
      }
    });

    it('drops its whole local tier for the eviction of any tag', async () => {
      const untagged = await join(false, 'local');
      for (const key of KEYS) await read(untagged, key, 'before');
      const before = untagged.cache.statistics();
      expect(before.localSize).to.equal(KEYS.length);
      await evict('another');
      expect(untagged.cache.statistics()).to.include({
        localSize: 0,
        remoteRemovals: before.remoteRemovals + KEYS.length,
        tagEvictions: 0,
      });
    });
  });
});
