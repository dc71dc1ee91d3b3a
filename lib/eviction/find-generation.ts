import type { CommandConnection } from '../redis/index.js';
import { damagedGeneration, isOurs } from './generation.js';
import { RemoteKeys } from './remote-keys.js';

/**
 * The generation of a cache as Redis holds it, for a program that is no instance. It only reads.
 *
 * @returns `undefined`: Redis has no bookkeeping of this cache. No instance has it, and none has had it in
 * the last 31 days.
 * @throws {RemoteCacheError} `CACHE_REMOTE_FAILED` for a generation that another program has written.
 */
export async function findGeneration(connection: CommandConnection, namespace: string, cache: string): Promise<string | undefined> {
  const keys = new RemoteKeys(namespace, cache);
  const [gen, rid] = await connection.guard.run('get', () => connection.client.mGet([keys.gen, keys.rid]), 2);
  if (typeof gen !== 'string') return undefined;
  if (!isOurs(gen, rid)) throw damagedGeneration(cache, keys);
  return gen;
}
