import type { CacheEvents } from '../event/index.js';
import type { MessageListener } from './message-listener.js';
import type { SubscriptionListener } from './subscription-listener.js';
import type { TopicSubscription } from './subscription-registry.js';

/** One topic's name with the listeners concerned. */
export interface TopicListeners {
  readonly name: string;
  readonly listeners: Iterable<MessageListener>;
}

/** Tells {@link SubscriptionListener}s: those of the container about everything, message listeners that are one about their own topics. */
export class SubscriptionNotifier {
  readonly #events: CacheEvents;
  readonly #listeners = new Set<SubscriptionListener>();

  constructor(events: CacheEvents) {
    this.#events = events;
  }

  add(listener: SubscriptionListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  subscribed(topics: readonly TopicListeners[], epoch: number): void {
    this.#tellTopics(topics, (listener, names) => listener.onSubscribed?.(names, epoch));
  }

  unsubscribed(topics: readonly TopicListeners[], epoch: number): void {
    this.#tellTopics(topics, (listener, names) => listener.onUnsubscribed?.(names, epoch));
  }

  /** For a listener that came to topics already confirmed: nobody else has news. */
  joined(listener: MessageListener, names: readonly string[], epoch: number): void {
    const told = listener as SubscriptionListener;
    if (names.length > 0 && !this.#listeners.has(told)) this.#guard(() => told.onSubscribed?.(names, epoch));
  }

  lost(subscriptions: readonly TopicSubscription[], epoch: number): void {
    const told = new Set<SubscriptionListener>(this.#listeners);
    for (const { listeners } of subscriptions) for (const listener of listeners) told.add(listener as SubscriptionListener);
    for (const listener of told) this.#guard(() => listener.onLost?.(epoch));
  }

  #tellTopics(topics: readonly TopicListeners[], tell: (listener: SubscriptionListener, names: readonly string[]) => void): void {
    const everything = topics.map(({ name }) => name);
    const byListener = new Map<SubscriptionListener, string[]>();
    for (const listener of this.#listeners) byListener.set(listener, everything);
    for (const { name, listeners } of topics) {
      for (const listener of listeners as Iterable<SubscriptionListener>) {
        if (this.#listeners.has(listener)) continue;
        const names = byListener.get(listener);
        if (names === undefined) byListener.set(listener, [name]);
        else names.push(name); // A copy of thousands for each of thousands would take seconds.
      }
    }
    for (const [listener, names] of byListener) this.#guard(() => tell(listener, names));
  }

  #guard(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.#events.emit('error', { where: 'subscription listener', error });
    }
  }
}
