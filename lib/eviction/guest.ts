import { type Eviction, Generation, hasTags, partsOf, TagClock } from '../cache/index.js';
import type { CommandConnection } from '../redis/index.js';
import { type Milliseconds, systemClock } from '../time/index.js';
import { ChannelTopic, type Message, type MessageListenerContainer } from '../topic/index.js';
import { Acknowledgements, type Audience } from './acknowledgements.js';
import { parseInbox } from './messages.js';
import { nameOfOrigin, originOf } from './origin.js';
import { RedisEvictionLog } from './redis-eviction-log.js';
import { inboxOf } from './remote-keys.js';

/** What a {@link Guest} needs. */
export interface GuestOptions {
  readonly connection: CommandConnection;
  /** Listens for acknowledgements. It must have been started. */
  readonly container: MessageListenerContainer;
  readonly namespace: string;
  readonly cache: string;
  /** The channel on which the evictions of the cache are announced. */
  readonly channel: string;
  /** The generation of the cache, as Redis holds it. */
  readonly generation: string;
  /** Whether a record of evicted tags belongs to the cache. A clear begins it anew. */
  readonly isTagged: boolean;
  /** What the messages are signed with. */
  readonly name: string;
}

/** What came of an eviction by a {@link Guest}. */
export interface GuestReceipt {
  /** How many of the keys Redis held. A clear, or an eviction of tags, does not count them: `undefined`. */
  readonly present: number | undefined;
  /** Whether the instances have heard it. `undefined`: they were not asked. */
  readonly hearing: Hearing | undefined;
}

/** Which instances have heard an eviction, by name. */
export interface Hearing {
  /** They have applied and acknowledged it. */
  readonly heard: readonly string[];
  /**
   * They are on the list of the living, and have not acknowledged it. Their read leases have ended, so they
   * do not serve what was evicted either.
   */
  readonly missing: readonly string[];
}

/** The default bound. It is taken for the longest one while Redis does not know the bounds of the fleet. */
const BOUND_MS: Milliseconds = 1_000;

/**
 * Evicts from one cache for a program that is no instance: it sends no heartbeats and is on no list of the
 * living. So it leaves nothing in Redis but what an eviction changes, however it ends. Its evictions are
 * those of an instance that does not keep the cache: executed, numbered, announced and, if asked for,
 * acknowledged.
 */
export class Guest {
  readonly #container: MessageListenerContainer;
  readonly #inbox: ChannelTopic;
  readonly #acknowledgements: NotedAcknowledgements;
  readonly #log: RedisEvictionLog;
  readonly #onMessage = ({ body }: Message): void => this.#arrived(body);

  constructor({ connection, container, namespace, cache, channel, generation, isTagged, name }: GuestOptions) {
    const origin = originOf(name);
    this.#container = container;
    this.#inbox = ChannelTopic.of(inboxOf(namespace, origin));
    this.#acknowledgements = new NotedAcknowledgements(origin, BOUND_MS);
    this.#log = new RedisEvictionLog({
      connection,
      namespace,
      cache,
      channel,
      origin,
      boundMs: BOUND_MS,
      fillLeaseMs: BOUND_MS, // It loads nothing.
      acknowledgements: this.#acknowledgements,
      isKept: () => false,
      generation: new Generation(generation),
      tags: isTagged ? new TagClock(systemClock) : undefined,
    });
  }

  /**
   * Evicts, in as many steps as it takes. Nothing is repeated: after an error, a part may have been evicted.
   *
   * @param acks - whether to wait until no instance serves the old values any more.
   * @throws {CacheError} when Redis does not execute it, or cannot be listened to.
   */
  async evict(eviction: Eviction, acks: boolean): Promise<GuestReceipt> {
    let present = 0;
    if (acks) await this.#container.addMessageListener(this.#onMessage, this.#inbox);
    for (const step of partsOf(eviction)) {
      const { removed, acknowledged } = await this.#log.evict(step, acks);
      await acknowledged;
      present += removed;
    }
    const isCounted = eviction !== 'all' && !hasTags(eviction);
    return { present: isCounted ? present : undefined, hearing: acks ? this.#acknowledgements.hearing() : undefined };
  }

  #arrived(body: string): void {
    const message = parseInbox(body);
    if ('from' in message) this.#acknowledgements.received(message.cache, message.seq, message.from);
  }
}

/** Remembers which instances were to acknowledge evictions, and which have. */
class NotedAcknowledgements extends Acknowledgements {
  readonly #evictions = new Set<number>();
  readonly #audience = new Set<string>();
  readonly #received = new Map<string, Set<number>>();

  override wait(cache: string, seq: number, audience: Audience): Promise<void> {
    this.#evictions.add(seq);
    for (const member of audience.members.keys()) this.#audience.add(member);
    return super.wait(cache, seq, audience);
  }

  override received(cache: string, seq: number, from: string): void {
    const own = this.#received.get(from) ?? new Set();
    this.#received.set(from, own.add(seq));
    super.received(cache, seq, from);
  }

  /** Instances that have acknowledged every eviction, and those that have not. */
  hearing(): Hearing {
    const heard = new Set([...this.#received].filter(([, own]) => [...this.#evictions].every((seq) => own.has(seq))).map(([from]) => from));
    const missing = [...this.#audience].filter((member) => !heard.has(member));
    return { heard: [...heard].map(nameOfOrigin).sort(), missing: missing.map(nameOfOrigin).sort() };
  }
}
