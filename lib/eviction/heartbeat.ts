import type { CommandConnection } from '../redis/index.js';
import { type Clock, type Milliseconds, systemClock } from '../time/index.js';
import type { Acknowledgements } from './acknowledgements.js';
import type { HeartbeatRefusals } from './heartbeat-refusals.js';
import { memberOf, nameOfOrigin } from './origin.js';
import { aliveKey, inboxOf, RemoteKeys } from './remote-keys.js';
import { HEARTBEAT, LEAVE, NAMESAKES } from './scripts.js';
import type { ServerClock } from './server-clock.js';

/** What the server knew of one cache when a heartbeat was executed. */
export interface CacheState {
  /** The number of the last eviction message. */
  readonly seq: number;
  readonly gen: string;
  /**
   * Only in a reply. `true`: what was stored could not be right, and was replaced. The new generation may be
   * lower than the one before.
   */
  readonly isReplaced?: boolean | undefined;
}

/** One cache in a heartbeat, with the newest generation its sender knows. */
export interface BeatenCache {
  readonly name: string;
  readonly generation: string | undefined;
}

/** The reply to a heartbeat on the command connection. */
export interface Pulse {
  /** What the server knew of each cache. */
  readonly states: readonly CacheState[];
  /**
   * How many subscribers of the server that executed it the echo went to. Subscribers of other servers, which
   * the message may reach as well, are not counted.
   */
  readonly reached: number;
}

/** Sends heartbeats through the server: the port of {@link ReadLease}. */
export interface Heartbeat {
  /**
   * Registers this instance as alive for one bound, and has an echo published to its inbox: `head`, then the
   * caches' states. Answers the same states on the command connection. Without a cache it writes all the
   * same, to see whether it may.
   */
  pulse(caches: readonly BeatenCache[], head: string): Promise<Pulse>;
}

/** What a {@link RedisHeartbeat} needs. */
export interface RedisHeartbeatOptions {
  readonly connection: CommandConnection;
  readonly namespace: string;
  /** The instance's {@link originOf origin}. */
  readonly origin: string;
  readonly boundMs: Milliseconds;
  /** Must resolve before each heartbeat. Default: nothing has to. */
  readonly before?: (() => Promise<void>) | undefined;
  /**
   * Told the longest bound of the fleet, and remembers it for when the server has lost it.
   * Default: only the own bound is known.
   */
  readonly acknowledgements?: Pick<Acknowledgements, 'longestBoundMs'> | undefined;
  /** Told of heartbeats that fail and that succeed. Default: nobody is. */
  readonly refusals?: HeartbeatRefusals | undefined;
  /** Set by what the server answers. Default: the server's time is not looked at. */
  readonly serverClock?: ServerClock | undefined;
  /** The scale of {@link serverClock}. Default: {@link systemClock}. */
  readonly clock?: Clock | undefined;
}

/**
 * What the reply holds of each cache: its number, its generation, and whether that was replaced.
 * The longest bound, the server's time and the reach follow.
 */
const REPLY_PARTS = 3;

/** Heartbeats as a write script on the command connection. */
export class RedisHeartbeat implements Heartbeat {
  readonly #options: RedisHeartbeatOptions;

  constructor(options: RedisHeartbeatOptions) {
    this.#options = options;
  }

  async pulse(caches: readonly BeatenCache[], head: string): Promise<Pulse> {
    const { before, refusals } = this.#options;
    try {
      if (before !== undefined) await before();
      const pulse = await this.#send(caches, head);
      refusals?.succeeded();
      return pulse;
    } catch (error) {
      refusals?.failed(error);
      throw error;
    }
  }

  async #send(caches: readonly BeatenCache[], head: string): Promise<Pulse> {
    const { connection, namespace, origin, boundMs, acknowledgements, serverClock, clock = systemClock } = this.#options;
    const keys: string[] = caches.length === 0 ? [aliveKey(namespace)] : [];
    for (const { name } of caches) keys.push(...this.#bookkeeping(name));
    const known = caches.map(({ generation }) => generation ?? '0');
    const longest = acknowledgements?.longestBoundMs ?? boundMs;
    const args = [memberOf(origin, boundMs), String(boundMs), inboxOf(namespace, origin), head, String(longest), ...known];
    const sentAt = clock.now();
    const reply = await connection.runUnguarded<string[]>(HEARTBEAT, keys, args);
    const [longestBound, micros, reached] = reply.slice(REPLY_PARTS * caches.length);
    if (acknowledgements !== undefined) acknowledgements.longestBoundMs = Number(longestBound);
    if (micros !== undefined) serverClock?.sample(sentAt, clock.now(), Number(micros) / 1_000);
    const states = caches.map((_, i) => {
      const [seq, gen, isReplaced] = reply.slice(REPLY_PARTS * i) as [string, string, string];
      return { seq: Number(seq), gen, isReplaced: isReplaced === '1' };
    });
    return { states, reached: Number(reached) };
  }

  /** Takes this instance off the lists of the living. */
  async leave(caches: readonly string[]): Promise<void> {
    const { connection, origin, boundMs } = this.#options;
    if (caches.length === 0 || !connection.acceptsSteps) return;
    const keys = caches.flatMap((name) => this.#bookkeeping(name));
    await connection.run<number>(LEAVE, keys, [memberOf(origin, boundMs)]);
  }

  /** How many living instances of these caches have this instance's name, itself included. */
  async namesakes(caches: readonly string[]): Promise<number> {
    const { connection, namespace, origin } = this.#options;
    if (caches.length === 0 || !connection.acceptsSteps) return 1;
    return connection.run<number>(
      NAMESAKES,
      caches.map((name) => new RemoteKeys(namespace, name).members),
      [`${nameOfOrigin(origin)}~`],
    );
  }

  #bookkeeping(cache: string): readonly string[] {
    const { seq, gen, rid, members, born } = new RemoteKeys(this.#options.namespace, cache);
    return [seq, gen, rid, members, born];
  }
}
