import type { Milliseconds } from '../time/index.js';
import type { Message } from './message.js';
import type { Topic } from './topic.js';

/**
 * What a {@link MessageListenerContainer} needs from a message broker: one link to subscribe on, which comes
 * back by itself, and a way to publish. It has only the methods that we call. It may be asked to connect
 * again after it was closed.
 */
export interface PubSubTransport {
  /** Names the broker in events and errors, as `host:port`; never with a credential. */
  readonly endpoint: string;

  /**
   * Opens the link and resolves once it is ready, after `observer.onReady()`. From then on the transport
   * opens the link again whenever it is lost. A rejection means that the first attempt failed; further
   * attempts follow in the background until `close()`.
   *
   * @throws {CacheError} which names {@link endpoint}, within the transport's own deadline.
   */
  connect(observer: PubSubObserver): Promise<void>;

  /**
   * Subscribes all `topics` on the present link, each for the first time on it, and resolves once the broker
   * has confirmed every one. Rejects with the broker's reply if it refuses (the link stays), and after
   * `observer.onLost()` if the link is lost first.
   */
  subscribe(topics: readonly Topic[]): Promise<void>;

  /**
   * Ends the subscription of `topics` on the present link. Resolves once the broker has confirmed, and
   * rejects as `subscribe` does.
   */
  unsubscribe(topics: readonly Topic[]): Promise<void>;

  /**
   * Publishes `body`; needs no `connect`. Messages of one transport arrive in the order of these calls.
   *
   * @returns how many subscriptions it was delivered to, as the broker counts them: a channel and a pattern
   *   of one subscriber count twice.
   */
  publish(channel: string, body: string): Promise<number>;

  /**
   * Gives up the present link and opens another. `observer.onLost()` is called before it returns.
   * Does nothing without a link.
   */
  reconnect(reason?: unknown): void;

  /**
   * Closes everything. The observer hears nothing from the moment of the call, and pending calls reject.
   * Resolves when no socket and no timer is left. Idempotent; never rejects.
   */
  close(): Promise<void>;
}

/** What a transport tells its user. None of these may throw. */
export interface PubSubObserver {
  /** A message arrived. Called in the order of arrival, synchronously where the transport learns of it. */
  onMessage(message: Message): void;
  /** The link is up, for the first time or again, and nothing is subscribed on it yet. */
  onReady(): void;
  /** The link is gone, with all its subscriptions. Told once per `onReady`. */
  onLost(error?: unknown): void;
  /**
   * The link will be tried for the `attempt`th time since the last success, in `delayMs`, because of `error`.
   */
  readonly onRetry?: ((attempt: number, delayMs: Milliseconds, error?: unknown) => void) | undefined;
}
