import { expect } from 'chai';
import { type EvictionLog, Generation, type LeaseRequest, ValueCodec } from '../../lib/cache/index.js';
import { Acknowledgements } from '../../lib/eviction/acknowledgements.js';
import { EmbeddedEvictionLog } from '../../lib/eviction/embedded-eviction-log.js';
import { EmbeddedStore } from '../../lib/eviction/embedded-store.js';
import { RedisEvictionLog } from '../../lib/eviction/index.js';
import { CacheEvents } from '../../lib/event/index.js';
import { CommandConnection, redisEndpoint } from '../../lib/redis/index.js';
import { Bookkeeping } from '../support/bookkeeping.js';
import type { RedisServer } from '../support/redis-server.js';
import { ownNamespace, sharedRedis } from '../support/shared-redis.js';

const MINUTE = 60_000;
const ORIGIN = 'one~0123456789ab';

/** A place where entries lie, and the log that decides what counts of them. */
interface Store {
  readonly log: EvictionLog;
  /** Puts a text under `Dune`, as another program might. */
  readonly write: (raw: string) => Promise<unknown>;
  readonly read: () => Promise<string | undefined>;
  readonly stop: () => Promise<void>;
}

async function onRedis(server: RedisServer): Promise<Store> {
  const namespace = ownNamespace('wishes');
  const connection = new CommandConnection({
    endpoint: redisEndpoint(server.url),
    events: new CacheEvents(),
    timeoutMs: 10_000,
    connectTimeoutMs: 10_000,
    socketTimeoutMs: 10_000,
  });
  await connection.start();
  const generation = new Generation();
  const log = new RedisEvictionLog({
    connection,
    namespace,
    cache: 'book',
    channel: `${namespace}:book`,
    origin: ORIGIN,
    boundMs: MINUTE,
    fillLeaseMs: MINUTE,
    acknowledgements: new Acknowledgements(ORIGIN, MINUTE),
    generation,
  });
  await log.evict({ keys: ['Dune'] }, false); // Begins the generation.
  const data = await new Bookkeeping(server, namespace).data('Dune');
  return {
    log,
    write: (raw) => server.cli('SET', data, raw),
    read: async () => ((await server.cli('GET', data)) as string | null) ?? undefined,
    stop: () => connection.stop(),
  };
}

function embedded(): Store {
  const store = new EmbeddedStore();
  const log = new EmbeddedEvictionLog({
    store,
    namespace: 'cache',
    cache: 'book',
    channel: 'c',
    origin: ORIGIN,
    fillLeaseMs: MINUTE,
    publish: () => 0,
  });
  return {
    log,
    write: async (raw) => store.entries.set('Dune', raw),
    read: async () => store.entries.get('Dune'),
    stop: () => Promise.resolve(),
  };
}

/** How an entry ends that was written so many minutes ago, lives for ten, and is kept for 20 more. */
const tail = (minutes: number, since = ''): string =>
  `,"life":${30 * MINUTE},"stale":${20 * MINUTE}${since},"end":${Date.now() + (30 - minutes) * MINUTE}}`;
/** Likewise, of one that is not kept. */
const plain = (minutes: number): string => `,"life":${10 * MINUTE},"end":${Date.now() + (10 - minutes) * MINUTE}}`;

const WISHES: Readonly<Record<string, Omit<LeaseRequest, 'key'>>> = {
  nothing: {},
  old: { wantsOld: true },
  'younger than 5': { youngerThanMs: 5 * MINUTE },
  'younger than 0': { youngerThanMs: 0 },
  drop: { drops: true },
};

/** What an entry counts for, by wish: `present`, `granted`, or `granted+old` if it is sent along. */
type Answers = Readonly<Record<keyof typeof WISHES, string>>;

const ALIVE: Answers = { nothing: 'present', old: 'present', 'younger than 5': 'present', 'younger than 0': 'granted', drop: 'granted' };
const OLDER: Answers = { ...ALIVE, 'younger than 5': 'granted' };
const ENDED: Answers = { ...OLDER, nothing: 'granted', old: 'granted+old' };

const inside = (object: object): string => new ValueCodec().encode(object, {}).slice(0, -1);

/** Texts of entries, and what they count for. */
const ENTRIES: Readonly<Record<string, readonly [() => string, Answers]>> = {
  'one minute old': [() => `{"value":1${tail(1)}`, ALIVE],
  'older than wanted': [() => `{"value":1${tail(6)}`, OLDER],
  'ended, but kept': [() => `{"value":1${tail(11)}`, ENDED],
  'with tags, alive': [() => `{"entry":{"value":1},"tags":["a"]${tail(1, ',"since":5')}`, ALIVE],
  'with tags, ended': [() => `{"entry":{"value":1},"tags":["a"]${tail(11, ',"since":5')}`, ENDED],
  'with a version, ended': [() => `{"value":1,"version":"2"${tail(11)}`, ENDED],
  'that is not kept, alive': [() => `{"value":1${plain(1)}`, ALIVE],
  'that is not kept, older than wanted': [() => `{"value":1${plain(6)}`, OLDER],
  'that ends now': [() => `{"value":1${plain(10)}`, ENDED],
  'whose value looks like a tail that is over, alive': [() => `${inside({ life: 1, stale: 1, end: 1 })}${tail(1)}`, ALIVE],
  'whose text looks like a tail that is over, alive': [() => `${inside({ a: ',"life":1,"stale":1,"end":1}' })}${tail(1)}`, ALIVE],
  'whose text is a tail that is over, alive': [() => `{"value":${JSON.stringify(',"life":1,"stale":1,"end":1}')}${tail(1)}`, ALIVE],
  'whose value looks like a tail that is alive, ended': [() => `${inside({ life: 9e12, end: 9e12 })}${tail(11)}`, ENDED],
  'whose text is a tail that is alive, ended': [() => `{"value":${JSON.stringify(',"life":1,"end":9000000000000}')}${tail(11)}`, ENDED],
  'whose tag looks like a tail, ended': [() => `{"entry":{"value":1},"tags":["\\"life\\":1,\\"end\\":9"]${tail(11, ',"since":5')}`, ENDED],
  'that says nothing of its life': [() => '{"value":1}', { ...ALIVE, 'younger than 5': 'present' }],
  'that is no entry': [() => 'garbage', { ...ALIVE, 'younger than 5': 'present' }],
  'that is empty': [() => '', { ...ALIVE, 'younger than 5': 'present' }],
  'with a damaged tail': [() => `{"value":1,"life":x,"end":1}`, ALIVE],
  'with a tail in another order': [() => `{"value":1,"end":1,"life":1}`, ALIVE],
  'with a negative end': [() => `{"value":1,"life":1,"end":-1}`, ALIVE],
  'with something between life and end': [() => `{"value":1,"life":1,"other":2,"end":1}`, ALIVE],
  'with something behind its end': [() => `{"value":1,"life":1,"end":1} `, ALIVE],
};

describe('What counts of an entry', () => {
  for (const kind of [RedisEvictionLog.name, EmbeddedEvictionLog.name]) {
    describe(kind, () => {
      let store: Store;

      beforeEach(async () => {
        store = kind === RedisEvictionLog.name ? await onRedis(await sharedRedis()) : embedded();
      });

      afterEach(() => store.stop());

      for (const [name, [write, answers]] of Object.entries(ENTRIES)) {
        it(`an entry ${name}`, async () => {
          for (const [wish, request] of Object.entries(WISHES)) {
            const raw = write();
            await store.write(raw);
            const [reply] = await store.log.acquire([{ key: 'Dune', ...request }]);
            const old = reply?.kind === 'granted' ? reply.old : undefined;
            expect(`${reply?.kind}${old === undefined ? '' : '+old'}`, wish).to.equal(answers[wish]);
            if (reply?.kind === 'present') expect(reply.entry).to.equal(raw);
            if (old !== undefined) expect(old).to.equal(raw);
            expect(await store.read(), `${wish}: whether it stays`).to.equal(wish === 'drop' ? undefined : raw);
            if (reply?.kind !== 'granted') continue;
            await store.write(raw);
            const [busy] = await store.log.acquire([{ key: 'Dune', ...request }]);
            if (busy?.kind === 'granted') await store.log.release([{ key: 'Dune', token: busy.token }]);
            await store.log.release([{ key: 'Dune', token: reply.token }]);
          }
        });

        it(`an entry ${name}, in the way of putIfAbsent`, async () => {
          const raw = write();
          await store.write(raw);
          const present = await store.log.putIfAbsent({ key: 'Dune', raw: '{"value":2,"life":60000}', ttlMs: MINUTE });
          expect(present).to.equal(answers['nothing'] === 'present' ? raw : undefined);
          expect((await store.read())?.startsWith('{"value":2')).to.equal(answers['nothing'] !== 'present');
        });
      }
    });
  }
});
