// What one heartbeat costs Redis, by the server's own account of its scripts: an instance with `caches` caches, which nobody uses.
import { setTimeout as pause } from 'node:timers/promises';
import { startRedis } from '../harness/redis.mjs';

/** Five a second and instance: short enough to have many in a round, long enough for none to wait for another. */
const BOUND_MS = 200;

export async function ours({ caches }) {
  const { library, Container } = await import('../harness/library.mjs');
  const { createClient } = await import('@keyv/redis');
  const redis = await startRedis();
  const container = new Container();
  const names = Array.from({ length: caches }, (_, i) => `cache-${i}`);
  const options = { redis: redis.url, bound: BOUND_MS, caches: Object.fromEntries(names.map((name) => [name, {}])) };
  await library.enableCaching(container, options);
  const client = createClient({ url: redis.url });
  await client.connect();

  return {
    /** Waits for `beats` heartbeats. */
    async round(beats) {
      await client.sendCommand(['CONFIG', 'RESETSTAT']);
      for (;;) {
        await pause(BOUND_MS);
        const [, calls, usec] = /cmdstat_evalsha:calls=(\d+),usec=(\d+)/.exec(await client.info('commandstats')) ?? [];
        if (Number(calls) >= beats) return { beat: Number(usec) / Number(calls) / 1_000 };
      }
    },
    async close() {
      client.destroy();
      await container.unbindAllAsync();
      await redis.stop();
    },
  };
}
