import { CacheError } from '../../lib/errors/index.js';
import { rejectionOf } from '../../lib/testing/contract/rejection.js';

export { rejectionOf };

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
