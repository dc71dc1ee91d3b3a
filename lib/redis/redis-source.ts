import type { Redis, RedisOptions } from 'ioredis';
import type { Credentials } from '../errors/index.js';
import type { Milliseconds } from '../time/index.js';

/** Makes a fresh client, not yet connected, for every connection: nothing of a lost connection can leak into the next. */
export interface RedisSource {
  /** Names the server in messages. */
  readonly label: string;
  /** What must not be told of it. */
  readonly credentials: Credentials;
  /** Channels lie in a slot of a Redis Cluster, and messages stay within it. Default: `false`. */
  readonly isSharded?: boolean;
  /** @param overrides - take precedence over what the user configured. */
  create(overrides: RedisOptions, timeoutMs: Milliseconds): Promise<Redis>;
}
