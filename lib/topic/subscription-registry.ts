import { Deferred } from './deferred.js';
import type { MessageListener } from './message-listener.js';
import type { Message } from './message.js';
import type { Topic } from './topic.js';

/** One topic with its listeners, and the state of its subscription on the present connection. */
export class TopicSubscription {
  readonly topic: Topic;
  readonly listeners = new Set<MessageListener>();
  /** `new`: nothing was sent on this connection. `sent`: on its way. `confirmed`: the server said so. */
  #status: 'new' | 'sent' | 'confirmed' = 'new';
  #confirmation = new Deferred<void>();

  constructor(topic: Topic) {
    this.topic = topic;
  }

  get status(): 'new' | 'sent' | 'confirmed' {
    return this.#status;
  }

  /**
   * Settles when the server confirms the topic, on this connection or, if it is lost before, on a later one.
   */
  get confirmation(): Promise<void> {
    return this.#confirmation.promise;
  }

  send(): void {
    this.#status = 'sent';
  }

  confirm(): void {
    this.#status = 'confirmed';
    this.#confirmation.resolve();
  }

  /** Rejects for those who wait. Later callers wait for a new confirmation. */
  fail(error: Error): void {
    this.#confirmation.reject(error);
    this.#confirmation = new Deferred();
  }

  /** The connection is gone. Those who wait go on waiting. */
  reset(): void {
    if (this.#status === 'confirmed') this.#confirmation = new Deferred();
    this.#status = 'new';
  }
}

/** Which listener wants which topics. Bookkeeping only: sends nothing. */
export class SubscriptionRegistry {
  readonly #channels = new Map<string, TopicSubscription>();
  readonly #patterns = new Map<string, TopicSubscription>();

  get isEmpty(): boolean {
    return this.#channels.size === 0 && this.#patterns.size === 0;
  }

  /** Every subscription, channels first. */
  all(): TopicSubscription[] {
    return [...this.#channels.values(), ...this.#patterns.values()];
  }

  has(subscription: TopicSubscription): boolean {
    return this.#of(subscription.topic).get(subscription.topic.name) === subscription;
  }

  /** The subscription that `message` came through; `undefined` once its last listener is gone. */
  find(message: Message): TopicSubscription | undefined {
    return message.pattern === undefined ? this.#channels.get(message.channel) : this.#patterns.get(message.pattern);
  }

  /** @returns the topic's subscription, and whether the listener is new to it. */
  add(listener: MessageListener, topic: Topic): { readonly subscription: TopicSubscription; readonly isNew: boolean } {
    const topics = this.#of(topic);
    let subscription = topics.get(topic.name);
    if (subscription === undefined) topics.set(topic.name, (subscription = new TopicSubscription(topic)));
    const isNew = !subscription.listeners.has(listener);
    subscription.listeners.add(listener);
    return { subscription, isNew };
  }

  /**
   * Removes `listener` (all of them, if `undefined`) from `topics` (from all, if `undefined`).
   *
   * @returns what was removed: each topic concerned with its former listeners, and whether it has none left.
   */
  remove(listener: MessageListener | undefined, topics: readonly Topic[] | undefined): RemovedSubscription[] {
    const removed: RemovedSubscription[] = [];
    const concerned = topics?.flatMap((topic) => this.#of(topic).get(topic.name) ?? []) ?? this.all();
    for (const subscription of concerned) {
      const { topic, listeners } = subscription;
      const gone = listener === undefined ? [...listeners] : listeners.has(listener) ? [listener] : [];
      if (gone.length === 0) continue;
      for (const each of gone) listeners.delete(each);
      if (listeners.size === 0) this.#of(topic).delete(topic.name);
      removed.push({ subscription, listeners: gone, isLast: listeners.size === 0 });
    }
    return removed;
  }

  #of(topic: Topic): Map<string, TopicSubscription> {
    return topic.kind === 'channel' ? this.#channels : this.#patterns;
  }
}

/** What {@link SubscriptionRegistry#remove} took out. */
export interface RemovedSubscription {
  readonly subscription: TopicSubscription;
  readonly listeners: readonly MessageListener[];
  readonly isLast: boolean;
}
