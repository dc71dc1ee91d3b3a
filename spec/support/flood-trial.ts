import type { CacheInstance } from '../../lib/instance/cache-instance.js';
import { ChannelTopic } from '../../lib/topic/index.js';
import type { Milliseconds } from '../../lib/time/index.js';
import { flood } from './flood.js';
import { waitFor } from './wait.js';

/** What a flood did to an instance. */
export interface FloodFigures {
  /** How many puts succeeded meanwhile. */
  readonly puts: number;
  /** CPU time of this process, that of the puts and of the flood included. */
  readonly seconds: number;
  /**
   * The longest time that one of the caches was in bypass, of the time that this process had a processor: on a busy machine it stands still
   * for reasons of its own, and its leases end meanwhile.
   */
  readonly bypassMs: Milliseconds;
}

/**
 * Floods `channel` with `bodies` while values are put into `caches`, until this instance has heard the last.
 *
 * @throws what the first put that was refused rejects with.
 */
export async function floodTrial(
  runtime: CacheInstance,
  port: number,
  channel: string,
  bodies: readonly string[],
  caches: readonly string[],
): Promise<FloodFigures> {
  const { manager } = runtime;
  const bypass = (): readonly number[] => Object.values(manager.statistics()).map(({ bypassTimeMs }) => bypassTimeMs);
  await manager.getCache(caches[0] as string)?.put('before', 1);
  const before = bypass();
  const [begun, begunAt] = [process.cpuUsage(), performance.now()];
  let isOver = false;
  let puts = 0;
  const putting = (async () => {
    for (; !isOver; puts += 1) await manager.getCache(caches[puts % caches.length] as string)?.put(`key-${puts}`, puts);
  })();
  putting.catch(() => undefined); // It is awaited below.
  await flood(port, channel, bodies);

  await heardAll(runtime);
  isOver = true;
  await putting;
  const { user, system } = process.cpuUsage(begun);
  const seconds = (user + system) / 1e6;
  const share = Math.min(1, (1_000 * seconds) / (performance.now() - begunAt));
  const bypassMs = share * Math.max(...bypass().map((ms, i) => ms - (before[i] as number)));
  if (process.env['FLOOD_FIGURES'] !== undefined)
    console.log(`      ${seconds.toFixed(2)} s, ${puts} puts, bypass ${bypassMs.toFixed(0)} ms`);
  return { puts, seconds, bypassMs };
}

/** Resolves once this instance has heard whatever was published before: one connection keeps its order. */
export async function heardAll({ listenerContainer, publisher }: CacheInstance): Promise<void> {
  let isHeard = false;
  const topic = ChannelTopic.of('flood:marker');
  const listener = (): void => void (isHeard = true);
  await listenerContainer.addMessageListener(listener, topic);
  await publisher.publish(topic, 'marker');
  await waitFor(() => isHeard, { what: 'the message behind the flood', timeoutMs: 60_000 });
  await listenerContainer.removeMessageListener(listener, topic);
}
