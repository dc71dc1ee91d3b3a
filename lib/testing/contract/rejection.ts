import { AssertionError } from 'node:assert/strict';
import { inspect } from 'node:util';
import { CacheError } from '../../errors/index.js';

/** What `promise` was rejected with. Fails if it was not. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  const settled = await promise.then(
    (value) => ({ value }),
    (reason: unknown) => ({ reason }),
  );
  if ('reason' in settled) return settled.reason;
  throw new AssertionError({ message: `Expected a rejection, got ${inspect(settled.value)}.` });
}

/** The code of the `CacheError` that `promise` was rejected with. Fails if it was not. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await rejectionOf(promise);
  if (CacheError.is(error)) return error.code;
  throw new AssertionError({ message: `Expected a CacheError, got ${inspect(error)}.` });
}

/** A loader for keys that are cached. */
export function never(): never {
  throw new AssertionError({ message: 'A loader ran for a key that is cached, or that is being loaded already.' });
}
