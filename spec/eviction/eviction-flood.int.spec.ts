import { expect } from 'chai';
import { LEAST_DAMAGED } from '../../lib/eviction/cache-state.js';
import { formatAcknowledgement, formatMessage } from '../../lib/eviction/messages.js';
import { inboxOf } from '../../lib/eviction/remote-keys.js';
import { type CacheInstance, createInstance } from '../../lib/instance/cache-instance.js';
import { floodTrial } from '../support/flood-trial.js';
import { PATIENT } from '../support/patient.js';
import { Bookkeeping } from '../support/bookkeeping.js';
import { RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';

const COUNT = 20_000;
const CACHES = Array.from({ length: 50 }, (_, i) => `cache-${i}`);
const TOPIC = 'flood:cache-0-channel';
const FORGER = 'forger~0123456789ab';

/** What the server has of the cache whose topic is flooded. */
interface State {
  readonly gen: number;
  readonly seq: number;
}

const evict = ({ gen, seq }: State, more: object = {}): string =>
  formatMessage({ ns: 'flood', cache: 'cache-0', seq, gen: String(gen), op: 'evict', keys: ['Dune'], origin: FORGER, ...more });

const kinds: Readonly<Record<string, (i: number, state: State) => string>> = {
  'the next numbers': (i, { gen, seq }) => evict({ gen, seq: seq + 1 + i }),
  'the next numbers, to be acknowledged': (i, { gen, seq }) => evict({ gen, seq: seq + 1 + i }, { ack: true }),
  'one number again and again': (_, { gen, seq }) => evict({ gen, seq: seq + 1 }),
  'numbers in disorder': (i, { gen, seq }) => evict({ gen, seq: seq + ((i * 7_919) % COUNT) + 1 }),
  'ever later generations': (i, { gen, seq }) => evict({ gen: gen + 1 + i, seq: seq + 1 + i }),
  clears: (i, { gen, seq }) => evict({ gen: gen + 1 + i, seq: seq + 1 + i }, { op: 'clear', keys: [] }),
  'generations from the future': (i, { seq }) => evict({ gen: LEAST_DAMAGED - 1 - i, seq }),
  'no generations': (i, { seq }) => evict({ gen: 2 ** 53, seq: seq + i }),
  'another cache': (i, { gen, seq }) => evict({ gen, seq: seq + i }, { cache: `cache-${1 + (i % 49)}` }),
  'text that is no message': (i) => `${i} ${'x'.repeat(100)}`,
  'brackets within brackets': (i) => `{"v":2,"cache":${'[{"a":'.repeat(20)}${i}`,
};

const inbox: Readonly<Record<string, (i: number) => string>> = {
  echoes: (i) => `{"v":2,"beat":${i},"states":"${'1:2:a,'.repeat(5)}1:2:a"}`,
  acknowledgements: (i) => formatAcknowledgement({ cache: 'cache-0', seq: i, from: FORGER }),
  'text that is no message': (i) => `${i} ${'x'.repeat(100)}`,
};

describe('an instance with 50 caches, while forged messages flood a topic of evictions', function () {
  this.timeout(120_000);
  this.retries(2); // The event loop of a busy machine may stand still of itself.

  let server: RedisServer;
  let runtime: CacheInstance;
  let told: string[];

  before(async () => {
    server = await RedisServer.start();
  });

  beforeEach(async () => {
    told = [];
    const caches = Object.fromEntries(CACHES.map((name) => [name, {}]));
    runtime = createInstance({ ...PATIENT, redis: server.url, namespace: 'flood', caches });
    runtime.events.on('error', ({ where, error }) => told.push(`${where}: ${String(error)}`));
    runtime.events.on('malformed', ({ topic, reason }) => told.push(`${topic}: ${reason}`));
    await runtime.start();
  });

  afterEach(() => runtime.stop());

  after(() => server.stop());

  const trial = async (channel: string, bodies: readonly string[]): Promise<void> => {
    expect(bodies.reduce((sum, { length }) => sum + length, 0)).to.be.within(0.8e6, 5e6);
    const { puts, seconds, bypassMs } = await floodTrial(runtime, server.port, channel, bodies, CACHES.slice(1));
    expect(puts).to.be.greaterThan(0);
    expect(bypassMs, 'bypass of a cache, in milliseconds').to.be.below(1_000);
    expect(seconds, 'seconds of CPU, those of the puts and the flood included').to.be.below(15);
    expect(told.length, told.join('\n')).to.be.at.most(1);
    await waitFor(() => runtime.manager.health().status === 'up', { what: 'the instance to be up' });
  };

  for (const [kind, forge] of Object.entries(kinds)) {
    it(`${kind}: rejects no put, is not in bypass for long, and spends little`, async () => {
      const book = new Bookkeeping(server, 'flood', 'cache-0');
      const state: State = { gen: Number(await book.gen()), seq: await book.seq() };
      await trial(
        TOPIC,
        Array.from({ length: COUNT }, (_, i) => forge(i, state)),
      );
    });
  }

  for (const [kind, forge] of Object.entries(inbox)) {
    it(`${kind}, in its inbox: the same`, async () => {
      const [channel] = (await server.cli('PUBSUB', 'CHANNELS', inboxOf('flood', '*'))) as [string];
      await trial(
        channel,
        Array.from({ length: COUNT }, (_, i) => forge(i)),
      );
    });
  }
});
