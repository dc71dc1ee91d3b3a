import { type CachingOptions, redisOptionsFromEnv } from '../../lib/index.js';
import { findProgram, PrivateRedis } from './private-redis.js';
import { redisUrl } from './redis-url.js';
import type { Teardown } from './teardown.js';

/** What stands between the servers of a sample. */
export interface Backend {
  /** For people; without credentials. */
  readonly description: string;
  /** `undefined`: there is no Redis, and the servers are containers of one process. */
  readonly redis: CachingOptions['redis'];
  /** The environment of a process that shall reach it. */
  readonly env: NodeJS.ProcessEnv;
  /** The Redis that was started for this run; `undefined`: it is somebody else's, or there is none. */
  readonly server: PrivateRedis | undefined;
}

/**
 * The Redis that the environment names, else a private one if a server program is on the PATH. Else none.
 *
 * @throws {CacheConfigurationError} when the environment names Redis in a way that cannot be understood.
 */
export async function chooseBackend(teardown: Teardown, env: NodeJS.ProcessEnv = process.env): Promise<Backend> {
  const given = redisOptionsFromEnv(env);
  if (given !== undefined)
    return { description: `the Redis of the environment (${endpointOf(given)})`, redis: given, env, server: undefined };

  const program = findProgram(['redis-server', 'valkey-server'], env['PATH']);
  if (program === undefined) {
    const description = 'none: no REDIS_URL or REDIS_HOST, and no redis-server or valkey-server on the PATH';
    return { description, redis: undefined, env, server: undefined };
  }
  const server = new PrivateRedis(program);
  teardown.defer(() => server.stop());
  await server.start();
  return { description: server.description, redis: server.url, env: { ...env, REDIS_URL: server.url }, server };
}

function endpointOf(redis: NonNullable<ReturnType<typeof redisOptionsFromEnv>>): string {
  if (typeof redis !== 'string') return `${redis.host}:${redis.port}`;
  const url = redisUrl(redis);
  return url === undefined ? redis : `${url.hostname}:${url.port === '' ? 6379 : url.port}`;
}
