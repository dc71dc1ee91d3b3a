/** Where a {@link CommandConnection} stands. Each state names its successors; `stopped` may follow any. */
export type CommandConnectionState =
  /** Never started. → `searching` */
  | 'created'
  /** Locating the primary, or pausing before that. There is no connection. → `connecting` */
  | 'searching'
  /** The primary is located, and a client is on its way to it. → `verifying`, `searching` */
  | 'connecting'
  /** Connected; no heartbeat has succeeded on it yet. → `verified`, `changing server`, `searching` */
  | 'verifying'
  /** It leads to another server, and listeners prepare for that. → `verified`, `verifying`, `searching` */
  | 'changing server'
  /** In use: steps are sent. → `doubted`, `searching` */
  | 'verified'
  /** It was in use, but the server may be no primary: a heartbeat decides. → `verified`, `searching` */
  | 'doubted'
  /** Closed for good. */
  | 'stopped';

/** Whether there is a client that leads to a server, or is on its way. */
export const hasClient = (state: CommandConnectionState): boolean => state === 'connecting' || isConnected(state);

/** Whether there is a connection, in use or not. */
export const isConnected = (state: CommandConnectionState): boolean =>
  state === 'verifying' || state === 'changing server' || isVerified(state);

/** Whether a heartbeat has succeeded on the connection. Then its end is a loss, and not a failed attempt. */
export const isVerified = (state: CommandConnectionState): boolean => state === 'verified' || state === 'doubted';
