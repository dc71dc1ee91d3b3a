import 'reflect-metadata';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { Container } from 'inversify';
import { type Cache, CacheManager, type CachingOptions, enableCaching } from '../../lib/index.js';
import { type CacheManagement, cacheManagement } from '../../lib/management/index.js';
import { type FiringAlert, PrometheusServer } from '../support/prometheus-server.js';
import { RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';
import { hastyRules, prometheusFiles } from './prometheus-files.js';

/** An instance whose metrics can be scraped. */
class Instance {
  readonly #container = new Container();
  readonly #http: Server;
  #management: CacheManagement | undefined;
  #reading: NodeJS.Timeout | undefined;
  #reads = 0;
  /** Whether its method fails. */
  isFailing = false;

  constructor() {
    this.#http = createServer((request, response) => this.#management?.node(request, response));
  }

  async start(options: CachingOptions): Promise<void> {
    await enableCaching(this.#container, { connectTimeout: '20s', deadline: '1s', logger: false, caches: { book: {} }, ...options });
    this.#management = cacheManagement(this.#container, { basePath: '/cache' });
    this.#http.listen(0, '127.0.0.1');
    await once(this.#http, 'listening');
    this.#reading = setInterval(() => void this.#read(), 50);
  }

  async stop(): Promise<void> {
    clearInterval(this.#reading);
    this.#http.closeAllConnections();
    if (this.#http.listening) await once(this.#http.close(), 'close');
    this.#management?.close();
    await this.#container.unbindAllAsync();
  }

  /** As Prometheus knows it. */
  get target(): string {
    return `127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  get book(): Cache {
    return this.#container.get(CacheManager).getCache('book')!;
  }

  async #read(): Promise<void> {
    const loader = (): Promise<number> => (this.isFailing ? Promise.reject(new Error('The database is away.')) : Promise.resolve(1));
    await this.book.getOrLoad((this.#reads += 1), loader).catch(() => undefined);
  }
}

/** What goes wrong, in an instance and a Redis of its own. */
interface Trouble {
  readonly title: string;
  readonly begin: (instance: Instance, redis: RedisServer) => unknown;
  readonly end: (instance: Instance, redis: RedisServer) => unknown;
  /** Of the instance. Default: `2s`. Where the lease must not lapse, a busy machine must not let it. */
  readonly bound?: CachingOptions['bound'];
  /** The alerts that must fire: no others may. Sorted. */
  readonly fires: readonly string[];
}

const USER = 'cache';
const rights = (redis: RedisServer, ...more: string[]): Promise<unknown> =>
  redis.cli('ACL', 'SETUSER', USER, 'reset', 'on', '>secret', '~*', '&*', '+@all', ...more);

const TROUBLES: readonly Trouble[] = [
  {
    title: 'Redis refuses heartbeats',
    begin: (_, redis) => rights(redis, '-zadd'),
    end: (_, redis) => rights(redis),
    fires: ['CacheBypassed', 'CacheHeartbeatsRefused', 'CacheNotProven'],
  },
  {
    title: 'Redis is killed, and an eviction is pending',
    begin: async ({ book }, redis) => {
      await redis.kill();
      await book.evict('Dune').catch(() => undefined);
    },
    end: async (_, redis) => {
      await redis.restart();
      await rights(redis); // It has forgotten everything.
    },
    fires: ['CacheBypassed', 'CacheEvictionsPending', 'CacheNotProven'],
  },
  {
    title: 'loads fail',
    bound: '30s',
    begin: (instance) => (instance.isFailing = true),
    end: (instance) => (instance.isFailing = false),
    fires: ['CacheLoadsFailing'],
  },
  { title: 'nothing is wrong', bound: '30s', begin: () => undefined, end: () => undefined, fires: [] },
];

/** What the reader sees first. */
const SUMMARIES: Readonly<Record<string, RegExp>> = {
  CacheNotProven: /^Cache book on here cannot prove that its local tier is up to date\.$/,
  CacheEvictionsPending: /^Redis does not acknowledge evictions of cache book on here\.$/,
  CacheBypassed: /^Cache book on here cannot use its local tier for [\d.]+% of the time\.$/,
  CacheHeartbeatsRefused: /^Redis refuses the heartbeats of cache book on here\.$/,
  CacheLoadsFailing: /^[\d.]+% of the loads of cache book on here fail\.$/,
};

describe('monitoring/alerts.yml, on instances in trouble', function () {
  this.timeout(120_000);

  const stages = TROUBLES.map((trouble) => ({ ...trouble, instance: new Instance(), redis: undefined as unknown as RedisServer }));
  let prometheus: PrometheusServer;

  /** All troubles begin at once, so that their alerts are waited for together. */
  before(async () => {
    await Promise.all(
      stages.map(async (stage) => {
        stage.redis = await RedisServer.start();
        await rights(stage.redis);
        await stage.instance.start({ redis: `redis://${USER}:secret@127.0.0.1:${stage.redis.port}`, bound: stage.bound ?? '2s' });
      }),
    );
    const targets = stages.map(({ instance }) => instance.target);
    prometheus = await PrometheusServer.start(prometheusFiles({ targets, everyMs: 500, rules: hastyRules() }));
    await waitFor(async () => (await prometheus.query('up == 1')).length === stages.length, { what: 'the first scrapes', everyMs: 50 });
    await Promise.all(stages.map(({ begin, instance, redis }) => begin(instance, redis)));
  });

  after(async () => {
    await prometheus?.stop();
    await Promise.all(stages.map(({ instance }) => instance.stop()));
    await Promise.all(stages.map(({ redis }) => redis?.stop()));
  });

  const alertsOf = async ({ target }: Instance): Promise<readonly FiringAlert[]> =>
    (await prometheus.firing()).filter(({ labels }) => labels['instance'] === target);
  const namesOf = async (instance: Instance): Promise<string> =>
    (await alertsOf(instance)).map(({ labels }) => labels['alertname']!).sort().join(); // prettier-ignore
  const fired = (instance: Instance, expected: readonly string[]): Promise<void> =>
    waitFor(async () => (await namesOf(instance)) === expected.join(), {
      what: `[${expected.join()}] to fire`,
      timeoutMs: 60_000,
      everyMs: 100,
    });

  for (const { title, instance, fires } of stages) {
    it(`${fires.length === 0 ? 'is silent' : `fires ${fires.join(', ')}, and nothing else,`} where ${title}`, async () => {
      await fired(instance, fires);
      for (const { labels, annotations } of await alertsOf(instance)) {
        expect(annotations['summary']!.replace(instance.target, 'here')).to.match(SUMMARIES[labels['alertname']!]!);
        expect(annotations['description']).not.to.match(/<no value>|[{}]/);
      }
    });
  }

  it('is silent again once the trouble is over', async () => {
    await Promise.all(stages.map(({ end, instance, redis }) => end(instance, redis)));
    await Promise.all(stages.map(({ instance }) => fired(instance, [])));
  });
});
