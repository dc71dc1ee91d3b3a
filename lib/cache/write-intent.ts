import { withResult } from '../errors/index.js';
import type { EvictOptions } from './evict-options.js';

/**
 * A note that something is about to be written in the database: from {@link Cache.intend} to {@link end},
 * no load and no put of any instance stores a value under its keys. If the writer dies in between, that holds
 * until the note's time limit (`intentLease`).
 */
export interface WriteIntent {
  /**
   * Evicts the keys, and takes the note back in the same step. To be called once, when the write is over,
   * whether it succeeded or not. Rejects as {@link Cache.evictAll} does, or {@link Cache.clear}.
   */
  end(options?: EvictOptions): Promise<void>;
}

/**
 * Runs `work` under `intent`. What `work` throws reaches the caller; an eviction that is not acknowledged
 * then is told by the event `evictPending` alone.
 */
export async function within<V>(intent: WriteIntent, work: () => V | Promise<V>, options?: EvictOptions): Promise<V> {
  let result: V;
  try {
    result = await work();
  } catch (error) {
    await endQuietly(intent);
    throw error;
  }
  try {
    await intent.end(options);
  } catch (error) {
    throw withResult(error, result);
  }
  return result;
}

/** Ends an intent whose write has failed. The error of the write is told, so this one is not. */
export const endQuietly = (intent: WriteIntent): Promise<void> => intent.end({ unacknowledged: 'report' }).catch(() => undefined);
