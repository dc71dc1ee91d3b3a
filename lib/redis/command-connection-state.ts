/** Where a {@link CommandConnection} stands. Each state names its successors; a stopped connection stays stopped. */
export type CommandConnectionState =
  /** Never started. → `searching`, `stopped` */
  | 'created'
  /** Locating the primary, or pausing before that. There is no connection. → `connecting`, `stopped` */
  | 'searching'
  /** The primary is located, and a client is on its way to it. → `verifying`, `searching`, `stopped` */
  | 'connecting'
  /** Connected; no heartbeat has succeeded on it yet. → `verified`, `changing server`, `searching`, `stopped` */
  | 'verifying'
  /** A heartbeat has succeeded, on another server than before: listeners prepare for it. → `verified`, `verifying`, `searching`, `stopped` */
  | 'changing server'
  /** In use: steps are sent. → `doubted`, `searching`, `stopped` */
  | 'verified'
  /** It was in use, but the server may not be the only primary. The next heartbeat decides. → `verified`, `searching`, `stopped` */
  | 'doubted'
  /** Closed for good. */
  | 'stopped';

/** Whether there is a client that leads to a server, or is on its way. */
export const hasClient = (state: CommandConnectionState): boolean => state === 'connecting' || isConnected(state);

/** Whether there is a connection, in use or not. */
export const isConnected = (state: CommandConnectionState): boolean =>
  state === 'verifying' || state === 'changing server' || isVerified(state);

/** Whether there is a connection that a heartbeat has succeeded on: its end is a loss, and not an attempt that failed. */
export const isVerified = (state: CommandConnectionState): boolean => state === 'verified' || state === 'doubted';
