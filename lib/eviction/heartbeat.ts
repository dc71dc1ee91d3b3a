import type { RemoteConnection } from '../cache/index.js';
import { type Clock, type Milliseconds, systemClock } from '../time/index.js';
import { inboxOf, RemoteKeys } from './remote-keys.js';
import { HEARTBEAT, LEAVE } from './scripts.js';
import type { ServerClock } from './server-clock.js';

/** What the server knew of one cache when a heartbeat was executed. */
export interface CacheState {
  /** The number of the last eviction message. */
  readonly seq: number;
  readonly gen: string;
}

/** One cache in a heartbeat, with the newest generation its sender knows. */
export interface BeatenCache {
  readonly name: string;
  readonly generation: string | undefined;
}

/** Sends heartbeats through the server: the port of {@link ReadLease}. */
export interface Heartbeat {
  /**
   * Registers this instance as alive for one bound, and has an echo published to its inbox: `head`, then the caches' states.
   * Answers the same states by the command connection.
   */
  pulse(caches: readonly BeatenCache[], head: string): Promise<readonly CacheState[]>;
  /** Takes this instance off the lists of the living. */
  leave(caches: readonly string[]): Promise<void>;
}

/** What a {@link RedisHeartbeat} needs. */
export interface RedisHeartbeatOptions {
  readonly connection: RemoteConnection;
  readonly namespace: string;
  readonly instanceId: string;
  readonly boundMs: Milliseconds;
  /** Set by what the server answers. Default: the server's time is not looked at. */
  readonly serverClock?: ServerClock;
  /** The scale of {@link serverClock}. Default: {@link systemClock}. */
  readonly clock?: Clock;
}

/** Heartbeats as a write script on the command connection. */
export class RedisHeartbeat implements Heartbeat {
  readonly #options: RedisHeartbeatOptions;

  constructor(options: RedisHeartbeatOptions) {
    this.#options = options;
  }

  async pulse(caches: readonly BeatenCache[], head: string): Promise<readonly CacheState[]> {
    const { connection, namespace, instanceId, boundMs, serverClock, clock = systemClock } = this.#options;
    const keys: string[] = [];
    for (const { name } of caches) {
      const of = new RemoteKeys(namespace, name);
      keys.push(of.seq, of.gen, of.rid, of.members, of.born);
    }
    const known = caches.map(({ generation }) => generation ?? '0');
    const args = [instanceId, String(boundMs), inboxOf(namespace, instanceId), head, ...known];
    const sentAt = clock.now();
    const reply = await connection.runUnguarded<string[]>(HEARTBEAT, keys, args);
    const micros = reply[2 * caches.length];
    if (micros !== undefined) serverClock?.sample(sentAt, clock.now(), Number(micros) / 1_000);
    return caches.map((_, i) => ({ seq: Number(reply[2 * i]), gen: reply[2 * i + 1] as string }));
  }

  async leave(caches: readonly string[]): Promise<void> {
    const { connection, namespace, instanceId } = this.#options;
    if (caches.length === 0 || !connection.isUsable) return;
    const keys = caches.map((name) => new RemoteKeys(namespace, name).members);
    await connection.run<number>(LEAVE, keys, [instanceId]);
  }
}
