import { CacheError } from '../errors/index.js';

/** What the steps failed with, in their order, once all of them have ended. */
export async function failuresOf(steps: readonly Promise<unknown>[]): Promise<unknown[]> {
  const outcomes = await Promise.allSettled(steps);
  return outcomes.filter((outcome) => outcome.status === 'rejected').map((outcome): unknown => outcome.reason);
}

/**
 * The failure of a step after the method has succeeded. The caller finds the method's result on the error.
 */
export function withResult(error: unknown, result: unknown): unknown {
  return error instanceof CacheError ? error.withResult(result) : error;
}
