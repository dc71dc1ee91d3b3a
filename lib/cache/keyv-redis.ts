import { clientMissing } from '../errors/index.js';

/** Keyv's adapter for Redis, and the client that comes with it. */
export type KeyvRedisLibrary = typeof import('@keyv/redis');

/**
 * Loads them: a third of what the whole library takes to start, for nothing where there is no Redis.
 *
 * @throws {RemoteCacheError} `CACHE_REMOTE_CONNECT_FAILED`.
 */
export async function loadKeyvRedis(): Promise<KeyvRedisLibrary> {
  try {
    return await import('@keyv/redis');
  } catch (error) {
    throw clientMissing('@keyv/redis', error);
  }
}
