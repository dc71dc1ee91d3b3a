// `count` containers of one process on one Redis: what they cost the server and the process while nothing happens, and while one of them evicts.
import { setTimeout as pause } from 'node:timers/promises';
import { quantile } from '../harness/numbers.mjs';
import { serverAccount } from '../harness/server-account.mjs';

const milliseconds = () => Number(process.hrtime.bigint()) / 1e6;

export async function ours({ redis, count, rate, seconds }) {
  const { library, serviceClass, Container } = await import('../harness/library.mjs');
  const { createClient } = await import('@keyv/redis');
  const Service = serviceClass({ update: [async (name) => name, library.CacheEvict('book')] });
  const containers = [];
  for (let i = 0; i < count; i += 1) {
    const container = new Container();
    container.bind(Service).toSelf().inSingletonScope();
    // The bound stays at its default, for its heartbeats are part of what is measured.
    await library.enableCaching(container, { redis, namespace: `fleet-${process.pid}`, caches: { book: {} } });
    containers.push(container);
  }
  const client = createClient({ url: redis });
  await client.connect();
  const service = containers[0].get(Service);

  /** What `seconds` of `action` cost. */
  async function during(action) {
    const [before, cpu, begun] = [await serverAccount(client), process.cpuUsage(), milliseconds()];
    const done = await action();
    const lasted = (milliseconds() - begun) / 1_000;
    const [after, used] = [await serverAccount(client), process.cpuUsage(cpu)];
    return {
      ...done,
      serverShare: (after.cpuMs - before.cpuMs) / 1_000 / lasted,
      processShare: (used.user + used.system) / 1e6 / lasted,
      sentPerSecond: (after.sent - before.sent) / lasted,
      commandsPerSecond: (after.commands - before.commands) / lasted,
      clients: after.clients - 1,
      clientBytes: after.clientBytes,
    };
  }

  const idle = async () => {
    await pause(seconds * 1_000);
    return {};
  };

  /** `rate` evictions a second, one after the other is due, whether or not the last was answered. */
  const evicting = async () => {
    const took = [];
    const running = [];
    const begun = milliseconds();
    for (let i = 0; i < rate * seconds; i += 1) {
      const due = begun + (i * 1_000) / rate;
      const early = due - milliseconds();
      if (early > 1) await pause(early);
      const at = milliseconds();
      running.push(service.update(`The Book of Sand ${i}`).then(() => took.push(milliseconds() - at)));
    }
    await Promise.all(running);
    const left = begun + seconds * 1_000 - milliseconds();
    if (left > 0) await pause(left);
    return { p50: quantile(took, 0.5), p99: quantile(took, 0.99) };
  };

  return {
    round: () => during(rate === 0 ? idle : evicting),
    async close() {
      client.destroy();
      await Promise.all(containers.map((container) => container.unbindAllAsync()));
    },
  };
}
