import { type CachingOptions, redisOptionsFromEnv } from '../../lib/index.js';
import { EmbeddedServer } from './embedded-server.js';
import { Links } from './links.js';
import { findProgram, PrivateRedis } from './private-redis.js';
import { ProcessServer } from './process-server.js';
import { redisUrl } from './redis-url.js';
import type { MakeServer } from './server-handle.js';
import { SERVER_NAMES } from './server-names.js';
import type { Teardown } from './teardown.js';

/** What stands between the four servers, and where these run. */
export interface Backend {
  /** For people; without credentials. */
  readonly description: string;
  /** What each server is. */
  readonly unit: 'process' | 'container';
  readonly redis: CachingOptions['redis'];
  readonly make: MakeServer;
  /** The servers' links to Redis; `undefined`: there are none that could be paused. */
  readonly links: Links | undefined;
}

/** How a {@link Backend} is chosen. */
export interface BackendOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Whether each server gets a link of its own to Redis, which can be paused. */
  readonly isLinked?: boolean;
}

/**
 * The Redis that the environment names, else a private one if a server program is on the PATH; then the servers are processes. Else none: then
 * they are containers of this process.
 *
 * @param file - of the database.
 * @throws {CacheConfigurationError} when the environment names Redis in a way that cannot be understood.
 */
export async function chooseBackend(
  file: string,
  teardown: Teardown,
  { env = process.env, isLinked = false }: BackendOptions = {},
): Promise<Backend> {
  const over = (description: string, redis: NonNullable<CachingOptions['redis']>, reached: NodeJS.ProcessEnv): Promise<Backend> =>
    overRedis(description, redis, file, reached, isLinked ? teardown : undefined);
  const given = redisOptionsFromEnv(env);
  if (given !== undefined) return over(`the Redis of the environment (${endpointOf(given)})`, given, env);

  const program = findProgram(['redis-server', 'valkey-server'], env['PATH']);
  if (program !== undefined) {
    const server = new PrivateRedis(program);
    teardown.defer(() => server.stop());
    await server.start();
    return over(server.description, server.url, { ...env, REDIS_URL: server.url });
  }
  return {
    description: 'none: no REDIS_URL or REDIS_HOST, and no redis-server or valkey-server on the PATH',
    unit: 'container',
    redis: undefined,
    links: undefined,
    make: (name, port, notify) => new EmbeddedServer(name, port, file, notify),
  };
}

async function overRedis(
  description: string,
  redis: NonNullable<CachingOptions['redis']>,
  file: string,
  env: NodeJS.ProcessEnv,
  linked: Teardown | undefined,
): Promise<Backend> {
  const links = linked === undefined ? undefined : Links.to(env);
  const envs = new Map<string, NodeJS.ProcessEnv>();
  if (links !== undefined && linked !== undefined) {
    for (const name of SERVER_NAMES) envs.set(name, { ...(await links.open(name, linked)), BOOK_HAS_LINKS: '1' });
  }
  const make: MakeServer = (name, port, notify) => new ProcessServer(name, port, file, envs.get(name) ?? env, notify);
  return { description, unit: 'process', redis, make, links };
}

function endpointOf(redis: NonNullable<ReturnType<typeof redisOptionsFromEnv>>): string {
  if (typeof redis !== 'string') return `${redis.host}:${redis.port}`;
  const url = redisUrl(redis);
  return url === undefined ? redis : `${url.hostname}:${url.port === '' ? 6379 : url.port}`;
}
