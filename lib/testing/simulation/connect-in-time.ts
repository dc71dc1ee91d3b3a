import { RemoteCacheError } from '../../errors/index.js';
import type { Milliseconds, Timers } from '../../time/index.js';

/** How long a start waits for a connection. */
export interface ConnectDeadline {
  /** Default: for ever. */
  readonly connectTimeoutMs?: Milliseconds | undefined;
  readonly timers?: Timers | undefined;
}

/**
 * Waits for a connection.
 *
 * @throws {RemoteCacheError} `CACHE_REMOTE_CONNECT_FAILED` if there is none in time. It may still come.
 */
export async function connectInTime(connected: Promise<void>, { connectTimeoutMs, timers }: ConnectDeadline): Promise<void> {
  if (connectTimeoutMs === undefined || timers === undefined) return connected;
  let fail: (error: Error) => void;
  const late = new Promise<never>((_resolve, reject) => (fail = reject));
  const message = `The simulated Redis cannot be reached: no connection within ${connectTimeoutMs} ms.`;
  const timer = timers.after(connectTimeoutMs, () => fail(new RemoteCacheError('CACHE_REMOTE_CONNECT_FAILED', message)));
  try {
    await Promise.race([connected, late]);
  } finally {
    timers.clear(timer);
  }
}
