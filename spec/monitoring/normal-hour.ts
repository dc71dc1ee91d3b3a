import 'reflect-metadata';
import { cacheManagement } from '../../lib/management/index.js';
import { type SimulatedFleet, type SimulatedInstance, simulateFleet } from '../../lib/testing/index.js';
import { Random } from '../support/random.js';
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
 * What three instances on a simulated Redis answer to `GET /metrics` in an hour of normal life, every {@link STEP_SECONDS} seconds: reads,
 * loads of which now and then one fails, evictions, and a deployment that restarts each instance under its address. It takes no time.
 */
export async function normalHour(): Promise<readonly Scrape[]> {
  const random = new Random(12);
  const options = { caches: Object.fromEntries(CACHES.map((name) => [name, { maximumSize: KEYS / 2, ttl: '5m' as const }])) };
  const fleet = await simulateFleet({ instances: INSTANCES, wire: () => undefined, options });
  const scrapes: Scrape[] = [];
  for (let atSeconds = 0; atSeconds <= HOUR_SECONDS; atSeconds += STEP_SECONDS) {
    for (const server of fleet) {
      const { index } = server;
      // One after the other, in the middle of the hour; while a server restarts it is not scraped.
      if (atSeconds === HOUR_SECONDS / 2 + index * 2 * STEP_SECONDS) await fleet.restart(index);
      else scrapes.push({ atSeconds, instance: `10.0.0.${index + 1}:8091`, text: await metricsOf(server) });
      await live(fleet, index, random);
    }
    await fleet.elapse(`${STEP_SECONDS}s`);
  }
  fleet.assertCoherent();
  await fleet.stop();
  return scrapes;
}

async function metricsOf({ container }: SimulatedInstance): Promise<string> {
  const management = cacheManagement(container);
  const response = await management.fetch(new Request('http://localhost/metrics'));
  const text = await response.text();
  management.close();
  return text;
}

/** Some reads, and sometimes an eviction. */
async function live(fleet: SimulatedFleet, index: number, random: Random): Promise<void> {
  const { clock } = fleet;
  const cache = (): ReturnType<SimulatedInstance['cache']> => fleet[index]!.cache(random.pick(CACHES));
  for (let read = 0; read < READS_PER_STEP; read += 1) {
    const loader = async (): Promise<number> => {
      await clock.sleep(random.below(20));
      if (random.next() < FAILURE_RATE) throw new Error('The database has hiccups.');
      return 1;
    };
    await cache()
      .getOrLoad(`key-${random.below(KEYS)}`, loader)
      .catch(() => undefined);
  }
  if (random.next() < 0.3) await cache().evict(`key-${random.below(KEYS)}`);
}
