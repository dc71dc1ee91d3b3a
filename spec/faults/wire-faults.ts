import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { LEAST_DAMAGED, parseState } from '../../lib/eviction/cache-state.js';
import { originOf } from '../../lib/eviction/index.js';
import { formatMessage } from '../../lib/eviction/messages.js';
import { RemoteKeys } from '../../lib/eviction/remote-keys.js';
import { tagsOf } from './book-repository.js';
import { aWhile, type FaultContext, type FaultKind, repeated, type RepeatedKind, untilOver } from './fault-kind.js';
import type { SingleServer } from './single-server.js';
import { NAMESPACE } from './worker-protocol.js';

type Context = FaultContext<SingleServer>;

const keys = new RemoteKeys(NAMESPACE, 'book');
const CHANNEL = `${NAMESPACE}:book-channel`;
const FLOOD = 2_000;

/** A message as somebody makes it up who may publish on the topic, and has listened to it. */
function forged(gen: string, seq: number, op: Forged = 'evict'): string {
  const evicted = { keys: op === 'evict' ? ['0', '1'] : [], tags: op === 'evictTagged' ? tagsOf(0) : undefined };
  return formatMessage({ ns: NAMESPACE, cache: 'book', seq, gen, op, ...evicted, origin: originOf('forger'), ack: true });
}

type Forged = 'evict' | 'clear' | 'evictTagged';

async function stateOf({ deployment: { server } }: Context): Promise<{ readonly gen: number; readonly seq: number }> {
  const { seq = 0, gen = '0' } = parseState(String(await server.cli('GET', keys.state))) ?? {};
  return { gen: Number(gen), seq };
}

/** One forged message at a time, half of them with the number that the next real one will have. */
const forging = (name: string, genOf: (gen: number) => string, op?: Forged): RepeatedKind<SingleServer> =>
  repeated(name, async (context) => {
    const { gen, seq } = await stateOf(context);
    const number = context.random.next() < 0.5 ? seq + 1 : seq + context.random.below(1_000) + 1;
    await context.deployment.server.cli('PUBLISH', CHANNEL, forged(genOf(gen), number, op));
    await aWhile(context, 1);
  });

const damaging = (name: string, key: string, otherType: readonly string[]): RepeatedKind<SingleServer> =>
  repeated(name, async (context) => {
    const { deployment, random } = context;
    const value = random.pick(['', 'x', '-1', '1.5', '5:5:ab', LARGEST, `${2 ** 53}:${2 ** 53}:ab`, '9'.repeat(20), undefined, undefined]);
    if (value === undefined) {
      await deployment.server.cli('DEL', key);
      // A heartbeat may have been quicker.
      if (random.next() < 0.7) await deployment.server.cli(...(otherType as [string, ...string[]])).catch(() => undefined);
    } else {
      await deployment.server.cli('SET', key, value);
    }
    await aWhile(context, 1);
  });

/** A state of another server, with a generation above all others. */
const LARGEST = `5:${LEAST_DAMAGED - 1}:ab`;

const HASH = (key: string): readonly string[] => ['HSET', key, 'a', 'b'];

/** The number goes, of a state that is otherwise whole or with all of it, and what is numbered next is missed. */
async function loseNumber(context: Context): Promise<void> {
  const { deployment, random } = context;
  const { server } = deployment;
  const proxy = random.pick(deployment.proxies);
  proxy.away({ of: 'subscriber' });
  const [seq, ...rest] = String(await server.cli('GET', keys.state)).split(':');
  const numberless = ['', '0', `-${seq}`, 'x'].map((number) => [number, ...rest].join(':'));
  if (random.next() < 0.5) await server.cli('DEL', keys.state);
  else await server.cli('SET', keys.state, random.pick(numberless));
  await aWhile(context, 1);
  proxy.heal();
}

/** The record of tags goes, or its floor does. In some cases an instance hears nothing meanwhile. */
async function loseTags(context: Context): Promise<void> {
  const { deployment, random } = context;
  const { server } = deployment;
  const proxy = random.pick(deployment.proxies);
  if (random.next() < 0.5) proxy.away({ of: 'subscriber' });
  if (random.next() < 0.5) await server.cli('DEL', keys.tags);
  else await server.cli('ZREMRANGEBYRANK', keys.tags, 0, 0); // The floor.
  await aWhile(context, 1);
  proxy.heal();
}

/** The next number is made up, and the real message with that number is missed. */
async function forgeThenCut(context: Context): Promise<void> {
  const { gen, seq } = await stateOf(context);
  const op = context.random.pick(['evict', 'evictTagged'] as const);
  await context.deployment.server.cli('PUBLISH', CHANNEL, forged(String(gen), seq + 1, op));
  const proxy = context.random.pick(context.deployment.proxies);
  proxy.away({ of: 'subscriber' });
  await aWhile(context, 1);
  proxy.heal();
}

/** Everything but harmless at once, as fast as the server takes it. */
async function flood(context: Context): Promise<void> {
  const { deployment, random } = context;
  const { gen, seq } = await stateOf(context);
  const redis = new Redis({ port: deployment.server.port });
  try {
    const pipeline = redis.pipeline();
    for (let i = 0; i < FLOOD; i += 1) {
      const bodies = [
        forged(String(gen), seq + 1 + random.below(3)),
        forged(String(gen + 1 + random.below(1_000)), seq + 1),
        forged(String(gen), 1, 'clear'),
        `{"v":2,"cache":${'['.repeat(100)}`,
        'x'.repeat(100),
      ];
      pipeline.publish(CHANNEL, random.pick(bodies));
    }
    await pipeline.exec();
  } finally {
    redis.disconnect();
  }
}

/** What the list of the living looks like once the server's clock was set. (To set that of one process takes a library that is not everywhere.) */
const SET_CLOCK = `
  for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
    if member ~= ':longest' then redis.call('ZINCRBY', KEYS[1], -ARGV[1], member) end
  end`;

const setClock = ({ deployment: { server }, random }: Context): Promise<unknown> =>
  server.cli('EVAL', SET_CLOCK, 1, keys.members, random.pick([600_000, -600_000, 600, -600]));

/** One instance hears nothing, and is not heard, while it holds its lease; meanwhile something happens to the list it is on. */
const whileCutOff = (name: string, happen: (context: Context) => Promise<unknown>): RepeatedKind<SingleServer> => ({
  ...repeated(name, async (context) => {
    const { deployment, random, boundMs } = context;
    const proxy = random.pick(deployment.proxies);
    proxy.blackhole();
    await pause(random.between(0, 0.5) * boundMs);
    await happen(context);
    await aWhile(context, 1.5);
    proxy.heal();
  }),
  acks: 'all',
});

/** What somebody can do who may publish on the caches' topics, or write their bookkeeping, and what users do with names. */
export const WIRE_KINDS: readonly FaultKind<SingleServer>[] = [
  forging('forged generation', (gen) => String(gen + 1)),
  forging('forged generation, the largest there is', () => String(LEAST_DAMAGED - 1)),
  forging('forged generation, beyond what a double counts', () => String(2 ** 53)),
  forging('forged generation, 20 digits', () => '9'.repeat(20)),
  forging('forged clear', (gen) => String(gen + 1), 'clear'),
  damaging('damaged state', keys.state, HASH(keys.state)),
  forging('forged eviction of tags', (gen) => String(gen + 1), 'evictTagged'),
  damaging('damaged record of tags', keys.tags, HASH(keys.tags)),
  repeated('record of tags lost alone', loseTags),
  damaging('damaged list of members', keys.members, HASH(keys.members)),
  damaging('damaged list of hosts', keys.hosts, ['SADD', keys.hosts, 'a']),
  repeated('number lost alone', loseNumber),
  repeated('forged number, then a cut', forgeThenCut),
  repeated('message flood', flood),
  whileCutOff('server clock ±600 s with acks', setClock),
  {
    ...whileCutOff('mixed bounds', ({ deployment: { server }, random }) =>
      random.next() < 0.5 ? server.cli('DEL', keys.members, ...(random.next() < 0.5 ? [keys.hosts] : [])) : Promise.resolve(),
    ),
    boundOf: (number, boundMs) => boundMs / [1, 4, 2][number % 3]!,
  },
  { name: 'one instance name for all', sharedName: 'twin', harm: untilOver },
];
