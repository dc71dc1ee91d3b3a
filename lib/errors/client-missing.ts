import { RemoteCacheError } from './remote-cache-error.js';

/** The error when a Redis client cannot be loaded. Clients are loaded when they are first needed. */
export function clientMissing(name: string, cause: unknown): RemoteCacheError {
  return new RemoteCacheError('CACHE_REMOTE_CONNECT_FAILED', `The Redis client '${name}' could not be loaded.`, {
    hint: `It is installed together with this library: install again, or have your bundler leave '${name}' where it is.`,
    cause,
  });
}
