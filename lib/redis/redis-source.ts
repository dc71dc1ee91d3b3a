import type { Redis, RedisOptions } from 'ioredis';
import type { Credentials } from '../errors/index.js';
import type { Milliseconds } from '../time/index.js';

/**
 * Makes a new client, not yet connected, for every connection: nothing of a lost connection can leak into the
 * next.
 */
export interface RedisSource {
  /** Names the server in messages. */
  readonly label: string;
  /** What messages about the server must not contain. */
  readonly credentials: Credentials;
  /**
   * Whether its channels are sharded: each lies in one slot of a Redis Cluster, and its messages stay there.
   * Default: `false`.
   */
  readonly isSharded?: boolean | undefined;
  /**
   * Makes a client.
   *
   * @param overrides - take precedence over what the user configured.
   * @param timeoutMs - how long one question for the server's address may take, where it must be asked for.
   */
  create(overrides: RedisOptions, timeoutMs: Milliseconds): Promise<Redis>;
}
