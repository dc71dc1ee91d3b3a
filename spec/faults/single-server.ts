import type { RedisOptions } from 'ioredis';
import { type FaultyRedis, faultyRedis } from '../../lib/testing/index.js';
import { freePort, RedisServer } from '../support/redis-server.js';
import type { Deployment } from './deployment.js';

/** One server, which each worker reaches through a proxy of its own; and another for the address to move to. */
export class SingleServer implements Deployment {
  /** One for each place. */
  readonly proxies: readonly FaultyRedis[];
  readonly #port: number;
  #server: RedisServer | undefined;
  #other: RedisServer | undefined;

  private constructor(port: number, proxies: readonly FaultyRedis[], server?: RedisServer) {
    this.#port = port;
    this.proxies = proxies;
    this.#server = server;
  }

  static async start(workers: number): Promise<SingleServer> {
    const server = await RedisServer.start();
    return new SingleServer(server.port, await proxiesTo(server.port, workers), server);
  }

  /** Everything but the server, which is started by {@link startServer}. */
  static async startAbsent(workers: number): Promise<SingleServer> {
    const port = await freePort();
    return new SingleServer(port, await proxiesTo(port, workers));
  }

  get server(): RedisServer {
    if (this.#server === undefined) throw new Error('The server was not started yet.');
    return this.#server;
  }

  /** Starts the server where the workers have been looking for it all the time. */
  async startServer(): Promise<void> {
    this.#server ??= await RedisServer.start({ port: this.#port });
  }

  /**
   * Has the address lead to another, empty server, and cuts whatever sends commands. The server before goes on, with those who are
   * subscribed on it.
   */
  async moveAddress(): Promise<void> {
    this.#other ??= await RedisServer.start();
    await this.#other.cli('FLUSHALL');
    [this.#server, this.#other] = [this.#other, this.server];
    for (const proxy of this.proxies) proxy.leadTo(this.server.url);
    for (const proxy of this.proxies) proxy.cut({ of: 'command' });
  }

  redisOf(place: number): RedisOptions {
    return { host: '127.0.0.1', port: (this.proxies[place] as FaultyRedis).port };
  }

  async stop(): Promise<void> {
    await Promise.all(this.proxies.map((proxy) => proxy.stop()));
    await Promise.all([this.#server?.stop(), this.#other?.stop()]);
  }
}

const proxiesTo = (port: number, count: number): Promise<FaultyRedis[]> =>
  Promise.all(Array.from({ length: count }, () => faultyRedis(`redis://127.0.0.1:${port}`, { failFast: false })));
