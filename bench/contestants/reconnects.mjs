// How much of what is read comes from L1 while connections are lost again and again: a reader with many warm keys, and another
// instance that evicts one of them now and then.
import { clearInterval, setInterval } from 'node:timers';
import { setTimeout as pause } from 'node:timers/promises';
import { startRedis } from '../harness/redis.mjs';
import { names } from '../harness/rounds.mjs';

const KEYS = 2_000;
/** Connections are lost this often. */
const LOSS_MS = 1_000;
/** So many reads of keys at random, every 10 ms. */
const READS = 20;

/** @param lost - what is killed: `pubsub`, the subscribers, or `all`, the command connections as well. @param writeMs - the pause between evictions. */
export async function ours({ lost, writeMs }) {
  const { library, Container, served, serviceClass } = await import('../harness/library.mjs');
  const { createClient } = await import('@keyv/redis');
  const redis = await startRedis();
  const options = { redis: redis.url, defaults: { ttl: '1h', maximumSize: 2 * KEYS }, logger: false };
  const { service, manager, close } = await served(serviceClass({ find: [async (name) => name, library.Cacheable('book')] }), options);
  const other = new Container();
  const cache = (await library.enableCaching(other, options)).getCache('book');
  const admin = createClient({ url: redis.url });
  await admin.connect();
  const keys = names(KEYS);
  const random = () => keys[Math.floor(Math.random() * KEYS)];
  const figures = () => manager.statistics().book;
  for (const key of keys) await service.find(key);
  const writing = setInterval(() => void cache.evict(random()).catch(() => undefined), writeMs);

  return {
    /** Loses the connections `losses` times. `share`: of the reads, from L1. `bypass`: of the time, without L1. */
    async round(losses) {
      const before = figures();
      const begun = Date.now();
      let reads = 0;
      for (let i = 0; i < losses; i += 1) {
        await admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub']);
        if (lost === 'all') await admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
        for (const end = Date.now() + LOSS_MS; Date.now() < end;) {
          await Promise.all(Array.from({ length: READS }, () => service.find(random())));
          reads += READS;
          await pause(10);
        }
      }
      const { localHits, bypassTimeMs } = figures();
      return { share: (localHits - before.localHits) / reads, bypass: (bypassTimeMs - before.bypassTimeMs) / (Date.now() - begun) };
    },
    async close() {
      clearInterval(writing);
      admin.destroy();
      await Promise.all([close(), other.unbindAllAsync()]);
      await redis.stop();
    },
  };
}
