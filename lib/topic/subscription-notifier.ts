import type { CacheEvents } from '../event/index.js';
import type { MessageListener } from './message-listener.js';
import type { SubscriptionListener } from './subscription-listener.js';

/**
 * The name of one topic with the listeners concerned. A listener that has left `listeners`
 * before its turn is not told.
 */
export interface TopicListeners {
  readonly name: string;
  readonly listeners: ReadonlySet<MessageListener>;
}

/**
 * Tells {@link SubscriptionListener}s: those of the container about everything, message listeners with the
 * same callbacks about their own topics.
 */
export class SubscriptionNotifier {
  readonly #events: CacheEvents;
  readonly #presentEpoch: () => number;
  readonly #listeners = new Set<SubscriptionListener>();

  constructor(events: CacheEvents, presentEpoch: () => number) {
    this.#events = events;
    this.#presentEpoch = presentEpoch;
  }

  add(listener: SubscriptionListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  subscribed(topics: readonly TopicListeners[], epoch: number): void {
    this.#tell(topics, (listener, names) => {
      // An earlier listener may have ended the connection. The others have heard of the loss by then.
      if (epoch === this.#presentEpoch()) listener.onSubscribed?.(names, epoch);
    });
  }

  unsubscribed(topics: readonly TopicListeners[], epoch: number): void {
    this.#tell(topics, (listener, names) => listener.onUnsubscribed?.(names, epoch));
  }

  /** For a listener that joined topics that were confirmed already. Nobody else has news. */
  joined(listener: MessageListener, names: readonly string[], epoch: number): void {
    const told = listener as SubscriptionListener;
    if (names.length > 0 && !this.#listeners.has(told)) this.#guard(() => told.onSubscribed?.(names, epoch));
  }

  lost(topics: readonly TopicListeners[], epoch: number): void {
    this.#tell(topics, (listener) => listener.onLost?.(epoch));
  }

  /**
   * Decides who is told before it tells the first: each listener once, whatever is
   * added or removed meanwhile.
   */
  #tell(topics: readonly TopicListeners[], tell: (listener: SubscriptionListener, names: readonly string[]) => void): void {
    const ofEverything = [...this.#listeners];
    const byListener = new Map<MessageListener, TopicListeners[]>();
    for (const topic of topics) {
      for (const listener of topic.listeners) {
        if (this.#listeners.has(listener as SubscriptionListener)) continue;
        const own = byListener.get(listener);
        if (own === undefined) byListener.set(listener, [topic]);
        else own.push(topic); // Copying a list of thousands for each of thousands of topics would take seconds.
      }
    }
    const everything = topics.map(({ name }) => name);
    for (const listener of ofEverything) {
      if (this.#listeners.has(listener)) this.#guard(() => tell(listener, everything));
    }
    for (const [listener, own] of byListener) {
      const names = own.filter(({ listeners }) => listeners.has(listener)).map(({ name }) => name);
      if (names.length > 0) this.#guard(() => tell(listener as SubscriptionListener, names));
    }
  }

  #guard(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.#events.emit('error', { where: 'subscription listener', error });
    }
  }
}
