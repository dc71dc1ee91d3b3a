import { RemoteCacheError } from './remote-cache-error.js';

/** A Redis client is loaded when it is first needed; this is what happened if it was not to be had. */
export function clientMissing(name: string, cause: unknown): RemoteCacheError {
  return new RemoteCacheError('CACHE_REMOTE_CONNECT_FAILED', `The Redis client '${name}' could not be loaded.`, {
    hint: `It is installed together with this library: install again, or have your bundler leave '${name}' where it is.`,
    cause,
  });
}
