import type { CommandConnection } from '../redis/index.js';
import { damagedState, parseState } from './cache-state.js';
import { RemoteKeys } from './remote-keys.js';

/**
 * The generation of a cache as Redis holds it, for a program that is no instance. It only reads.
 *
 * @returns `undefined`: Redis has no bookkeeping of this cache. No instance has it, and none has had it in
 * the last 31 days.
 * @throws {RemoteCacheError} `CACHE_REMOTE_FAILED` for a generation that another program has written.
 */
export async function findGeneration(connection: CommandConnection, namespace: string, cache: string): Promise<string | undefined> {
  const key = new RemoteKeys(namespace, cache).state;
  const [text] = await connection.guard.run('get', () => connection.client.mGet([key]));
  if (typeof text !== 'string') return undefined;
  const state = parseState(text);
  if (state === undefined) throw damagedState(cache, key);
  return state.gen;
}
