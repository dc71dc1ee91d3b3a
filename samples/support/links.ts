import { redisOptionsFromEnv } from '../../lib/index.js';
import { Link } from './link.js';
import { redisUrl } from './redis-url.js';
import type { Teardown } from './teardown.js';

/** How each server is led to Redis: by a link of its own. */
export class Links {
  readonly #links = new Map<string, Link>();
  readonly #envs = new Map<string, NodeJS.ProcessEnv>();

  private constructor() {}

  /**
   * Opens one for each name, to the Redis that `env` names. `undefined` where there is none, or it uses TLS, for its certificate is for its
   * own host, or a Unix socket.
   */
  static async open(names: readonly string[], env: NodeJS.ProcessEnv, teardown: Teardown): Promise<Links | undefined> {
    const target = targetOf(env);
    if (target === undefined) return undefined;
    const links = new Links();
    for (const name of names) {
      const link = new Link(target.host, target.port);
      teardown.defer(() => link.stop());
      links.#envs.set(name, leadingOver(await link.start(), env));
      links.#links.set(name, link);
    }
    return links;
  }

  /** The link of a server; `undefined`: there is no such server. */
  of(name: string): Link | undefined {
    return this.#links.get(name);
  }

  /** An environment that leads a server over its link. */
  envOf(name: string): NodeJS.ProcessEnv | undefined {
    return this.#envs.get(name);
  }
}

function targetOf(env: NodeJS.ProcessEnv): { readonly host: string; readonly port: number } | undefined {
  const redis = redisOptionsFromEnv(env);
  if (redis === undefined) return undefined;
  if (typeof redis !== 'string') return redis.tls === undefined ? { host: redis.host ?? '127.0.0.1', port: redis.port ?? 6379 } : undefined;
  const url = redisUrl(redis);
  return url?.protocol === 'redis:' ? { host: url.hostname, port: url.port === '' ? 6379 : Number(url.port) } : undefined;
}

function leadingOver(port: number, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { REDIS_URL: url = '' } = env;
  if (url === '') return { ...env, REDIS_HOST: '127.0.0.1', REDIS_PORT: `${port}` };
  const over = redisUrl(url) as URL; // Else there were no target.
  over.hostname = '127.0.0.1';
  over.port = `${port}`;
  return { ...env, REDIS_URL: over.href };
}
