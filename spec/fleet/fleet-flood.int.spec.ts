import { expect } from 'chai';
import { formatFleetMessage, parseFleetMessage } from '../../lib/fleet/index.js';
import { type CacheInstance, createInstance } from '../../lib/instance/cache-instance.js';
import { ChannelTopic } from '../../lib/topic/index.js';
import { flood } from '../support/flood.js';
import { floodTrial, heardAll } from '../support/flood-trial.js';
import { PATIENT } from '../support/patient.js';
import { RedisServer } from '../support/redis-server.js';

const COUNT = 20_000;
const CACHES = Array.from({ length: 50 }, (_, i) => `cache-${i}`);

/** The largest of what is still small: 20 000 of them are 1 to 3 MB. */
const status = (id: string, more: object = {}): string =>
  JSON.stringify({
    v: 1,
    kind: 'status',
    from: id,
    status: { id, namespace: 'n', host: 'h', pid: 1, startedAt: 1, at: 1, boundMs: 1, status: 'up', links: {}, caches: {}, ...more },
  });

const kinds: Readonly<Record<string, (i: number) => string>> = {
  'first questions': (i) => formatFleetMessage({ kind: 'watch', from: `watch-${i}`, isFirst: true }),
  'repeated questions': () => formatFleetMessage({ kind: 'watch', from: 'watch', isFirst: false }),
  'statuses of a thousand names': (i) => status(`forged-${i % 1_000}`),
  'statuses of ever new names': (i) => status(`forged-${i}`),
  'statuses in the name of this instance': () => status('under-test'),
  'statuses that cannot be': (i) => status(`forged-${i}`, { at: 1e300 }),
  'what happened': (i) =>
    formatFleetMessage({ kind: 'feed', from: `forged-${i}`, lost: 0, entries: [{ at: i, kind: 'link', link: 'x', isUp: false }] }),
  'ends of instances': (i) => formatFleetMessage({ kind: 'gone', from: `forged-${i}` }),
  'text that is no message': (i) => `${i} ${'x'.repeat(100)}`,
  'text that begins like a message': (i) => `{"v":1,"kind":"watch","from":"${i}${'x'.repeat(100)}`,
  'brackets within brackets': (i) => `{"v":1,"kind":${'[{"a":'.repeat(20)}${i}`,
};

describe('an instance with 50 caches, while forged messages flood the topics of its fleet', function () {
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
    runtime = createInstance({
      ...PATIENT,
      redis: server.url,
      namespace: 'flood',
      instanceId: 'under-test',
      caches: Object.fromEntries(CACHES.map((name) => [name, {}])),
    });
    runtime.events.on('error', ({ where, error }) => told.push(`${where}: ${String(error)}`));
    runtime.events.on('malformed', ({ topic, reason }) => told.push(`${topic}: ${reason}`));
    await runtime.start();
  });

  afterEach(() => runtime.stop());

  after(() => server.stop());

  for (const [kind, forge] of Object.entries(kinds))
    for (const channel of ['flood:fleet:ask', 'flood:fleet:answer']) {
      it(`${kind}, on ${channel}: rejects no put, is not in bypass for long, and spends little`, async () => {
        const stop = runtime.fleet.watch({}); // Somebody looks: so the answers are heard as well.
        await runtime.fleet.ask(5_000);
        const bodies = Array.from({ length: COUNT }, (_, i) => forge(i));
        expect(bodies.reduce((sum, { length }) => sum + length, 0)).to.be.within(0.8e6, 5e6);
        const { puts, seconds, bypassMs } = await floodTrial(runtime, server.port, channel, bodies, CACHES);
        expect(puts).to.be.greaterThan(0);
        expect(bypassMs, 'bypass of a cache, in milliseconds').to.be.below(1_000);
        expect(seconds, 'seconds of CPU, those of the puts and the flood included').to.be.below(15);
        expect(told.length, told.join('\n')).to.be.at.most(1);
        stop();
      });
    }

  it('is flooded with messages that it understands', () => {
    const understood = Object.keys(kinds).filter((kind) => !('malformed' in parseFleetMessage((kinds[kind] as (i: number) => string)(7))));
    expect(understood).to.deep.equal(Object.keys(kinds).filter((kind) => !/cannot be|text|brackets/.test(kind)));
  });

  it('publishes at most five statuses a second', async () => {
    const answers: number[] = [];
    const topic = ChannelTopic.of('flood:fleet:answer');
    await runtime.listenerContainer.addMessageListener(
      ({ body }) => void (body.includes('"kind":"status"') && answers.push(performance.now())),
      topic,
    );
    const bodies = Array.from({ length: 5_000 }, (_, i) => formatFleetMessage({ kind: 'watch', from: `w${i}`, isFirst: true }));
    const began = performance.now();
    for (let i = 0; i < 4; i += 1) await flood(server.port, 'flood:fleet:ask', bodies);
    await heardAll(runtime);
    const seconds = (performance.now() - began) / 1_000;
    expect(answers.length).to.be.within(1, Math.ceil(5 * seconds) + 2);
  });
});
