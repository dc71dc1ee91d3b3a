import type { CacheEvents } from '../event/index.js';
import type { Message } from './message.js';
import type { SubscriptionRegistry } from './subscription-registry.js';

/**
 * Hands each message to the listeners of its topic, synchronously and in the order of arrival. Only listeners
 * that were there when the message arrived get it. A failing listener is reported as an `error` event.
 */
export class MessageDelivery {
  readonly #registry: SubscriptionRegistry;
  readonly #events: CacheEvents;
  readonly #presentEpoch: () => number;

  /** @param presentEpoch - the number of the present connection. A delivery ends when the connection does. */
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
      if (epoch !== this.#presentEpoch()) return; // An earlier listener has stopped the container or given up the connection.
      if (!listeners.has(listener)) continue; // An earlier listener has removed this one.
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
