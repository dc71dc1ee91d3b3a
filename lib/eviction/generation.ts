import { RemoteCacheError } from '../errors/index.js';
import type { RemoteKeys } from './remote-keys.js';

/**
 * The least number that cannot be a generation, or the number of a message, as Redis keeps them. Generations
 * are microseconds of the server's clock, or a little more, and numbers begin there too. Both are far below
 * this until the year 2255. A number above it was written by another program, and Lua and JavaScript could
 * soon not count any further.
 */
export const LEAST_DAMAGED = 2 ** 53 - 2 ** 32;

/** Whether `text` can be a generation: the form in which our scripts write them. */
export const isGeneration = (text: unknown): text is string =>
  typeof text === 'string' && /^[1-9]\d{0,15}$/.test(text) && Number(text) < LEAST_DAMAGED;

/**
 * Whether our scripts have begun this generation: they write it behind the run id as well. Both as Redis
 * holds them.
 */
export const isOurs = (gen: unknown, rid: string | null | undefined): gen is string =>
  isGeneration(gen) && rid?.endsWith(`:${gen}`) === true;

/** The error for a generation that another program has written. */
export const damagedGeneration = (cache: string, { gen }: RemoteKeys): RemoteCacheError =>
  new RemoteCacheError('CACHE_REMOTE_FAILED', `What Redis holds as the generation of cache '${cache}' is none.`, {
    hint: `Another program wrote to '${gen}'. The next heartbeat replaces it.`,
  });
