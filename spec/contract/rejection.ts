import { CacheError } from '../../lib/errors/index.js';

/** What `promise` was rejected with, whatever it is. Throws when it was not. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  const settled = await promise.then(
    (value) => ({ value }),
    (reason: unknown) => ({ reason }),
  );
  if ('reason' in settled) return settled.reason;
  throw new Error(`Expected a rejection, got the value ${String(settled.value)}.`);
}

/** As {@link rejectionOf}, for one of our own errors. */
export async function cacheErrorOf(promise: Promise<unknown>): Promise<CacheError> {
  return ours(await rejectionOf(promise));
}

/** The error of ours that `action` throws. */
export function cacheErrorIn(action: () => unknown): CacheError {
  try {
    action();
  } catch (error) {
    return ours(error);
  }
  throw new Error('Expected an error to be thrown.');
}

function ours(error: unknown): CacheError {
  if (!CacheError.is(error)) throw new Error('Expected a CacheError.', { cause: error });
  return error;
}
