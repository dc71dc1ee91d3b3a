import type { CacheEvents } from '../event/index.js';
import type { Milliseconds } from '../time/index.js';
import type { RedisAddress } from './redis-address.js';
import type { RedisEndpoint } from './redis-endpoint.js';
import type { ServerEntry } from './server-entry.js';

/** What a {@link CommandConnection} needs to know. */
export interface CommandConnectionOptions {
  /** How the server is entered, and its name in messages. */
  readonly endpoint: RedisEndpoint;
  /** Tells with which credentials each connection enters. Default: always with those of {@link endpoint}. */
  readonly entry?: ServerEntry | undefined;
  readonly events: CacheEvents;
  /** Deadline of one remote step. */
  readonly timeoutMs: Milliseconds;
  /** The longest a step waits for its turn while others are under way. Default: for ever. */
  readonly deadlineMs?: Milliseconds | undefined;
  /** Deadline of {@link CommandConnection#start}, and of one TCP or TLS connect. */
  readonly connectTimeoutMs: Milliseconds;
  /** A connection with a command under way is given up after so long without an answer. */
  readonly socketTimeoutMs: Milliseconds;
  /**
   * Tells where the primary is, before each attempt to connect. Its errors hold no credential. Default:
   * always the host and port of {@link endpoint}.
   */
  readonly locate?: (() => Promise<RedisAddress>) | undefined;
  /**
   * Whether messages are published on sharded channels, within one slot of a Redis Cluster. Default: `false`.
   */
  readonly isSharded?: boolean | undefined;
}

/** How much a step asks for, and how long it waits for its turn; see {@link CircuitBreaker#run}. */
export interface StepTurn {
  readonly weight?: number | undefined;
  readonly waitMs?: Milliseconds | undefined;
}
