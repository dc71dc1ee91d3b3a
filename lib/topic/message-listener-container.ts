import { CacheEvents } from '../event/index.js';
import { type Milliseconds, type Timers, withDeadline } from '../time/index.js';
import { LinkNotices } from './link-notices.js';
import type { ListenerContainerState } from './listener-container-state.js';
import { MessageDelivery } from './message-delivery.js';
import { checkListener, type MessageListener } from './message-listener.js';
import { DEFAULT_SUBSCRIBE_TIMEOUT_MS, type MessageListenerContainerOptions } from './message-listener-container-options.js';
import type { PubSubTransport } from './pub-sub-transport.js';
import { subscriptionGivenUp, subscriptionLate, subscriptionRefused } from './subscription-errors.js';
import type { SubscriptionListener } from './subscription-listener.js';
import { SubscriptionNotifier, type TopicListeners } from './subscription-notifier.js';
import { SubscriptionRegistry, type TopicSubscription } from './subscription-registry.js';
import { checkTopics, type Topic } from './topic.js';

/**
 * Keeps listeners subscribed. One connection serves all of them: it opens with the first listener, subscribes
 * again after every loss, and closes with the last. This is `RedisMessageListenerContainer` of Spring Data
 * Redis with two additions. Listeners are told of a loss at once. And each connection has a number, the
 * {@link epoch}, so that nothing learnt on one connection is believed about the next.
 *
 * The order on a connection: message handlers are in place before SUBSCRIBE is sent. On `ready` all topics
 * are sent together. Subscription listeners are told once the server has confirmed every topic. `ready`
 * itself would be one round trip too early: messages published in between are lost. The confirmation and
 * messages may arrive in one packet; the messages are delivered first then.
 *
 * Listeners get messages synchronously, in the order of arrival. A message goes to the listeners that were
 * there when it arrived. A listener added during a delivery gets the next message, a removed one gets nothing
 * more, and after `stop()` or the loss of the connection nobody gets any. Pub/sub delivers at most once:
 * messages published during an outage are gone, and the only notice is `onLost` followed by `onSubscribed`.
 */
export class MessageListenerContainer {
  readonly #transport: PubSubTransport;
  readonly #events: CacheEvents;
  readonly #subscribeTimeoutMs: Milliseconds;
  readonly #timers: Timers | undefined;
  readonly #registry = new SubscriptionRegistry();
  readonly #notifier: SubscriptionNotifier;
  readonly #notices: LinkNotices;
  readonly #delivery: MessageDelivery;
  #state: ListenerContainerState = 'created';
  #epoch = 0;
  /** Whether the transport holds a link. It may not be subscribed yet. */
  #isUp = false;
  #starting: Promise<void> | undefined;
  #resubscribing: Promise<void> = Promise.resolve();
  /** Settles when the transport has closed after its last listener went. The next connection waits for it. */
  #releasing: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | undefined;

  /** @internal Made by the caching module. */
  constructor(transport: PubSubTransport, options: MessageListenerContainerOptions = {}) {
    this.#transport = transport;
    this.#events = options.events ?? new CacheEvents();
    this.#notices = new LinkNotices(this.#events, transport);
    const presentEpoch = (): number => this.#epoch;
    this.#notifier = new SubscriptionNotifier(this.#events, presentEpoch);
    this.#delivery = new MessageDelivery(this.#registry, this.#events, presentEpoch);
    this.#subscribeTimeoutMs = options.subscribeTimeoutMs ?? DEFAULT_SUBSCRIBE_TIMEOUT_MS;
    this.#timers = options.timers;
  }

  /** The present state. */
  get state(): ListenerContainerState {
    return this.#state;
  }

  /** Whether it was started and not stopped. Says nothing about the connection. */
  get isRunning(): boolean {
    return this.#state === 'starting' || this.#state === 'idle' || this.#state === 'listening' || this.#state === 'recovering';
  }

  /** Whether the server has confirmed the topics on the present connection. */
  get isListening(): boolean {
    return this.#state === 'listening';
  }

  /**
   * The number of the present connection. It begins at 0 and grows by one whenever a
   * connection is lost or let go.
   */
  get epoch(): number {
    return this.#epoch;
  }

  /** Names the broker, as `host:port`. */
  get endpoint(): string {
    return this.#transport.endpoint;
  }

  /**
   * Tells `listener` the messages of `topics` from now on. Several listeners may share a topic. Adding the
   * same listener twice has no further effect.
   *
   * While the container runs, the promise resolves once the server has confirmed. Otherwise it resolves at
   * once, and `start()` subscribes. When the server refuses on a working connection, this listener is taken
   * out again and the others stay. While the connection is away, or not there yet, the listener stays and is
   * subscribed together with the others; a rejection then only ends the waiting.
   *
   * @throws {TopicError} `TOPIC_LISTENER_INVALID` for a wrong argument; `TOPIC_SUBSCRIBE_FAILED` when the
   *   server refuses or does not confirm in time, or when the container is stopped meanwhile.
   * @throws {CacheError} the transport's own, when this is the first listener and the
   *   connection cannot be opened.
   */
  async addMessageListener(listener: MessageListener, topics: Topic | readonly Topic[]): Promise<void> {
    const wanted = checkTopics(topics);
    checkListener(listener);
    const added = wanted.map((topic) => this.#registry.add(listener, topic)).filter(({ isNew }) => isNew);
    const subscriptions = added.map(({ subscription }) => subscription);
    if (!this.isRunning) return;
    if (this.#state === 'idle') return this.#connect();

    const confirmed = subscriptions.filter(({ status }) => status === 'confirmed');
    this.#notifier.joined(listener, confirmed.map(nameOf), this.#epoch);
    const unsent = subscriptions.filter(({ status }) => status === 'new');
    if (this.#isUp && unsent.length > 0) {
      try {
        await this.#subscribe(unsent);
      } catch (error) {
        // The call succeeds for all topics or for none. Listeners that joined the refused topics meanwhile
        // would wait in vain, so they are removed as well.
        this.#registry.remove(
          listener,
          subscriptions.map(({ topic }) => topic),
        );
        this.#registry.remove(
          undefined,
          unsent.map(({ topic }) => topic),
        );
        for (const subscription of unsent) subscription.fail(error as Error);
        throw error;
      }
    }
    await this.#confirmed(subscriptions);
  }

  /**
   * Stops telling `listener` (every listener, if `undefined`) the messages of `topics` (of all, if
   * `undefined`). It gets nothing from the moment of the call. A topic without listeners is unsubscribed, and
   * a container without topics lets its connection go. Resolves once the server has confirmed.
   *
   * @throws {TopicError} `TOPIC_LISTENER_INVALID` for an argument that is neither `undefined`
   *   nor what its name says.
   */
  async removeMessageListener(listener?: MessageListener, topics?: Topic | readonly Topic[]): Promise<void> {
    if (listener !== undefined) checkListener(listener);
    const removed = this.#registry.remove(listener, topics === undefined ? undefined : checkTopics(topics)).filter(({ isLast }) => isLast);
    for (const { subscription } of removed) if (subscription.status !== 'confirmed') subscription.fail(subscriptionGivenUp(this.endpoint));
    if (!this.isRunning || removed.length === 0) return;
    if (this.#isUp) {
      const told = removed.map(({ subscription, listeners }) => ({ name: nameOf(subscription), listeners: new Set(listeners) }));
      await this.#unsubscribe(
        told,
        removed.map(({ subscription }) => subscription.topic),
        this.#epoch,
      );
    }
    if (this.#registry.isEmpty && this.isRunning && this.#state !== 'idle') await this.#release();
  }

  /** Tells `listener` every subscription and loss from now on. Returns a function that ends it. */
  addSubscriptionListener(listener: SubscriptionListener): () => void {
    return this.#notifier.add(listener);
  }

  /**
   * Connects, and resolves once the server has confirmed every topic. Without listeners it resolves at once
   * and connects later. After `stop()` it subscribes the listeners again. After a rejection the container
   * still runs and keeps trying (`recovering`) until `stop()`.
   *
   * @throws {CacheError} the transport's own, which names the endpoint, when the first
   *   attempt to connect fails.
   * @throws {TopicError} `TOPIC_SUBSCRIBE_FAILED` when the server refuses the topics, or when the
   *   container is stopped meanwhile.
   */
  start(): Promise<void> {
    if (this.#stopping !== undefined) return this.#stopping.then(() => this.start());
    if (this.#state === 'starting') return this.#starting ?? Promise.resolve();
    if (this.isRunning) return this.#confirmed(this.#registry.all());
    if (!this.#registry.isEmpty) return this.#connect();
    this.#state = 'idle';
    return Promise.resolve();
  }

  /**
   * Unsubscribes, closes the connection, and resolves once both are done. It also closes when unsubscribing
   * fails. Listeners get no message from the moment of the call. They stay registered for the next `start()`.
   * Idempotent; never rejects.
   */
  stop(): Promise<void> {
    if (!this.isRunning) return this.#stopping ?? Promise.resolve();
    return (this.#stopping = this.#stop().finally(() => (this.#stopping = undefined)));
  }

  /**
   * Gives up the present connection and opens another. For callers with better evidence than PING that
   * messages do not arrive: a subscription can be gone although the connection answers.
   */
  reconnect(reason?: unknown): void {
    if (this.#isUp && this.isRunning) this.#transport.reconnect(reason);
  }

  #connect(): Promise<void> {
    this.#state = 'starting';
    const starting = this.#doConnect();
    this.#starting = starting;
    starting.catch(() => undefined); // `start()` returns the same promise, but a listener added meanwhile may be the only one to see it.
    return starting;
  }

  async #doConnect(): Promise<void> {
    await this.#releasing;
    if (this.#state !== 'starting') throw subscriptionGivenUp(this.endpoint);
    try {
      await this.#transport.connect({
        onMessage: (message) => {
          if (this.#isUp) this.#delivery.deliver(message); // After `stop()` a few messages may still be on their way.
        },
        onReady: () => this.#ready(),
        onLost: (error) => this.#lost(error),
        onRetry: (attempt, delayMs, error) => this.#notices.retrying(attempt, delayMs, error),
      });
    } catch (error) {
      if (this.#state !== 'starting') throw subscriptionGivenUp(this.endpoint, error);
      this.#state = 'recovering';
      throw error;
    }
    await this.#resubscribing;
    await this.#confirmed(this.#registry.all()); // The connection may have been lost in between.
  }

  #ready(): void {
    this.#isUp = true;
    this.#notices.connected();
    this.#resubscribing = this.#resubscribe();
    this.#resubscribing.catch(() => undefined); // It is reported there, and `start()` may wait for it as well.
  }

  async #resubscribe(): Promise<void> {
    const subscriptions = this.#registry.all();
    try {
      await this.#subscribe(subscriptions);
    } catch (error) {
      this.#events.emit('error', { where: 'resubscription', error });
      // A connection without its subscriptions is useless. Another one, after a pause, may be
      // allowed what this one is not.
      if (this.isRunning) this.#transport.reconnect(error);
      throw error;
    }
  }

  /**
   * Sends one SUBSCRIBE for `subscriptions` and tells the listeners once it is confirmed. It also resolves
   * when the connection is lost first: the subscriptions are sent again at the next `ready`, and
   * {@link #confirmed} goes on waiting.
   *
   * @throws {TopicError} `TOPIC_SUBSCRIBE_FAILED` when the server refuses.
   */
  async #subscribe(subscriptions: readonly TopicSubscription[]): Promise<void> {
    const epoch = this.#epoch;
    for (const subscription of subscriptions) subscription.send();
    try {
      if (subscriptions.length > 0) await this.#transport.subscribe(subscriptions.map(({ topic }) => topic));
    } catch (cause) {
      if (epoch !== this.#epoch) return;
      throw subscriptionRefused(this.endpoint, subscriptions, cause);
    }
    if (epoch !== this.#epoch) return; // Confirmed on a connection that is gone.
    for (const subscription of subscriptions) subscription.confirm();
    if (this.#state === 'starting' || this.#state === 'recovering') this.#state = 'listening';
    const kept = subscriptions.filter((subscription) => this.#registry.has(subscription));
    if (kept.length === 0) return;
    this.#events.emit('subscribed', { endpoint: this.endpoint, topics: kept.map(nameOf), epoch });
    this.#notifier.subscribed(kept.map(listenersOf), epoch);
  }

  async #unsubscribe(removed: readonly TopicListeners[], topics: readonly Topic[], epoch: number): Promise<void> {
    try {
      await this.#transport.unsubscribe(topics);
    } catch (error) {
      if (epoch !== this.#epoch && this.isRunning) return; // The subscriptions are gone with the connection.
      this.#events.emit('error', { where: 'unsubscription', error });
    }
    this.#notifier.unsubscribed(removed, epoch);
  }

  #lost(error: unknown): void {
    if (!this.#isUp) return;
    if (this.#state === 'listening' || this.#state === 'starting') this.#state = 'recovering';
    this.#notices.lost(error);
    this.#endEpoch();
  }

  /** The connection broke or was let go: what was learnt on it does not hold any longer. */
  #endEpoch(): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    const ended = this.#epoch++;
    const subscriptions = this.#registry.all();
    for (const subscription of subscriptions) subscription.reset();
    this.#notifier.lost(subscriptions.map(listenersOf), ended);
  }

  async #release(): Promise<void> {
    this.#state = 'idle';
    this.#endEpoch();
    this.#releasing = this.#close();
    await this.#releasing;
  }

  async #stop(): Promise<void> {
    const isConnected = this.#isUp;
    const epoch = this.#epoch;
    const confirmed = this.#registry.all().filter(({ status }) => status === 'confirmed');
    this.#state = 'stopping';
    this.#endEpoch();
    for (const subscription of this.#registry.all()) subscription.fail(subscriptionGivenUp(this.endpoint));
    if (isConnected && confirmed.length > 0)
      await this.#unsubscribe(
        confirmed.map(listenersOf),
        confirmed.map(({ topic }) => topic),
        epoch,
      );
    await this.#close();
    await this.#releasing;
    this.#state = 'stopped';
  }

  async #close(): Promise<void> {
    try {
      await this.#transport.close();
    } catch (error) {
      this.#events.emit('error', { where: 'closing the subscriber connection', error });
    }
  }

  async #confirmed(subscriptions: readonly TopicSubscription[]): Promise<void> {
    if (subscriptions.every(({ status }) => status === 'confirmed')) return;
    if (!this.isRunning) throw subscriptionGivenUp(this.endpoint);
    const confirmed = Promise.all(subscriptions.map(({ confirmation }) => confirmation));
    const timeoutMs = this.#subscribeTimeoutMs;
    await withDeadline(confirmed, timeoutMs, () => subscriptionLate(this.endpoint, subscriptions, timeoutMs), this.#timers);
  }
}

const nameOf = ({ topic }: TopicSubscription): string => topic.name;

const listenersOf = ({ topic, listeners }: TopicSubscription): TopicListeners => ({ name: topic.name, listeners });
