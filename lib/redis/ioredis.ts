import { clientMissing } from '../errors/index.js';

/** The clients of topics and Sentinels. */
export type IoredisLibrary = Pick<typeof import('ioredis'), 'Redis' | 'Cluster'>;

/**
 * Loads them: that takes long, and for nothing where there is no Redis.
 *
 * @throws {RemoteCacheError} `CACHE_REMOTE_CONNECT_FAILED`.
 */
export async function loadIoredis(): Promise<IoredisLibrary> {
  try {
    return await import('ioredis');
  } catch (error) {
    throw clientMissing('ioredis', error);
  }
}
