import type { CommandConnection } from '../redis/index.js';
import { damagedState, parseState, PURE } from './cache-state.js';
import { RemoteKeys } from './remote-keys.js';

/** What the state of a cache in Redis tells. */
export interface KnownCache {
  readonly generation: string;
  /** Whether only instances with tags stored something in it. Then a record of evicted tags belongs to it. */
  readonly isPure: boolean;
}

/**
 * A cache as Redis knows it, for a program that is no instance. It only reads.
 *
 * @returns `undefined`: Redis has no bookkeeping of this cache. No instance has it, and none has had it in
 * the last 31 days.
 * @throws {RemoteCacheError} `CACHE_REMOTE_FAILED` for a generation that another program has written.
 */
export async function findCache(connection: CommandConnection, namespace: string, cache: string): Promise<KnownCache | undefined> {
  const key = new RemoteKeys(namespace, cache).state;
  const [text] = await connection.guard.run('get', () => connection.client.mGet([key]));
  if (typeof text !== 'string') return undefined;
  const state = parseState(text);
  if (state === undefined) throw damagedState(cache, key);
  return { generation: state.gen, isPure: text.endsWith(PURE) };
}
