import { CacheError } from './cache-error.js';

/**
 * The failure of a step after the method, or whatever else the caller asked for, has succeeded. The caller
 * finds the result on the error.
 */
export function withResult(error: unknown, result: unknown): unknown {
  return error instanceof CacheError ? error.withResult(result) : error;
}
