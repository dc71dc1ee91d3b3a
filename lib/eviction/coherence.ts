import type { CoherentCache } from '../cache/index.js';
import type { CacheEvents } from '../event/index.js';
import type { CommandConnection } from '../redis/index.js';
import { type Clock, type Milliseconds, timersOf } from '../time/index.js';
import type { MessageListenerContainer } from '../topic/index.js';
import { Acknowledgements } from './acknowledgements.js';
import { BypassNotices } from './bypass-notices.js';
import { EvictionListener } from './eviction-listener.js';
import { HeartbeatRefusals } from './heartbeat-refusals.js';
import { RedisHeartbeat } from './heartbeat.js';
import { Namesakes } from './namesakes.js';
import { nameOfOrigin } from './origin.js';
import { ReadLease } from './read-lease.js';
import { ServerClock } from './server-clock.js';

/** What leads to one primary: the port of a {@link Coherence}. */
export interface PrimaryLink {
  /** What the names of its keys and of private channels begin with. */
  readonly namespace: string;
  /** Listens to the evictions of this primary. */
  readonly container: MessageListenerContainer;
  /**
   * Carries the heartbeats. `undefined` inside one process: deliveries are synchronous there, and the lease
   * never ends.
   */
  readonly connection: CommandConnection | undefined;
  /** Sends a private message to another instance. */
  send(channel: string, message: string): Promise<unknown>;
  /** Must resolve before each heartbeat. Default: nothing has to. */
  readonly beforeHeartbeat?: (() => Promise<void>) | undefined;
  /** How many instances have this one's name, itself included. Default: the list of the living tells. */
  readonly namesakes?: (() => number) | undefined;
}

/** What all coherences of an instance have in common. */
export interface CoherenceOptions {
  /** The instance's {@link originOf origin}. */
  readonly origin: string;
  /** D: the most a read may lag behind an eviction. */
  readonly boundMs: Milliseconds;
  readonly clock: Clock;
  readonly events: CacheEvents;
  /** Default: the library's own. */
  readonly collaborators?: Partial<CoherenceCollaborators> | undefined;
}

/** The collaborators that a spec may replace, to see which promise breaks without a rule of theirs. */
export interface CoherenceCollaborators {
  readonly ReadLease: typeof ReadLease;
  readonly Acknowledgements: typeof Acknowledgements;
  readonly EvictionListener: typeof EvictionListener;
}

const COLLABORATORS: CoherenceCollaborators = { ReadLease, Acknowledgements, EvictionListener };

/** What the coherences of one instance share. */
interface Shared {
  readonly bypass: BypassNotices;
  /** One of them tells what concerns the instance as a whole. */
  readonly isFirst: boolean;
}

/**
 * Keeps the caches of an instance coherent with one primary, by the protocol in `docs/coherence.md`.
 *
 * A primary is a server that orders the evictions of its share of the keys: the one Redis, a primary of a
 * Redis Cluster, or the memory of the process. There is no order between two primaries, so an instance has a
 * coherence for each.
 *
 * Its life: {@link follow} for each cache, also later · {@link open} · {@link start} · {@link beat} on each
 * new command connection · {@link proven} · {@link leave} · {@link stop}.
 */
export class Coherence {
  /** The evictions of this instance that are not acknowledged yet, and their callers. */
  readonly acknowledgements: Acknowledgements;
  readonly serverClock: ServerClock;
  readonly #link: PrimaryLink;
  readonly #events: CacheEvents;
  readonly #refusals: HeartbeatRefusals | undefined;
  readonly #heartbeat: RedisHeartbeat | undefined;
  readonly #lease: ReadLease;
  readonly #listener: EvictionListener;
  readonly #namesakes: Namesakes | undefined;
  #hasLeft = false;

  /** A coherence for each primary of an instance. */
  static ofAll(links: readonly PrimaryLink[], options: CoherenceOptions): readonly Coherence[] {
    const bypass = new BypassNotices(options.events);
    return links.map((link, number) => new Coherence(link, options, { bypass, isFirst: number === 0 }));
  }

  private constructor(link: PrimaryLink, options: CoherenceOptions, { bypass, isFirst }: Shared) {
    const { origin, boundMs, clock, events } = options;
    const timers = timersOf(clock);
    const { namespace, container, connection, beforeHeartbeat } = link;
    const send = (channel: string, message: string): Promise<unknown> => link.send(channel, message);
    const of = { ...COLLABORATORS, ...options.collaborators };
    this.#link = link;
    this.#events = events;
    const acknowledgements = (this.acknowledgements = new of.Acknowledgements(origin, boundMs, timers));
    const serverClock = (this.serverClock = connection === undefined ? ServerClock.ofThisProcess() : new ServerClock(clock));
    if (connection !== undefined) {
      const refusals = (this.#refusals = new HeartbeatRefusals(connection.endpoint.label, events));
      const reports = { acknowledgements, serverClock, refusals };
      this.#heartbeat = new RedisHeartbeat({ connection, namespace, origin, boundMs, clock, before: beforeHeartbeat, ...reports });
    }
    const lease = (this.#lease = new of.ReadLease({
      clock,
      events,
      boundMs,
      heartbeat: this.#heartbeat,
      tellBypass: (cache, active) => bypass.tell(cache, active),
      whenUnheard: (times) => this.#reconnect(times),
    }));
    const incoming = { container, lease, acknowledgements, serverClock };
    this.#listener = new of.EvictionListener({ namespace, origin, send, events, tellsClears: isFirst, ...incoming });
    if (isFirst)
      this.#namesakes = new Namesakes({ name: nameOfOrigin(origin), boundMs, count: () => this.#countNamesakes(), events, timers });
  }

  /**
   * Has `cache` follow the evictions announced on `channel`. Resolves once confirmed, or at once while
   * nothing is subscribed yet.
   */
  follow(cache: CoherentCache, channel: string): Promise<void> {
    return this.#listener.follow(cache, channel);
  }

  /** Listens to the private channel of this instance. */
  async open(): Promise<void> {
    this.#namesakes?.start();
    await this.#listener.open();
  }

  /** Sends heartbeats from now on, four per bound. @param answered - told of each that was answered. */
  start(answered: () => void): void {
    const sent = (): void => {
      this.#link.connection?.confirm();
      answered();
    };
    // A failed heartbeat shows as the end of the lease, and the connection tells the error.
    this.#lease.start(sent, () => undefined);
  }

  /**
   * Sends one heartbeat. A new command connection must have carried one before it is used for anything else.
   */
  beat(): Promise<void> {
    return this.#lease.beat();
  }

  /** Resolves once these caches (default: all) may be served, or after `timeoutMs`. */
  proven(timeoutMs: Milliseconds, names?: readonly string[]): Promise<void> {
    return this.#lease.proven(timeoutMs, names);
  }

  /**
   * Ends the lease and the heartbeats, and takes this instance off the list of the living. Never rejects.
   */
  async leave(): Promise<void> {
    this.#namesakes?.stop();
    const { names } = this.#lease;
    this.#lease.stop();
    this.#hasLeft = true;
    await this.#heartbeat?.leave(names).catch((error: unknown) => this.#events.emit('error', { where: 'leaving', error }));
  }

  /** Nobody waits for acknowledgements any longer. */
  stop(): void {
    this.acknowledgements.close();
  }

  /** Whether this instance is off the list of the living, for good. */
  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  /** Whether commands are sent to the primary now. */
  get acceptsSteps(): boolean {
    return this.#link.connection?.acceptsSteps ?? true;
  }

  /**
   * How far reads of this cache can lag behind this primary at this moment; see `FollowedCache.provenMs`.
   * `undefined`: nothing has proven it yet, or the instance has left.
   */
  provenMs(cache: string): Milliseconds | undefined {
    return this.#lease.provenMs(cache);
  }

  /** Why heartbeats are refused; `undefined`: they are not. */
  get refusal(): string | undefined {
    return this.#refusals?.reason;
  }

  /**
   * The heartbeats do not reach the subscriber. Either connection may lead to the wrong server: they are
   * replaced in turn.
   */
  #reconnect(times: number): void {
    const { container, connection } = this.#link;
    const reason = new Error('its heartbeats do not reach its subscriber');
    if (times % 2 === 1) container.reconnect(reason);
    else connection?.reconnect(reason);
  }

  async #countNamesakes(): Promise<number | undefined> {
    if (!this.acceptsSteps) return undefined;
    return this.#link.namesakes?.() ?? this.#heartbeat?.namesakes();
  }
}
