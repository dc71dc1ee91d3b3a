import { RemoteCacheError } from '../errors/index.js';

/**
 * The least number that cannot be a generation, or the number of a message, as Redis keeps them. Generations
 * are microseconds of the server's clock, or a little more, and numbers begin there too. Both are far below
 * this until the year 2255. A number above it was written by another program, and Lua and JavaScript could
 * soon not count any further.
 */
export const LEAST_DAMAGED = 2 ** 53 - 2 ** 32;

/** How many digits of a server's run id are kept: as many as no two servers share by chance. */
export const RUN_LENGTH = 12;

/**
 * Stands behind the run id of a generation that an instance with tags has begun, as long as no instance
 * without them was allowed to store something in it.
 */
export const PURE = ':t';

/** The most characters of a state: two numbers of 16 digits, a run id, and a mark. */
export const LONGEST_STATE = 16 + 1 + 16 + 1 + RUN_LENGTH + PURE.length;

/**
 * What the server knows of one cache. Redis keeps all of it in one string, `<number>:<generation>:<run id>`,
 * so that no part of it can be lost without the others. The run id is that of the server that began the
 * generation. {@link PURE} may stand behind it; only scripts look at that.
 */
export interface CacheState {
  /** The number of the last eviction message. */
  readonly seq: number;
  readonly gen: string;
  /**
   * Only in the reply to a heartbeat. `true`: what was stored could not be right, and was replaced. The new
   * generation may be lower than the one before.
   */
  readonly isReplaced?: boolean | undefined;
  /** Of the server that began the generation. */
  readonly run: string;
  /** As Redis holds it. */
  readonly text: string;
}

const STATE = /^([1-9]\d{0,15}):([1-9]\d{0,15}):([0-9a-f]{1,12})(?::t)?$/;

/** Whether `text` can be a generation: the form in which our scripts write them. */
export const isGeneration = (text: unknown): text is string =>
  typeof text === 'string' && /^[1-9]\d{0,15}$/.test(text) && Number(text) < LEAST_DAMAGED;

/** The state that `text` stands for. `undefined`: none; another program wrote it. */
export function parseState(text: string): CacheState | undefined {
  const [, seq, gen, run] = STATE.exec(text) ?? [];
  if (seq === undefined || gen === undefined || run === undefined) return undefined;
  return Number(seq) < LEAST_DAMAGED && Number(gen) < LEAST_DAMAGED ? { seq: Number(seq), gen, run, text } : undefined;
}

/** The states that the scripts write one behind the other. `undefined`: one of them is none. */
export function parseStates(text: string): readonly CacheState[] | undefined {
  if (text === '') return [];
  const states = text.split(',').map(parseState);
  return states.includes(undefined) ? undefined : (states as CacheState[]);
}

/** The error for a state that another program has written. @param key - where it lies. */
export const damagedState = (cache: string, key: string): RemoteCacheError =>
  new RemoteCacheError('CACHE_REMOTE_FAILED', `What Redis holds as the generation of cache '${cache}' is none.`, {
    hint: `Another program wrote to '${key}'. The next heartbeat replaces it.`,
  });
