import { isNativeError } from 'node:util/types';

/**
 * Whether this is an error of any realm. Jest runs tests in a realm of its own: there the errors of Node's
 * sockets are no instances of the `Error` that the tests, and this library, see.
 */
export const isError = (value: unknown): value is Error => isNativeError(value) || value instanceof Error;
