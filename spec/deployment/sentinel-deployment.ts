import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RedisOptions } from 'ioredis';
import type { Milliseconds } from '../../lib/time/index.js';
import type { Deployment } from '../faults/deployment.js';
import { RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { waitFor } from '../support/wait.js';

const NAME = 'books';
const PASSWORD = 'for-the-books-only';

/** How long a Sentinel hears nothing before it takes a server to be down. */
export const DOWN_AFTER_MS: Milliseconds = 1_000;

/** A server, and the proxy through which replicas and Sentinels reach it; clients are told to go straight to it. */
interface Node {
  readonly server: RedisServer;
  readonly proxy: TcpProxy;
}

/** A primary, two replicas and three Sentinels, with the settings that `docs/deployment.md` asks for. */
export class SentinelDeployment implements Deployment {
  readonly #nodes: readonly Node[];
  readonly #sentinels: readonly RedisServer[];
  readonly #dir: string;

  private constructor(nodes: readonly Node[], sentinels: readonly RedisServer[], dir: string) {
    this.#nodes = nodes;
    this.#sentinels = sentinels;
    this.#dir = dir;
  }

  /** Resolves once both replicas follow and the Sentinels know of each other. */
  static async start(): Promise<SentinelDeployment> {
    const dir = mkdtempSync(join(tmpdir(), 'inversify-cache-sentinel-'));
    const settings = ['--masterauth', PASSWORD, '--min-replicas-to-write', '1', '--min-replicas-max-lag', '2'];
    const quick = ['--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1'];
    const nodes: Node[] = [];
    const sentinels: RedisServer[] = [];
    const deployment = new SentinelDeployment(nodes, sentinels, dir);
    try {
      for (let i = 0; i < 3; i += 1) {
        const server = await RedisServer.start({ password: PASSWORD, args: [...settings, ...quick] });
        const node = { server, proxy: await TcpProxy.start(server.port) };
        nodes.push(node);
        await announce(node);
      }
      const [primary, ...replicas] = nodes as [Node, ...Node[]];
      for (const { server } of replicas) await server.cli('REPLICAOF', '127.0.0.1', primary.proxy.port);
      for (let i = 0; i < 3; i += 1) sentinels.push(await RedisServer.start(sentinelOptions(join(dir, `${i}`), primary.proxy.port)));
      await deployment.whole();
      return deployment;
    } catch (error) {
      await deployment.stop();
      throw error;
    }
  }

  redisOf(): RedisOptions {
    const straight = this.#nodes.map(({ server, proxy }) => [`127.0.0.1:${proxy.port}`, { host: '127.0.0.1', port: server.port }]);
    return {
      sentinels: this.#sentinels.map(({ port }) => ({ host: '127.0.0.1', port })),
      name: NAME,
      password: PASSWORD,
      natMap: Object.fromEntries(straight) as Record<string, { host: string; port: number }>,
    };
  }

  /** The server that most Sentinels name as the primary. */
  async primary(): Promise<RedisServer> {
    const ports = await Promise.all(
      this.#sentinels.map(async (sentinel) => Number(((await sentinel.cli('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME)) as string[])[1])),
    );
    const port = ports.find((each, i) => ports.indexOf(each) !== i);
    const node = this.#nodes.find(({ proxy }) => proxy.port === port);
    if (node === undefined) throw new Error(`The Sentinels do not agree: ${ports.join(', ')}.`);
    return node.server;
  }

  /** Resolves once most Sentinels name another primary than `before`. */
  async failedOverFrom(before: RedisServer): Promise<void> {
    await waitFor(async () => (await this.primary()) !== before, { what: 'another primary', timeoutMs: 30_000, everyMs: 20 });
  }

  /** Has a replica promoted while the primary is well. */
  async failOver(): Promise<void> {
    await this.#sentinels[0]?.cli('SENTINEL', 'FAILOVER', NAME);
  }

  /**
   * Cuts `server` off from the other servers and the Sentinels; clients still reach it.
   *
   * @param how - whether the others are told that their connections have ended, or hear nothing any more.
   */
  isolate(server: RedisServer, how: 'cut' | 'silent'): void {
    const { proxy } = this.#nodeOf(server);
    if (how === 'cut') proxy.cut();
    else proxy.blackhole(true);
  }

  /** Ends what {@link isolate} did. */
  rejoin(server: RedisServer): void {
    const { proxy } = this.#nodeOf(server);
    proxy.cut(); // A connection that has swallowed a byte must not go on.
    proxy.heal();
  }

  /** Starts a killed server again: it takes itself for a primary, with the data of when it last was made a replica, until a Sentinel comes by. */
  async revive(server: RedisServer): Promise<void> {
    await server.restart();
    await announce(this.#nodeOf(server));
  }

  /** Resolves once all Sentinels name the same primary, and both other servers follow it. */
  async whole(): Promise<void> {
    await waitFor(
      async () => {
        const info = await (await this.primary()).info('replication');
        if (info['min_slaves_good_slaves'] !== '2') return false;
        const known = await Promise.all(
          this.#sentinels.map(async (sentinel) => `${String(await sentinel.cli('SENTINEL', 'MASTER', NAME))},`),
        );
        const [port] = known.map((each) => /,port,\d+,/.exec(each)?.[0]);
        return known.every((each) =>
          [port as string, ',flags,master,', ',num-slaves,2,', ',num-other-sentinels,2,'].every((field) => each.includes(field)),
        );
      },
      { what: 'a primary with two replicas and three Sentinels that know it', timeoutMs: 30_000, everyMs: 20 },
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.#sentinels.map((server) => server.stop()));
    await Promise.all(this.#nodes.map(({ proxy }) => proxy.close()));
    await Promise.all(this.#nodes.map(({ server }) => server.stop()));
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #nodeOf(server: RedisServer): Node {
    return this.#nodes.find((node) => node.server === server) as Node;
  }
}

/** Has the server tell its primary, who tells the Sentinels, the way to it through the proxy. */
async function announce({ server, proxy }: Node): Promise<void> {
  await server.cli('CONFIG', 'SET', 'replica-announce-port', proxy.port);
}

/** A Sentinel rewrites its configuration, so each has a file, and a directory, of its own. */
function sentinelOptions(dir: string, port: number): Parameters<typeof RedisServer.start>[0] {
  const file = join(dir, 'sentinel.conf');
  mkdirSync(dir);
  const lines = [
    `sentinel monitor ${NAME} 127.0.0.1 ${port} 2`,
    `sentinel auth-pass ${NAME} ${PASSWORD}`,
    `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${NAME} 6000`,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  return { dir, args: [file, '--sentinel'] };
}
