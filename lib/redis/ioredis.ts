import type { Redis, RedisOptions } from 'ioredis';
import { clientMissing } from '../errors/index.js';

/** The clients for topics, Sentinels and the nodes of a cluster. */
export type IoredisLibrary = Pick<typeof import('ioredis'), 'Redis' | 'Cluster'>;

/**
 * Loads ioredis. Only when it is needed: loading takes long, and an application without Redis does without
 * it.
 *
 * @throws {RemoteCacheError} `CACHE_REMOTE_CONNECT_FAILED` when it is not installed or cannot be loaded.
 */
export async function loadIoredis(): Promise<IoredisLibrary> {
  try {
    return await import('ioredis');
  } catch (error) {
    throw clientMissing('ioredis', error);
  }
}

/** A client that answers in the shapes that the library reads, whatever the application's options say. */
export function newClient({ Redis }: IoredisLibrary, options: RedisOptions): Redis {
  return new Redis({ ...options, replyMapping: 'legacy' });
}
