import type { CacheEvents } from '../event/index.js';
import type { Message } from './message.js';
import type { SubscriptionRegistry } from './subscription-registry.js';

/**
 * Hands each message to the listeners of its topic, synchronously and in the order of arrival. A message is for those who listened when it
 * arrived. A listener that fails becomes an `error` event.
 */
export class MessageDelivery {
  readonly #registry: SubscriptionRegistry;
  readonly #events: CacheEvents;
  readonly #presentEpoch: () => number;

  /** @param presentEpoch - the number of the present connection: a message is for listeners of one connection only. */
  constructor(registry: SubscriptionRegistry, events: CacheEvents, presentEpoch: () => number) {
    this.#registry = registry;
    this.#events = events;
    this.#presentEpoch = presentEpoch;
  }

  deliver(message: Message): void {
    const subscription = this.#registry.find(message);
    if (subscription === undefined) return;
    const { listeners } = subscription;
    const epoch = this.#presentEpoch();
    for (const listener of [...listeners]) {
      if (epoch !== this.#presentEpoch()) return; // A listener before has stopped the container, or given the connection up.
      if (!listeners.has(listener)) continue; // A listener before has removed this one.
      try {
        const result = typeof listener === 'function' ? listener(message) : listener.onMessage(message);
        if (result !== undefined) Promise.resolve(result).catch((error: unknown) => this.#failed(message, error));
      } catch (error) {
        this.#failed(message, error);
      }
    }
  }

  #failed(message: Message, error: unknown): void {
    const name = message.pattern ?? message.channel;
    this.#events.emit('error', { where: `message listener of '${name}'`, error, topic: { verb: 'receive', name } });
  }
}
