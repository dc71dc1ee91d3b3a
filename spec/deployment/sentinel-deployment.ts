import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RedisOptions } from 'ioredis';
import type { Milliseconds } from '../../lib/time/index.js';
import { type FaultyRedis, faultyRedis } from '../../lib/testing/index.js';
import type { Deployment } from '../faults/deployment.js';
import { freePort, RedisServer, type RedisServerOptions } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';
import type { Certificate, CertificateAuthority } from './certificates.js';

const NAME = 'books';
const PASSWORD = 'for-the-books-only';
const SENTINEL_PASSWORD = 'for-the-way-there';

/** How long a Sentinel hears nothing before it takes a server to be down. */
export const DOWN_AFTER_MS: Milliseconds = 1_000;

/** What the servers show, and whom they trust, where everything but what the specs ask of them goes over TLS. */
export interface SentinelTls {
  readonly authority: CertificateAuthority;
  readonly certificate: Certificate;
}

/** A server or a Sentinel, and the port at which all others reach it. */
interface Reached {
  readonly server: RedisServer;
  readonly port: number;
}

/** A server, and the proxy through which replicas and Sentinels reach it; clients are told to go straight to it. */
interface Node extends Reached {
  readonly proxy: FaultyRedis;
}

/** A primary, two replicas and three Sentinels, with passwords, and with the settings that `docs/deployment.md` asks for. */
export class SentinelDeployment implements Deployment {
  readonly #nodes: readonly Node[];
  readonly #sentinels: readonly Reached[];
  readonly #dir: string;

  readonly #tls: SentinelTls | undefined;

  private constructor(nodes: readonly Node[], sentinels: readonly Reached[], dir: string, tls: SentinelTls | undefined) {
    this.#tls = tls;
    this.#nodes = nodes;
    this.#sentinels = sentinels;
    this.#dir = dir;
  }

  /** Resolves once both replicas follow and the Sentinels know of each other. Default: without TLS. */
  static async start(tls?: SentinelTls): Promise<SentinelDeployment> {
    const dir = mkdtempSync(join(tmpdir(), 'inversify-cache-sentinel-'));
    const settings = ['--masterauth', PASSWORD, '--min-replicas-to-write', '1', '--min-replicas-max-lag', '2'];
    const quick = ['--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1'];
    const nodes: Node[] = [];
    const sentinels: Reached[] = [];
    const deployment = new SentinelDeployment(nodes, sentinels, dir, tls);
    try {
      for (let i = 0; i < 3; i += 1) {
        const reached = await launch({ password: PASSWORD, args: [...settings, ...quick] }, tls);
        const node = { ...reached, proxy: await faultyRedis(`redis://127.0.0.1:${reached.port}`, { failFast: tls === undefined }) };
        nodes.push(node);
        await announce(node);
      }
      const [primary, ...replicas] = nodes as [Node, ...Node[]];
      for (const { server } of replicas) await server.cli('REPLICAOF', '127.0.0.1', primary.proxy.port);
      for (let i = 0; i < 3; i += 1) sentinels.push(await launch(sentinelOptions(join(dir, `${i}`), primary.proxy.port), tls));
      await deployment.whole();
      return deployment;
    } catch (error) {
      await deployment.stop();
      throw error;
    }
  }

  redisOf(): RedisOptions {
    const straight = this.#nodes.map(({ port, proxy }) => [`127.0.0.1:${proxy.port}`, { host: '127.0.0.1', port }]);
    return {
      sentinels: this.#sentinels.map(({ port }) => ({ host: '127.0.0.1', port })),
      name: NAME,
      password: PASSWORD,
      sentinelPassword: SENTINEL_PASSWORD,
      ...(this.#tls && {
        tls: { ca: this.#tls.authority.cert },
        enableTLSForSentinelMode: true,
        sentinelTLS: { ca: this.#tls.authority.cert },
      }),
      natMap: Object.fromEntries(straight) as Record<string, { host: string; port: number }>,
    };
  }

  /** The server that most Sentinels name as the primary. */
  async primary(): Promise<RedisServer> {
    const ports = await Promise.all(
      this.#sentinels.map(async ({ server }) => Number(((await server.cli('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME)) as string[])[1])),
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
    await this.#sentinels[0]?.server.cli('SENTINEL', 'FAILOVER', NAME);
  }

  /**
   * Cuts `server` off from the other servers and the Sentinels; clients still reach it.
   *
   * @param how - whether the others are told that their connections have ended, or hear nothing any more.
   */
  isolate(server: RedisServer, how: 'cut' | 'silent'): void {
    const { proxy } = this.#nodeOf(server);
    if (how === 'cut') proxy.away();
    else proxy.blackhole();
  }

  /** Ends what {@link isolate} did. */
  rejoin(server: RedisServer): void {
    const { proxy } = this.#nodeOf(server);
    proxy.heal();
    proxy.cut(); // The others notice a silence late.
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
          this.#sentinels.map(async ({ server }) => `${String(await server.cli('SENTINEL', 'MASTER', NAME))},`),
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
    await Promise.all(this.#sentinels.map(({ server }) => server.stop()));
    await Promise.all(this.#nodes.map(({ proxy }) => proxy.stop()));
    await Promise.all(this.#nodes.map(({ server }) => server.stop()));
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #nodeOf(server: RedisServer): Node {
    return this.#nodes.find((node) => node.server === server) as Node;
  }
}

/** @param tls - default: without. */
async function launch(options: RedisServerOptions, tls: SentinelTls | undefined): Promise<Reached> {
  if (tls === undefined) {
    const server = await RedisServer.start(options);
    return { server, port: server.port };
  }
  const port = await freePort();
  const { certFile, keyFile } = tls.certificate;
  const files = ['--tls-cert-file', certFile, '--tls-key-file', keyFile, '--tls-ca-cert-file', tls.authority.certFile];
  const args = ['--tls-port', `${port}`, '--tls-replication', 'yes', '--tls-auth-clients', 'no', ...files];
  return { server: await RedisServer.start({ ...options, args: [...(options.args ?? []), ...args] }), port };
}

/** Has the server tell its primary, who tells the Sentinels, the way to it through the proxy. */
async function announce({ server, proxy }: Node): Promise<void> {
  await server.cli('CONFIG', 'SET', 'replica-announce-port', proxy.port);
}

/** A Sentinel rewrites its configuration, so each has a file, and a directory, of its own. */
function sentinelOptions(dir: string, port: number): RedisServerOptions {
  const file = join(dir, 'sentinel.conf');
  mkdirSync(dir);
  const lines = [
    `sentinel monitor ${NAME} 127.0.0.1 ${port} 2`,
    `sentinel auth-pass ${NAME} ${PASSWORD}`,
    `sentinel sentinel-pass ${SENTINEL_PASSWORD}`,
    `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${NAME} 6000`,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  return { dir, password: SENTINEL_PASSWORD, args: [file, '--sentinel'] };
}
