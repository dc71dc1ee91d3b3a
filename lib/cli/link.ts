import type { RedisConnection } from '../redis/index.js';
import type { Milliseconds } from '../time/index.js';

/** How a {@link Link} is opened. */
export interface LinkOptions {
  readonly redis: RedisConnection;
  readonly namespace: string;
  readonly timeoutMs: Milliseconds;
}

/** A connection that a command needs, without being an instance. */
export interface Link {
  start(): Promise<void>;
  /** Also ends a start that is under way. Never rejects. */
  stop(): Promise<void>;
}

/**
 * Opens `link`, runs `use` and closes the link.
 *
 * @param interrupted - what it resolves with when people interrupt it, instead of what `use` resolves with.
 */
export async function over<T>(link: Link, interrupted: Promise<T>, use: () => Promise<T>): Promise<T> {
  try {
    const used = link.start().then(use);
    used.catch(() => undefined); // It may fail after an interruption.
    return await Promise.race([used, interrupted]);
  } finally {
    await link.stop();
  }
}
