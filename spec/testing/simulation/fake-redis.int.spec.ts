import { expect } from 'chai';
import { Redis } from 'ioredis';
import * as fc from 'fast-check';
import type { Script } from '../../../lib/redis/index.js';
import * as scripts from '../../../lib/eviction/scripts.js';
import { isGeneration, LEAST_DAMAGED, parseState } from '../../../lib/eviction/cache-state.js';
import { RemoteKeys } from '../../../lib/eviction/remote-keys.js';
import { ownNamespace, sharedRedis } from '../../support/shared-redis.js';
import { FakeRedis } from '../../../lib/testing/simulation/fake-redis.js';

/** A call of a script, with symbols where a real call has a generation: they mean different numbers on the two servers. */
type Call =
  | {
      readonly script: 'acquire';
      readonly key: number;
      readonly gen: Gen;
      readonly holder: number;
      readonly wish: string;
      readonly both: boolean;
      readonly tagged: boolean;
    }
  | {
      readonly script: 'fill';
      readonly key: number;
      readonly gen: Gen;
      readonly holder: number;
      readonly both: boolean;
      /** Whether the life of what is stored has ended already. */
      readonly isEnded: boolean;
    }
  | { readonly script: 'release'; readonly leases: readonly { readonly key: number; readonly gen: Gen; readonly holder: number }[] }
  | {
      readonly script: 'claim';
      readonly key: number;
      readonly gen: Gen;
      readonly holder: number;
      readonly keep: boolean;
      readonly both: boolean;
      readonly tagged: boolean;
    }
  | { readonly script: 'evict'; readonly gen: Gen; readonly acks: boolean; readonly passing: boolean; readonly intent: Intent }
  | {
      readonly script: 'evict-tags';
      readonly gen: Gen;
      readonly acks: boolean;
      readonly passing: boolean;
      readonly tags: readonly string[];
    }
  | { readonly script: 'clear'; readonly acks: boolean; readonly passing: boolean; readonly intent: Intent; readonly tagged: boolean }
  | { readonly script: 'renew'; readonly of: Writer; readonly all: boolean }
  | { readonly script: 'heartbeat'; readonly by: number; readonly known: Known; readonly has: Has; readonly tagged: readonly string[] }
  /** No script: it asks when tags were evicted last. */
  | { readonly script: 'zmscore'; readonly gen: Gen; readonly tags: readonly string[] }
  | { readonly script: 'leave'; readonly by: number; readonly has: Has }
  /** No script: the run id that the keys were last used under is made another server's. */
  | { readonly script: 'restart' }
  /** No script: another program writes over the bookkeeping. */
  | { readonly script: 'damage'; readonly by: string }
  /** No script: one of the lists of the namespace is lost. */
  | { readonly script: 'lose'; readonly what: 'members' | 'hosts' | 'tags' };
/** Those that are scripts. */
type Named = Exclude<Call, { readonly script: 'restart' | 'damage' | 'lose' | 'zmscore' }>;
/** What an instance knows of the cache: a generation, or the whole state. */
type Known = 'none' | 'current' | 'newer' | 'state';
/** Which caches an instance has. */
type Has = 'book' | 'both' | 'film' | 'none';
type Gen = 'current' | 'previous' | 'unknown';
type Writer = 'w0' | 'w1';
/** What a step does to the intent of a writer. The shortest possible has ended at once. */
type Intent = 'none' | { readonly of: Writer; readonly length: '60000' | '-1' | '' };

const KEYS = ['a', 'b'];
const IDS = ['i0:60000', 'i1:30000'];

const gen = fc.constantFrom<Gen>('current', 'current', 'current', 'previous', 'unknown');
const key = fc.nat({ max: 1 });
const who = fc.nat({ max: 1 });
const has = fc.constantFrom<Has>('book', 'book', 'both', 'film', 'none');
const DAMAGE = ['', 'x', '0', '-5', '007', '1.5', '1e15', String(2 ** 53), String(2 ** 53 - 2 ** 32 - 1), '9'.repeat(20), ' 1'];
const tagged = fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) });
const passing = fc.oneof({ weight: 1, arbitrary: fc.constant(true) }, { weight: 3, arbitrary: fc.constant(false) });
const tags = fc.constantFrom(['x'], ['x', 'y'], ['y'], ['']);
const writer = fc.constantFrom<Writer>('w0', 'w1');
const intent = fc.oneof(
  fc.constant<Intent>('none'),
  fc.record({ of: writer, length: fc.constantFrom<'60000' | '-1' | ''>('60000', '60000', '-1', '') }),
);
/** An age that everything is younger than, and one that nothing is. */
const wish = fc.constantFrom('', 'old', 'drop', '3600000', '0');
const call: fc.Arbitrary<Call> = fc.oneof(
  fc.record({ script: fc.constant('acquire' as const), key, gen, holder: who, wish, both: fc.boolean(), tagged }),
  fc.record({ script: fc.constant('fill' as const), key, gen, holder: who, both: fc.boolean(), isEnded: fc.boolean() }),
  fc.record({
    script: fc.constant('release' as const),
    leases: fc.array(fc.record({ key, gen, holder: who }), { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ script: fc.constant('claim' as const), key, gen, holder: who, keep: fc.boolean(), both: fc.boolean(), tagged }),
  fc.record({ script: fc.constant('evict' as const), gen, acks: fc.boolean(), passing: fc.boolean(), intent }),
  fc.record({ script: fc.constant('evict-tags' as const), gen, acks: fc.boolean(), passing, tags }),
  fc.record({ script: fc.constant('evict-tags' as const), gen: fc.constant<Gen>('current'), acks: fc.boolean(), passing, tags }),
  fc.record({ script: fc.constant('zmscore' as const), gen, tags }),
  fc.record({ script: fc.constant('clear' as const), acks: fc.boolean(), passing: fc.boolean(), intent, tagged }),
  fc.record({ script: fc.constant('renew' as const), of: writer, all: fc.boolean() }),
  fc.record({
    script: fc.constant('heartbeat' as const),
    by: who,
    known: fc.constantFrom<Known>('none', 'current', 'newer', 'state', 'state'),
    has,
    tagged: fc.constantFrom<string[]>(['book'], ['book', 'film'], ['film'], []),
  }),
  fc.record({ script: fc.constant('leave' as const), by: who, has }),
  fc.constant<Call>({ script: 'restart' }),
  fc.record({
    script: fc.constant('damage' as const),
    by: fc.constantFrom(
      ...DAMAGE,
      ...DAMAGE.map((each) => `${each}:1763690000000000:abc`),
      ...DAMAGE.map((each) => `5:${each}:abc`),
      '5:5:',
      '5:5:xyz',
      '5:5:ABC',
      '5:5:abc:5',
      '5:5:abc:t',
      '5:5:abc:tt',
      '5:5:abc:',
      `${LEAST_DAMAGED - 1}:5:abc:t`,
    ),
  }),
  fc.record({ script: fc.constant('lose' as const), what: fc.constantFrom('members', 'hosts', 'tags') }),
);

interface Server {
  /** Answers the scores of members, as ZMSCORE does. */
  scores(key: string, members: string[]): Promise<(number | undefined)[]>;
  /** Members of a sorted set, with their scores, in the order of their names. */
  members(key: string): Promise<(readonly [member: string, score: number])[]>;
  run(name: Call['script'], keys: string[], args: string[]): Promise<unknown>;
  get(key: string): Promise<string | null>;
  set(key: string, value: string): Promise<unknown>;
  lose(key: string): Promise<unknown>;
  /** Whether the key is there and ends by itself. */
  hasEnd(key: string): Promise<boolean>;
  /** The fields of a hash, in order. */
  fields(key: string): Promise<string[]>;
  /** Everything published since the last look. */
  published(): Promise<string[]>;
}

/** Plays `calls` on a server and tells all that can be seen, with times and generations by the order of their appearance. */
async function transcript(server: Server, namespace: string, calls: readonly Call[]): Promise<unknown[]> {
  const keys = new RemoteKeys(namespace, 'book');
  const generations: string[] = [];
  const seen: unknown[] = [];
  /** Whether numbers began at the time while older ones were noted: how far they are apart differs then. */
  let isAnew = false;
  const film = new RemoteKeys(namespace, 'film');
  const common = [keys.state, keys.members, keys.hosts];
  const change = (of: Intent): string[] => (of === 'none' ? [] : [of.of, of.length]);
  const CACHES: Readonly<Record<Has, readonly string[]>> = { book: ['book'], both: ['book', 'film'], film: ['film'], none: [] };
  const statesOf = (has: Has): string[] => CACHES[has].map((cache) => (cache === 'book' ? keys.state : film.state));
  const generationOf = async (): Promise<string> => parseState((await server.get(keys.state)) ?? '')?.gen ?? '';
  for (const each of calls) {
    if (each.script === 'restart') {
      const [seq, gen, , mark] = ((await server.get(keys.state)) ?? '').split(':');
      if (gen !== undefined) await server.set(keys.state, `${seq}:${gen}:abc${mark === undefined ? '' : `:${mark}`}`);
      continue;
    }
    if (each.script === 'damage') {
      await server.set(keys.state, each.by);
      continue;
    }
    if (each.script === 'lose') {
      await server.lose(keys[each.what]);
      continue;
    }
    const current = await generationOf();
    if (current !== '' && generations.at(-1) !== current) generations.push(current);
    // No instance takes what is damaged for a generation.
    const stateText = (await server.get(keys.state)) ?? '';
    const filmText = (await server.get(film.state)) ?? '';
    const known = (which: Known): string => {
      if (which === 'none' || !isGeneration(current)) return '0';
      if (which === 'state') return stateText;
      return which === 'current' ? current : String(Math.min(Number(current) + 1_000_000_000, LEAST_DAMAGED - 1));
    };
    const knownOf = ({ has, known: which }: Extract<Call, { script: 'heartbeat' }>): string[] =>
      CACHES[has].map((cache) => (cache === 'book' ? known(which) : which === 'state' && filmText !== '' ? filmText : '0'));
    const both = (g: string): string[] => [...KEYS.map((k) => keys.data(g, k)), ...KEYS.map((k) => keys.lease(g, k))];
    const of = (which: Gen): string => (which === 'current' ? current : which === 'previous' ? (generations.at(-2) ?? '7') : '');
    if (each.script === 'zmscore') {
      const scores = await server.scores(keys.tags, [`*${of(each.gen)}`, ...each.tags.map((tag) => `:${tag}`)]);
      seen.push(scores.map((score) => (score === undefined ? undefined : Math.sign(score))));
      continue;
    }
    const { name, scriptKeys, args } = ((): { name: Named['script']; scriptKeys: string[]; args: string[] } => {
      const channel = `${namespace}:topic`;
      const halves = [channel, '{"seq":', ',"op":"x"}'];
      switch (each.script) {
        case 'acquire': {
          const [g, k] = [of(each.gen), KEYS[each.key] as string];
          return {
            name: each.script,
            scriptKeys: [...(each.both ? both(g) : [keys.data(g, k), keys.lease(g, k)]), keys.state, keys.members, keys.intents],
            args: [g, `${IDS[each.holder]}|1`, '60000', each.tagged ? '1' : '0', each.wish, each.wish].slice(0, each.both ? 6 : 5),
          };
        }
        case 'fill': {
          const [g, k] = [of(each.gen), KEYS[each.key] as string];
          const token = `${IDS[each.holder]}|1`;
          const filled = `{"value":1,"life":60000${each.isEnded ? ',"stale":60000' : ''}`;
          return {
            name: each.script,
            scriptKeys: [...(each.both ? both(g) : [keys.data(g, k), keys.lease(g, k)]), keys.state],
            args: each.both ? [g, token, filled, '60000', token, '{"value":2,"life":90000', '90000'] : [g, token, filled, '60000'],
          };
        }
        case 'release':
          return {
            name: each.script,
            scriptKeys: each.leases.map(({ key, gen }) => keys.lease(of(gen), KEYS[key] as string)),
            args: each.leases.map(({ holder }) => `${IDS[holder]}|1`),
          };
        case 'claim': {
          const [g, k] = [of(each.gen), KEYS[each.key] as string];
          return {
            name: each.script,
            scriptKeys: [...(each.both ? both(g) : [keys.data(g, k), keys.lease(g, k)]), keys.state, keys.intents],
            args: [g, `${IDS[each.holder]}|1`, '60000', ...halves, each.keep ? '1' : '0', each.tagged ? '1' : '0'],
          };
        }
        case 'evict': {
          const g = of(each.gen);
          const data = KEYS.map((k) => keys.data(g, k));
          const leases = KEYS.map((k) => keys.lease(g, k));
          return {
            name: each.script,
            scriptKeys: [...data, ...leases, ...common, keys.intents],
            args: [g, String(KEYS.length), ...halves, 'book', each.acks ? '1' : '0', each.passing ? '1' : '0', ...change(each.intent)],
          };
        }
        case 'evict-tags':
          return {
            name: each.script,
            scriptKeys: [...common, keys.tags],
            args: [of(each.gen), ...halves, 'book', each.acks ? '1' : '0', each.passing ? '1' : '0', ...each.tags],
          };
        case 'clear': {
          const flags = [each.acks, each.passing].map((flag) => (flag ? '1' : '0'));
          return {
            name: each.script,
            scriptKeys: [...common, keys.intents, keys.tags],
            args: [...halves, 'book', ...flags, known('current'), each.tagged ? '1' : '0', ...change(each.intent)],
          };
        }
        case 'renew':
          return {
            name: each.script,
            scriptKeys: [keys.intents],
            args: [each.of, '60000', ...(each.all ? ['*'] : KEYS.map((k) => `:${k}`))],
          };
        case 'heartbeat': {
          const tagged = CACHES[each.has].filter((cache) => each.tagged.includes(cache));
          return {
            name: each.script,
            scriptKeys: [keys.members, keys.hosts, ...statesOf(each.has), ...tagged.map((cache) => new RemoteKeys(namespace, cache).tags)],
            args: [
              IDS[each.by] as string,
              '60000',
              channel,
              '{"states":"',
              '90000',
              CACHES[each.has].join(','),
              knownOf(each).join(','),
              each.known === 'state' ? (parseState(knownOf(each)[0] ?? '')?.run ?? '') : '',
              tagged.map((cache) => CACHES[each.has].indexOf(cache) + 1).join(','),
            ],
          };
        }
        case 'leave':
          return {
            name: each.script,
            scriptKeys: [
              keys.members,
              keys.hosts,
              ...CACHES[each.has].flatMap((cache) => {
                const { state, intents, tags } = new RemoteKeys(namespace, cache);
                return [state, intents, tags];
              }),
            ],
            args: [IDS[each.by] as string, ...CACHES[each.has]],
          };
      }
    })();
    const numberOf = async (): Promise<number> => parseState((await server.get(keys.state)) ?? '')?.seq ?? 0;
    const seqBefore = await numberOf();
    const hadTags = (await server.members(keys.tags)).length > 0;
    const reply = sorted(await server.run(name, scriptKeys, args)) as unknown[];
    if (name === 'heartbeat') reply.splice(3, 2, 'the time');
    const seqNow = await numberOf();
    if (reply[0] === 'leases') reply[1] = Number(reply[1]) - seqNow;
    if (name === 'claim' && reply[0] === 'granted') reply[2] = Number(reply[2]) - seqNow;
    const after = await generationOf();
    const held = await Promise.all(KEYS.flatMap((k) => [server.get(keys.data(after, k)), server.get(keys.lease(after, k))]));
    const counted = seqNow - seqBefore;
    isAnew ||= hadTags && !(counted >= 0 && counted < 100);
    seen.push({
      name,
      reply,
      published: await server.published(),
      moved: after !== current,
      held,
      counted: counted < 100 ? counted : 'anew',
      tags: (await tagsSeen(server, keys, after, isAnew ? undefined : seqNow)).concat(await tagsSeen(server, film, '', undefined)),
      ends: await Promise.all([keys.state, film.state, keys.members, keys.tags, film.tags].map((each) => server.hasEnd(each))),
      intents: await server.fields(keys.intents),
    });
  }
  // Points of time, in milliseconds and microseconds, and what is made of them (generations, numbers) differ; that they are there does not.
  // So do the run ids.
  const text = JSON.stringify(seen).replace(/\d{13,}/g, '0');
  return JSON.parse(text.replace(/(\d:\d+):(?!abc)[0-9a-f]+/g, '$1:own')) as unknown[];
}

/** What is known of the tags of a cache: generations by whether they are the present one, numbers by their distance to it. */
async function tagsSeen(server: Server, keys: RemoteKeys, gen: string, seq: number | undefined): Promise<unknown[]> {
  const members = await server.members(keys.tags);
  return members.map(([member, score]) => [
    member === `*${gen}` ? 'the floor' : member,
    Math.sign(score),
    seq === undefined ? 'unknown' : Math.abs(score) - seq,
  ]);
}

/** Members come in the order of their scores, which are times. */
function sorted(reply: unknown): unknown {
  const audience =
    Array.isArray(reply) && reply[0] === 'done' ? (reply[3] as [string, string, string, string[]] | null | undefined) : undefined;
  if (Array.isArray(audience)) audience[3].sort();
  return reply;
}

const fakeServer = (): Server => {
  const fake = new FakeRedis();
  const messages: string[] = [];
  fake.onPublish = (_channel, body) => (messages.push(body), 1);
  return {
    scores: async (key, members) =>
      (fake.execute({ kind: 'zmscore', key, members }) as (number | null)[]).map((score) => score ?? undefined),
    members: async (key) => [...(fake.memory.sets.get(key) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)),
    run: async (name, keys, args) => fake.execute({ kind: 'script', name, keys, args }),
    get: async (key) => fake.get(key),
    set: async (key, value) => fake.memory.strings.set(key, { value, endsAt: Infinity }),
    lose: async (key) => fake.lose(key),
    hasEnd: async (key) => fake.memory.ends.has(key) || (fake.memory.strings.get(key)?.endsAt ?? Infinity) < Infinity,
    fields: async (key) => [...fake.memory.sets.keys()].flatMap((each) => (each.startsWith(key) ? [each.slice(key.length)] : [])).sort(),
    published: async () => messages.splice(0),
  };
};

describe(FakeRedis.name, function () {
  this.timeout(60_000);
  let commands: Redis;
  let subscriber: Redis;
  let arrived: string[];

  beforeEach(async () => {
    const { port } = await sharedRedis();
    commands = new Redis({ port });
    subscriber = new Redis({ port });
    arrived = [];
    subscriber.on('message', (_channel, body) => arrived.push(body));
  });

  afterEach(async () => {
    await Promise.all([commands.quit(), subscriber.quit()]);
  });

  /** A message precedes the answer to a PING that was sent on its connection after the script's reply had come. */
  const realServer = (): Server => ({
    scores: async (key, members) =>
      ((await commands.call('zmscore', key, ...members)) as (string | null)[]).map((score) => (score === null ? undefined : Number(score))),
    members: async (key) => {
      const flat = (await commands.call('zrange', key, '0', '-1', 'WITHSCORES')) as string[];
      const members = flat.flatMap((each, i): [string, number][] => (i % 2 === 0 ? [[each, Number(flat[i + 1])]] : []));
      return members.sort(([a], [b]) => (a < b ? -1 : 1));
    },
    run: (name, keys, args) =>
      commands.eval(
        (scripts as unknown as Record<string, Script>)[name.toUpperCase().replace('-', '_')]!.source,
        keys.length,
        ...keys,
        ...args,
      ),
    get: (key) => commands.get(key),
    set: (key, value) => commands.set(key, value),
    lose: (key) => commands.del(key),
    hasEnd: async (key) => (await commands.pttl(key)) >= 0,
    fields: async (key) => (await commands.hkeys(key)).sort(),
    published: async () => {
      await subscriber.ping();
      return arrived.splice(0);
    },
  });

  it('answers, keeps and publishes what Redis does with the Lua scripts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 5, maxLength: 25, size: 'max' }), async (calls) => {
        const namespace = ownNamespace();
        await subscriber.subscribe(`${namespace}:topic`);
        expect(await transcript(fakeServer(), namespace, calls)).to.deep.equal(await transcript(realServer(), namespace, calls));
      }),
      { numRuns: 60 },
    );
  });
});
