import type { CoherentCache } from '../cache/index.js';
import type { CacheEvents } from '../event/index.js';
import type { Milliseconds } from '../time/index.js';
import { ChannelTopic, type Message, type MessageListenerContainer } from '../topic/index.js';
import type { Acknowledgements } from './acknowledgements.js';
import { type EvictionMessage, formatAcknowledgement, parseInbox, parseMessage } from './messages.js';
import type { ReadLease } from './read-lease.js';
import { nameOfOrigin } from './origin.js';
import { inboxOf } from './remote-keys.js';
import type { ServerClock } from './server-clock.js';

/** What an {@link EvictionListener} is made of. */
export interface EvictionListenerOptions {
  readonly namespace: string;
  /** The instance's {@link originOf origin}. */
  readonly origin: string;
  readonly container: MessageListenerContainer;
  readonly lease: ReadLease;
  readonly acknowledgements: Acknowledgements;
  /** Sends a private message to another instance. */
  readonly send: (channel: string, message: string) => Promise<unknown>;
  readonly events: CacheEvents;
  /** Tells how late a message is. Default: not known. */
  readonly serverClock?: ServerClock | undefined;
  /**
   * Whether it tells clears, and evictions of tags, as events. With several primaries, one does. Default:
   * `true`.
   */
  readonly tellsClears?: boolean | undefined;
}

/** How far a generation in a message may be ahead of the server's estimated clock. */
const MAXIMUM_LEAD_MS: Milliseconds = 86_400_000;

/** The most acknowledgements that may be under way. Anybody may ask for one. */
const MAXIMUM_ACKNOWLEDGING = 64;

/**
 * The bridge from the topics to the caches of one instance. It reads eviction messages, lets the
 * {@link ReadLease} judge their numbers, has the cache apply them, and acknowledges them if asked to.
 * Messages of this instance are treated like those of others; the cache knows which of them it has applied
 * already. Anything else that arrives on a topic is counted, and told once per reason.
 */
export class EvictionListener {
  readonly #options: EvictionListenerOptions;
  /** The private channel of this instance. */
  readonly #inbox: string;
  readonly #caches = new Map<string, CoherentCache>();
  readonly #channels = new Map<string, Set<string>>();
  readonly #told = new Set<string>();
  readonly #onMessage = (message: Message): void => this.#evictionArrived(message);
  #malformed = 0;
  #acknowledging = 0;
  #isBeating = false;
  /** Whether a subscription was confirmed since the last heartbeat began. */
  #isBeatDue = false;

  constructor(options: EvictionListenerOptions) {
    this.#options = options;
    const { container, lease, namespace, origin } = options;
    this.#inbox = inboxOf(namespace, origin);
    lease.onForged((cache) => this.#tellMalformed(this.#channelOf(cache), 'a generation that Redis does not have'));
    container.addSubscriptionListener({
      onSubscribed: (topics, epoch) => {
        if (topics.includes(this.#inbox)) lease.hearsFrom(epoch);
        const names = topics.flatMap((topic) => [...(this.#channels.get(topic) ?? [])]);
        if (names.length > 0) this.#subscribed(names, epoch);
      },
      onLost: (epoch) => lease.lost(epoch + 1),
    });
  }

  /** How many malformed messages arrived. */
  get malformedMessages(): number {
    return this.#malformed;
  }

  /** Listens to the private channel of this instance. Resolves as `addMessageListener` does. */
  async open(): Promise<void> {
    await this.#options.container.addMessageListener((message) => this.#privateArrived(message), ChannelTopic.of(this.#inbox));
  }

  /**
   * Has `cache` follow the evictions announced on `channel`. Resolves once confirmed, or at once while the
   * container does not run.
   */
  async follow(cache: CoherentCache, channel: string): Promise<void> {
    const { container, lease } = this.#options;
    this.#caches.set(cache.name, cache);
    lease.follow(cache);
    const sharing = this.#channels.get(channel);
    if (sharing !== undefined) {
      sharing.add(cache.name);
      if (container.isListening) this.#subscribed([cache.name], container.epoch);
      return;
    }
    this.#channels.set(channel, new Set([cache.name]));
    await container.addMessageListener(this.#onMessage, ChannelTopic.of(channel));
  }

  #subscribed(names: readonly string[], epoch: number): void {
    this.#options.lease.subscribed(names, epoch);
    this.#beatSoon();
  }

  /**
   * Sends heartbeats one at a time. The echo ends the bypass; if a heartbeat fails, the next one is due in
   * D/4. Topics are often confirmed one by one. A heartbeat for each of them, with every cache in each, would
   * take a time that grows with the square of the number of caches.
   */
  #beatSoon(): void {
    this.#isBeatDue = true;
    if (this.#isBeating) return;
    this.#isBeating = true;
    void this.#beatWhileDue();
  }

  async #beatWhileDue(): Promise<void> {
    while (this.#isBeatDue) {
      this.#isBeatDue = false;
      await this.#options.lease.beat().catch(() => undefined);
    }
    this.#isBeating = false;
  }

  #evictionArrived({ channel, body }: Message): void {
    const message = parseMessage(body);
    if ('malformed' in message) return this.#tellMalformed(channel, message.malformed);
    if (message.ns !== this.#options.namespace || this.#channels.get(channel)?.has(message.cache) !== true) return;
    const cache = this.#caches.get(message.cache) as CoherentCache;
    if (this.isFromTheFuture(message, cache)) return this.#tellMalformed(channel, 'a generation from the future');
    const cause = message.op === 'clear' ? 'remote' : 'coherence';
    if (this.#options.lease.received(message, cause, message.origin === this.#options.origin)) this.#apply(cache, message);
    if (message.ack === true && message.origin !== this.#options.origin) this.#acknowledge(message);
  }

  /**
   * Generations are times of the server's clock. A clock that ran ahead may have given a later one, but then
   * a reply has named it too.
   */
  protected isFromTheFuture({ gen }: EvictionMessage, { generation }: CoherentCache): boolean {
    const now = this.#options.serverClock?.now();
    return now !== undefined && gen !== generation.current && Number(gen) / 1_000 > now + MAXIMUM_LEAD_MS;
  }

  #apply(cache: CoherentCache, message: EvictionMessage): void {
    const { events, serverClock, tellsClears = true } = this.#options;
    const { cache: name, keys, tags, seq } = message;
    const own = message.origin === this.#options.origin;
    const origin = nameOfOrigin(message.origin);
    const lagMs = serverClock?.lagOf(message.at);
    if (message.op === 'clear') {
      cache.apply('all', { own, seq, lagMs });
      if (tellsClears && events.has('cleared')) events.emit('cleared', { cache: name, origin, seq, lagMs });
    } else if (tags !== undefined) {
      cache.apply({ tags }, { own, seq, lagMs });
      if (tellsClears && events.has('tagsEvicted')) events.emit('tagsEvicted', { cache: name, tags, origin, seq, lagMs });
    } else {
      cache.apply({ keys }, { own, seq, lagMs });
      if (events.has('evicted')) events.emit('evicted', { cache: name, keys, origin, seq, lagMs });
    }
  }

  #acknowledge({ cache, seq, origin }: EvictionMessage): void {
    const { send, events, namespace } = this.#options;
    // If it gets lost, the evicting instance waits until our read lease has ended. Then it may go on, too.
    if (this.#acknowledging >= MAXIMUM_ACKNOWLEDGING) return;
    this.#acknowledging += 1;
    const channel = inboxOf(namespace, origin);
    send(channel, formatAcknowledgement({ cache, seq, from: this.#options.origin }))
      .catch((error: unknown) => {
        events.emit('error', { where: 'acknowledgement of an eviction', error, topic: { verb: 'publish', name: channel } });
      })
      .finally(() => (this.#acknowledging -= 1));
  }

  #privateArrived({ channel, body }: Message): void {
    const message = parseInbox(body, this.#caches.size);
    if ('malformed' in message) this.#tellMalformed(channel, message.malformed);
    else if ('beat' in message) this.#options.lease.echoed(message.beat, message.states);
    else this.#options.acknowledgements.received(message.cache, message.seq, message.from);
  }

  #channelOf(cache: string): string {
    return [...this.#channels].find(([, names]) => names.has(cache))?.[0] ?? cache;
  }

  #tellMalformed(topic: string, reason: string): void {
    this.#malformed += 1;
    const once = `${topic}: ${reason}`;
    if (this.#told.has(once)) return;
    this.#told.add(once);
    this.#options.events.emit('malformed', { topic, reason });
  }
}
