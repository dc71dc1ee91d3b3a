import type { CommandConnection } from '../redis/index.js';
import { type Clock, type Milliseconds, systemClock } from '../time/index.js';
import type { Acknowledgements } from './acknowledgements.js';
import type { HeartbeatRefusals } from './heartbeat-refusals.js';
import { type CacheState, parseStates } from './cache-state.js';
import { memberOf, nameOfOrigin } from './origin.js';
import { hostsKey, inboxOf, membersKey, RemoteKeys } from './remote-keys.js';
import { HEARTBEAT, LEAVE, NAMESAKES } from './scripts.js';
import type { ServerClock } from './server-clock.js';

/** One cache in a heartbeat, with the newest generation its sender knows. */
export interface BeatenCache {
  readonly name: string;
  readonly generation: string | undefined;
  /** The state that the last reply named, if it is of that generation. */
  readonly state?: CacheState | undefined;
  /** Whether this instance stores tags in it. Default: `false`. */
  readonly hasTags?: boolean | undefined;
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
   * caches' states. Answers the same states on the command connection.
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

type HeartbeatReply = [states: string, replaced: string, longestBound: number, seconds: string, micros: string, reached: number];

/** Heartbeats as a write script on the command connection. */
export class RedisHeartbeat implements Heartbeat {
  readonly #options: RedisHeartbeatOptions;
  #hasLeft = false;

  constructor(options: RedisHeartbeatOptions) {
    this.#options = options;
  }

  async pulse(caches: readonly BeatenCache[], head: string): Promise<Pulse> {
    const { before, refusals } = this.#options;
    try {
      if (before !== undefined) await before();
      if (this.#hasLeft) throw new Error('The instance has left.'); // A beat would put it on the list again.
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
    const names = caches.map(({ name }) => name);
    const known = caches.map(({ generation, state }) => state?.text ?? generation ?? '0').join(',');
    const longest = acknowledgements?.longestBoundMs ?? boundMs;
    const own = [memberOf(origin, boundMs), String(boundMs), inboxOf(namespace, origin), head, String(longest)];
    const tagged = caches.flatMap(({ hasTags }, i) => (hasTags === true ? [i + 1] : []));
    const args = [...own, names.join(','), known, runOf(caches), tagged.join(',')];
    const sentAt = clock.now();
    const keys = [...this.#bookkeeping(names), ...tagged.map((n) => this.#keysOf(names[n - 1] as string).tags)];
    const reply = await connection.runUnguarded<HeartbeatReply>(HEARTBEAT, keys, args);
    const [text, replaced, longestBound, seconds, micros, reached] = reply;
    if (acknowledgements !== undefined) acknowledgements.longestBoundMs = longestBound;
    serverClock?.sample(sentAt, clock.now(), Number(seconds) * 1_000 + Number(micros) / 1_000);
    // As our script has written or checked them.
    const states = [...(parseStates(text === '' ? known : text) as readonly CacheState[])];
    for (const i of replaced === '' ? [] : replaced.split(',')) {
      states[Number(i)] = { ...(states[Number(i)] as CacheState), isReplaced: true };
    }
    return { states, reached };
  }

  /** Takes this instance off the list of the living. @param caches - those that it had. */
  async leave(caches: readonly string[]): Promise<void> {
    const { connection, origin, boundMs } = this.#options;
    this.#hasLeft = true;
    if (!connection.acceptsSteps) return;
    const keys = caches.map((name) => this.#keysOf(name)).flatMap(({ state, intents, tags }) => [state, intents, tags]);
    await connection.run<number>(LEAVE, [...this.#bookkeeping([]), ...keys], [memberOf(origin, boundMs), ...caches]);
  }

  /** How many living instances of the namespace have this instance's name, itself included. */
  async namesakes(): Promise<number> {
    const { connection, namespace, origin } = this.#options;
    return connection.run<number>(NAMESAKES, [membersKey(namespace)], [`${nameOfOrigin(origin)}~`]);
  }

  /** The keys of a heartbeat with these caches. */
  #bookkeeping(caches: readonly string[]): string[] {
    const { namespace } = this.#options;
    return [membersKey(namespace), hostsKey(namespace), ...caches.map((name) => this.#keysOf(name).state)];
  }

  #keysOf(cache: string): RemoteKeys {
    return new RemoteKeys(this.#options.namespace, cache);
  }
}

/** The run id of all their states. `''`: the state of one is not known, or they differ. */
function runOf(caches: readonly BeatenCache[]): string {
  const run = caches[0]?.state?.run;
  return run !== undefined && caches.every(({ state }) => state?.run === run) ? run : '';
}
