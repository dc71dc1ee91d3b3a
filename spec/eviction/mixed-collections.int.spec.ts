/**
 * Instances that read many ids in one call and others that read one at a time run on one namespace, with and without tags, with other
 * versions, bounds and tiers. Nobody is answered with an element that is older than the contract allows, whatever the others of its call are.
 */
import { expect } from 'chai';
import type { TwoTierCache } from '../../lib/cache/index.js';
import type { CacheOptions, CachingOptions } from '../../lib/instance/options.js';
import { gate } from '../support/promises.js';
import { Random } from '../support/random.js';
import { RedisServer } from '../support/redis-server.js';
import { TagServers } from '../support/tag-servers.js';
import { waitFor } from '../support/wait.js';

const LONGEST_BOUND_MS = 600;
const KEYS = ['Dune', 'Emma', 'Kim', 'Ulysses', 'Walden', 'Zeno'];
const [CHANGED, ...OTHERS] = KEYS as [string, ...string[]];

/** What each differs in from the others. */
interface Kind {
  /** Whether it reads several ids by one call. */
  readonly ofSeveral: boolean;
  readonly book?: CacheOptions;
  readonly options?: CachingOptions;
}

const KINDS: Readonly<Record<string, Kind>> = {
  'calls for many': { ofSeveral: true },
  'calls for one': { ofSeveral: false },
  'calls for many, without tags': { ofSeveral: true, book: { tags: false } },
  'calls for one, without tags': { ofSeveral: false, book: { tags: false } },
  'calls for many of another version': { ofSeveral: true, book: { version: 2 } },
  'calls for one of another version': { ofSeveral: false, book: { version: 2 } },
  'calls for many, with a shorter bound': { ofSeveral: true, options: { bound: '200ms' } },
  'calls for many, and the local tier alone': { ofSeveral: true, book: { tiers: 'local' } },
  'calls for many, and the remote tier alone': { ofSeveral: true, book: { tiers: 'remote' } },
};

interface Member extends Kind {
  readonly name: string;
  readonly cache: TwoTierCache;
  readonly hasTags: boolean;
}

/** What is cached. Each version of the cache has its own form. */
interface Book {
  readonly title: string;
  readonly edition: number;
  readonly form: number;
}

describe('Instances that read one id or many, with different options, on one namespace', function () {
  this.timeout(300_000);
  let server: RedisServer;
  let servers: TagServers;
  let members: Member[];
  /** What is true. */
  let editions: Map<string, number>;
  /** What the methods were called for. */
  let loaded: string[];

  before(async () => {
    server = await RedisServer.start();
  });

  after(() => server.stop());

  beforeEach(async () => {
    servers = new TagServers(server);
    members = [];
    loaded = [];
    editions = new Map(KEYS.map((key) => [key, 1]));
    for (const [name, kind] of Object.entries(KINDS)) {
      const cache = await servers.join(kind.book, { bound: LONGEST_BOUND_MS, ...kind.options });
      members.push({ ...kind, name, cache, hasTags: kind.book?.tags !== false });
    }
    await servers.book.makeOld();
    await readEverywhere('before all');
  });

  afterEach(() => servers.stop());

  const tagsOf = (key: string): string[] => [`by ${key}`, 'books'];
  const formOf = ({ book }: Kind): number => Number(book?.version ?? 1);
  const method = (member: Member, key: string): Book => {
    loaded.push(key);
    return { title: key, edition: editions.get(key) as number, form: formOf(member) };
  };

  const readAlone = (member: Member, key: string): Promise<Book> =>
    member.cache.getOrLoad(key, () => method(member, key), member.hasTags ? { tags: tagsOf(key) } : {});
  const readTogether = (member: Member, keys: readonly string[]): Promise<Map<string, Book>> =>
    member.cache.getAllOrLoad(
      keys,
      (missing) => new Map(missing.map((key) => [key, method(member, key)])),
      member.hasTags ? { tags: (_book, key) => tagsOf(key) } : {},
    );
  /** Reads as decorated methods do, from wherever each element is served. */
  const read = async (member: Member, keys: readonly string[], what: string): Promise<void> => {
    const least = new Map(editions);
    const found = member.ofSeveral
      ? [...(await readTogether(member, keys)).values()]
      : await Promise.all([...new Set(keys)].map((key) => readAlone(member, key)));
    expect(found.map(({ title }) => title)).to.deep.equal([...new Set(keys)]);
    for (const { title, edition, form } of found) {
      expect(edition, `${what}: ${title}, read where there are ${member.name}`).to.be.at.least(least.get(title) as number);
      expect(form, `${what}: ${title}, read where there are ${member.name}`).to.equal(formOf(member));
    }
  };
  const readEverywhere = async (what: string): Promise<void> => {
    // From the method, the remote tier and the local tier, by whoever comes first; sets that overlap.
    for (const keys of [KEYS.slice(0, 4), KEYS.slice(2), [...KEYS, CHANGED]]) {
      for (const member of members) await read(member, keys, what);
      await Promise.all(members.map((member) => read(member, keys, what)));
    }
  };
  const passed = async (ms: number): Promise<void> => {
    const until = performance.now() + ms;
    await waitFor(() => performance.now() > until, { what: 'the bound to pass', everyMs: 20 });
  };
  const change = (...keys: string[]): void => {
    for (const key of keys) editions.set(key, (editions.get(key) as number) + 1);
  };
  const valueOf = (member: Member, key: string): Book => ({ title: key, edition: editions.get(key) as number, form: formOf(member) });

  /** What a member can do about a change, until nobody may serve the old element any more. */
  const ways: Readonly<Record<string, (by: Member, key: string) => Promise<unknown>>> = {
    'an eviction of one id': ({ cache }, key) => {
      change(key);
      return cache.evict(key, { acks: 'all' });
    },
    'an eviction of several ids': ({ cache }, key) => {
      change(key, ...OTHERS.slice(0, 2));
      return cache.evictAll([key, ...OTHERS.slice(0, 2)], { acks: 'all' });
    },
    'an eviction of the tag of one': ({ cache, hasTags }, key) => {
      change(key);
      return hasTags ? cache.evictTagged([`by ${key}`], { acks: 'all' }) : cache.evict(key, { acks: 'all' });
    },
    'an eviction of the tag of all': ({ cache, hasTags }) => {
      change(...KEYS);
      return hasTags ? cache.evictTagged(['books'], { acks: 'all' }) : cache.clear({ acks: 'all' });
    },
    'an eviction without acknowledgements': async (member, key) => {
      change(key);
      await member.cache.evict(key);
      await read(member, KEYS, 'C1');
      await passed(LONGEST_BOUND_MS);
    },
    'a put of several': async (member, key) => {
      change(key, ...OTHERS.slice(-2));
      await member.cache.putAll([key, ...OTHERS.slice(-2)].map((each) => [each, valueOf(member, each)]));
      await read(member, KEYS, 'C1');
      await passed(LONGEST_BOUND_MS);
    },
  };
  for (const [what, write] of Object.entries(ways)) {
    it(`never serve an element that ${what} has removed, whoever it is by`, async () => {
      for (const member of members) {
        await write(member, CHANGED);
        await readEverywhere(`${what} where there are ${member.name}`);
      }
    });
  }

  it('never serve an old element, whoever writes what in which order', async () => {
    const random = new Random(11);
    const done: string[] = [];
    for (let step = 0; step < 50; step += 1) {
      const [member, key] = [random.pick(members), random.pick(KEYS)];
      const [what, write] = random.pick(Object.entries(ways));
      done.push(`${what} of ${key} where there are ${member.name}`);
      await write(member, key);
      const readers = Array.from({ length: 4 }, () => random.pick(members));
      const drawn = readers.map(() => Array.from({ length: 1 + random.below(KEYS.length) }, () => random.pick(KEYS)));
      await Promise.all(readers.map((reader, i) => read(reader, drawn[i] as string[], done.join(', '))));
    }
    await readEverywhere('at the end');
  });

  /** Reads all by one call that runs until `meanwhile` has happened. */
  const readDuring = async (member: Member, meanwhile: () => Promise<void>): Promise<void> => {
    await member.cache.evictAll(KEYS, { acks: 'all' });
    const [begun, finish] = [gate(), gate()];
    const old = KEYS.map((key) => valueOf(member, key));
    const loader = async (): Promise<Book[]> => {
      begun.open();
      await finish.promise;
      return old;
    };
    const load = member.cache.getAllOrLoad(KEYS, loader, member.hasTags ? { tags: (_book, key) => tagsOf(key) } : {});
    await Promise.race([begun.promise, load]);
    change(CHANGED);
    await meanwhile();
    finish.open();
    expect([...(await load).values()]).to.deep.equal(old);
    loaded = [];
  };

  it('never keep an element that was evicted while its call was under way, and keep the others of the call (C5)', async () => {
    for (const member of members.filter(({ ofSeveral }) => ofSeveral)) {
      for (const by of members.filter((each) => each !== member)) {
        await readDuring(member, () => by.cache.evict(CHANGED, { acks: 'all' }));
        const what = `a call where there are ${member.name}, and an eviction where there are ${by.name}`;
        await read(member, KEYS, what);
        expect(loaded, what).to.deep.equal([CHANGED]);
      }
      await readEverywhere(`calls where there are ${member.name}`);
    }
  });

  it('never keep an element of which a tag was evicted while its call was under way (C5)', async () => {
    for (const member of members.filter(({ ofSeveral }) => ofSeveral)) {
      for (const by of members.filter((each) => each !== member && each.hasTags)) {
        // Those without tags have stored something, so all entries go.
        await readDuring(member, () => by.cache.evictTagged([`by ${CHANGED}`], { acks: 'all' }));
        const what = `a call where there are ${member.name}, and an eviction of tags where there are ${by.name}`;
        await read(member, KEYS, what);
        expect(loaded, what).to.include(CHANGED);
      }
      await readEverywhere(`calls where there are ${member.name}`);
    }
  });

  it('share their entries, whether they read one id or many, with those alone that have the same tags and version', async () => {
    const oneGeneration = (): Promise<void> =>
      waitFor(() => new Set(members.filter(({ book }) => book?.tiers !== 'local').map(({ cache }) => cache.generation)).size === 1, {
        what: 'one generation everywhere',
      });
    const named = (name: keyof typeof KINDS): Member => members.find((member) => member.name === name) as Member;
    for (const suffix of ['', ', without tags', ' of another version']) {
      const [many, one] = [named(`calls for many${suffix}`), named(`calls for one${suffix}`)];
      for (const [first, second] of [[many, one] as const, [one, many] as const]) {
        // By one with tags: after a clear by another one, the next heartbeat of one with tags clears once more.
        await named('calls for many').cache.clear({ acks: 'all' });
        await oneGeneration();
        loaded = [];
        await read(first, KEYS, 'first');
        expect(loaded.sort()).to.deep.equal(KEYS);
        await read(second, KEYS, 'second');
        expect(loaded, `those of ${first.name}, where there are ${second.name}`).to.have.length(KEYS.length);
        const others = suffix === '' ? named('calls for many of another version') : named('calls for many');
        await read(others, KEYS, 'others');
        expect(loaded, `those of ${first.name}, where there are ${others.name}`).to.have.length(2 * KEYS.length);
      }
    }
  });
});
