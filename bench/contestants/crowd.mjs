// A part of a large fleet: `count` containers of this process, each with `caches` caches that nobody uses. Looks at what the whole costs the server.
import { setTimeout as pause } from 'node:timers/promises';
import { serverAccount } from '../harness/server-account.mjs';

export async function ours({ redis, count, caches }) {
  const { library, Container } = await import('../harness/library.mjs');
  const { createClient } = await import('@keyv/redis');
  const names = Array.from({ length: caches }, (_, i) => `cache-${i}`);
  const options = {
    redis,
    namespace: 'crowd',
    bound: '1s',
    connectTimeout: '60s',
    caches: Object.fromEntries(names.map((name) => [name, {}])),
  };
  const containers = [];
  for (let i = 0; i < count; i += 1) {
    const container = new Container();
    await library.enableCaching(container, options);
    containers.push(container);
  }
  const client = createClient({ url: redis });
  await client.connect();
  const isServing = (container) => container.get(library.CacheManager).health().status === 'up';

  return {
    /** Looks for `seconds`. */
    async round(seconds) {
      const [before, begun] = [await serverAccount(client), performance.now()];
      await pause(seconds * 1_000);
      const [after, lasted] = [await serverAccount(client), (performance.now() - begun) / 1_000];
      return {
        serverShare: (after.cpuMs - before.cpuMs) / 1_000 / lasted,
        serving: containers.filter(isServing).length,
        clients: after.clients,
        sentPerSecond: (after.sent - before.sent) / lasted,
      };
    },
    async close() {
      client.destroy();
      await Promise.all(containers.map((container) => container.unbindAllAsync()));
    },
  };
}
