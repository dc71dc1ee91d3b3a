import { type CachingOptions, redisOptionsFromEnv } from '../../lib/index.js';
import { EmbeddedServer } from './embedded-server.js';
import { findProgram, PrivateRedis } from './private-redis.js';
import { ProcessServer } from './process-server.js';
import type { MakeServer } from './server-handle.js';
import type { Teardown } from './teardown.js';

/** What stands between the four servers, and where these run. */
export interface Backend {
  /** For people; without credentials. */
  readonly description: string;
  /** What each server is. */
  readonly unit: 'process' | 'container';
  readonly redis: CachingOptions['redis'];
  readonly make: MakeServer;
}

/**
 * The Redis that the environment names, else a private one if a server program is on the PATH; then the servers are processes. Else none: then
 * they are containers of this process.
 *
 * @param file - of the database.
 * @throws {CacheConfigurationError} when the environment names Redis in a way that cannot be understood.
 */
export async function chooseBackend(file: string, teardown: Teardown, env: NodeJS.ProcessEnv = process.env): Promise<Backend> {
  const given = redisOptionsFromEnv(env);
  if (given !== undefined) return overRedis(`the Redis of the environment (${endpointOf(given)})`, given, file, env);

  const program = findProgram(['redis-server', 'valkey-server'], env['PATH']);
  if (program !== undefined) {
    const server = new PrivateRedis(program);
    teardown.defer(() => server.stop());
    await server.start();
    return overRedis(server.description, server.url, file, { ...env, REDIS_URL: server.url });
  }
  return {
    description: 'no Redis: neither REDIS_URL nor REDIS_HOST is set, and no redis-server or valkey-server is on the PATH',
    unit: 'container',
    redis: undefined,
    make: (name, port, notify) => new EmbeddedServer(name, port, file, notify),
  };
}

function overRedis(description: string, redis: NonNullable<CachingOptions['redis']>, file: string, env: NodeJS.ProcessEnv): Backend {
  return { description, unit: 'process', redis, make: (name, port, notify) => new ProcessServer(name, port, file, env, notify) };
}

function endpointOf(redis: NonNullable<ReturnType<typeof redisOptionsFromEnv>>): string {
  if (typeof redis !== 'string') return `${redis.host}:${redis.port}`;
  const { hostname, port } = new URL(redis);
  return `${hostname}:${port === '' ? 6379 : port}`;
}
