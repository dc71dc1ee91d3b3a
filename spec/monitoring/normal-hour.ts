import 'reflect-metadata';
import { Container } from 'inversify';
import { type Cache, CacheManager, enableCaching } from '../../lib/index.js';
import { type CacheManagement, cacheManagement } from '../../lib/management/index.js';
import { FakeClock } from '../support/fake-clock.js';
import { Random } from '../support/random.js';
import { ownNamespace } from '../support/shared-redis.js';
import { STEP_SECONDS } from './promtool.js';
import type { Scrape } from './scrape.js';

const HOUR_SECONDS = 3_600;
const INSTANCES = 3;
const CACHES = ['book', 'author'];
const KEYS = 200;
const READS_PER_STEP = 12;

/** How often a load fails while everything is well: now and then one does. */
const FAILURE_RATE = 0.005;

/**
 * What three instances answer to `GET /metrics` in an hour of normal life, every {@link STEP_SECONDS} seconds: reads, loads of which now
 * and then one fails, evictions, and a deployment that restarts each instance under its address. Time is a clock that nobody waits for.
 */
export async function normalHour(): Promise<readonly Scrape[]> {
  const random = new Random(12);
  const clock = new FakeClock();
  const namespace = ownNamespace('hour');
  const servers = Array.from({ length: INSTANCES }, (_, i) => new Server(i, namespace, clock));
  const scrapes: Scrape[] = [];
  try {
    for (const server of servers) await server.start();
    for (let atSeconds = 0; atSeconds <= HOUR_SECONDS; atSeconds += STEP_SECONDS) {
      for (const server of servers) {
        // One after the other, in the middle of the hour; while a server restarts it is not scraped.
        if (atSeconds === HOUR_SECONDS / 2 + server.number * 2 * STEP_SECONDS) await server.restart();
        else scrapes.push({ atSeconds, instance: server.address, text: await server.metrics() });
        await server.live(random);
      }
      clock.advance(STEP_SECONDS * 1_000);
    }
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
  return scrapes;
}

/** One instance, at one address. */
class Server {
  readonly number: number;
  readonly address: string;
  readonly #namespace: string;
  readonly #clock: FakeClock;
  #lives = 0;
  #container = new Container();
  #management: CacheManagement | undefined;

  constructor(number: number, namespace: string, clock: FakeClock) {
    this.number = number;
    this.address = `10.0.0.${number + 1}:8091`;
    this.#namespace = namespace;
    this.#clock = clock;
  }

  async start(): Promise<void> {
    this.#container = new Container();
    await enableCaching(this.#container, {
      namespace: this.#namespace,
      instanceId: `server-${this.number}-${(this.#lives += 1)}`,
      clock: this.#clock,
      caches: Object.fromEntries(CACHES.map((name) => [name, { maximumSize: KEYS / 2, ttl: '5m' }])),
    });
    this.#management = cacheManagement(this.#container);
  }

  async stop(): Promise<void> {
    this.#management?.close();
    await this.#container.unbindAllAsync();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async metrics(): Promise<string> {
    const response = await this.#management!.fetch(new Request('http://localhost/metrics'));
    return response.text();
  }

  /** Some reads, and sometimes an eviction. */
  async live(random: Random): Promise<void> {
    for (let read = 0; read < READS_PER_STEP; read += 1) {
      const loader = async (): Promise<number> => {
        this.#clock.advance(random.below(20));
        if (random.next() < FAILURE_RATE) throw new Error('The database has hiccups.');
        return 1;
      };
      await this.#cache(random)
        .getOrLoad(`key-${random.below(KEYS)}`, loader)
        .catch(() => undefined);
    }
    if (random.next() < 0.3) await this.#cache(random).evict(`key-${random.below(KEYS)}`);
  }

  #cache(random: Random): Cache {
    return this.#container.get(CacheManager).getCache(random.pick(CACHES))!;
  }
}
