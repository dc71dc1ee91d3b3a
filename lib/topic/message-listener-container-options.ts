import type { CacheEvents } from '../event/index.js';
import type { Milliseconds, Timers } from '../time/index.js';

/** How a `MessageListenerContainer` is set up. */
export interface MessageListenerContainerOptions {
  /**
   * Receives events about connections, subscriptions and listeners that fail. Default:
   * events that nobody hears.
   */
  readonly events?: CacheEvents | undefined;
  /**
   * How long `addMessageListener` waits for the server's confirmation, in milliseconds. Default:
   * {@link DEFAULT_SUBSCRIBE_TIMEOUT_MS}.
   */
  readonly subscribeTimeoutMs?: Milliseconds | undefined;
  /** @internal Default: Node's. */
  readonly timers?: Timers | undefined;
}

/** Default of {@link MessageListenerContainerOptions#subscribeTimeoutMs}. */
export const DEFAULT_SUBSCRIBE_TIMEOUT_MS: Milliseconds = 5_000;
