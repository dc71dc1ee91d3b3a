import { redisOptionsFromEnv } from '../../lib/index.js';
import { Link } from './link.js';
import { redisUrl } from './redis-url.js';
import type { Teardown } from './teardown.js';

/** How each server is led to Redis: by a link of its own. */
export class Links {
  readonly #links = new Map<string, Link>();
  readonly #env: NodeJS.ProcessEnv;
  readonly #target: { readonly host: string; readonly port: number };

  private constructor(env: NodeJS.ProcessEnv, target: { readonly host: string; readonly port: number }) {
    this.#env = env;
    this.#target = target;
  }

  /** For the Redis that `env` names. `undefined` where it uses TLS, for its certificate is for its own host, or a Unix socket. */
  static to(env: NodeJS.ProcessEnv): Links | undefined {
    const redis = redisOptionsFromEnv(env);
    if (redis === undefined) return undefined;
    if (typeof redis !== 'string')
      return redis.tls === undefined ? new Links(env, { host: redis.host ?? '127.0.0.1', port: redis.port ?? 6379 }) : undefined;
    const url = redisUrl(redis);
    return url?.protocol === 'redis:' ? new Links(env, { host: url.hostname, port: url.port === '' ? 6379 : Number(url.port) }) : undefined;
  }

  /** Opens the link of `server`, and resolves to an environment that leads over it. */
  async open(server: string, teardown: Teardown): Promise<NodeJS.ProcessEnv> {
    const link = new Link(this.#target.host, this.#target.port);
    teardown.defer(() => link.stop());
    const port = `${await link.start()}`;
    this.#links.set(server, link);
    const { REDIS_URL: url = '' } = this.#env;
    if (url === '') return { ...this.#env, REDIS_HOST: '127.0.0.1', REDIS_PORT: port };
    const over = redisUrl(url) as URL; // Else there were no links.
    over.hostname = '127.0.0.1';
    over.port = port;
    return { ...this.#env, REDIS_URL: over.href };
  }

  /** `false`: there is no such server. */
  set(server: string, isPaused: boolean): boolean {
    const link = this.#links.get(server);
    if (isPaused) link?.pause();
    else link?.resume();
    return link !== undefined;
  }
}
