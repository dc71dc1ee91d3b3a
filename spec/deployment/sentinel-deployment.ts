import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RedisOptions } from 'ioredis';
import type { Milliseconds } from '../../lib/time/index.js';
import { RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';

const NAME = 'books';
const PASSWORD = 'for-the-books-only';

/** How long a Sentinel hears nothing before it takes a server to be down. */
export const DOWN_AFTER_MS: Milliseconds = 1_000;

/** A primary, two replicas and three Sentinels, with the settings that `docs/deployment.md` asks for. */
export class SentinelDeployment {
  /** As the library takes it. */
  readonly options: RedisOptions;
  readonly sentinels: readonly RedisServer[];
  readonly #servers: readonly RedisServer[];
  readonly #dir: string;

  private constructor(servers: readonly RedisServer[], sentinels: readonly RedisServer[], dir: string) {
    this.#servers = servers;
    this.sentinels = sentinels;
    this.#dir = dir;
    const addresses = sentinels.map(({ port }) => ({ host: '127.0.0.1', port }));
    this.options = { sentinels: addresses, name: NAME, password: PASSWORD };
  }

  /** Resolves once both replicas follow and the Sentinels know of each other. */
  static async start(): Promise<SentinelDeployment> {
    const dir = mkdtempSync(join(tmpdir(), 'inversify-cache-sentinel-'));
    const settings = ['--masterauth', PASSWORD, '--min-replicas-to-write', '1', '--min-replicas-max-lag', '2'];
    const quick = ['--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1'];
    const started: RedisServer[] = [];
    const launch = async (options: Parameters<typeof RedisServer.start>[0]): Promise<RedisServer> => {
      const server = await RedisServer.start(options);
      started.push(server);
      return server;
    };
    try {
      const primary = await launch({ password: PASSWORD, args: [...settings, ...quick] });
      const follow = ['--replicaof', '127.0.0.1', `${primary.port}`];
      const replicas = [];
      for (let i = 0; i < 2; i += 1) replicas.push(await launch({ password: PASSWORD, args: [...settings, ...quick, ...follow] }));
      await waitFor(async () => (await primary.info('replication'))['min_slaves_good_slaves'] === '2', { what: 'both replicas to follow' });
      const sentinels = [];
      for (let i = 0; i < 3; i += 1) sentinels.push(await launch(sentinelOptions(join(dir, `${i}`), primary.port)));
      const deployment = new SentinelDeployment([primary, ...replicas], sentinels, dir);
      for (const sentinel of sentinels) {
        await waitFor(
          async () =>
            /num-other-sentinels,2,.*/.test(await deployment.#master(sentinel)) && /num-slaves,2,/.test(await deployment.#master(sentinel)),
          {
            what: 'the Sentinels to know each other and the replicas',
            timeoutMs: 15_000,
          },
        );
      }
      return deployment;
    } catch (error) {
      await Promise.all(started.map((server) => server.stop()));
      rmSync(dir, { recursive: true, force: true });
      throw error;
    }
  }

  /** The server that most Sentinels name as the primary. */
  async primary(): Promise<RedisServer> {
    const ports = await Promise.all(
      this.sentinels.map(async (sentinel) => Number(((await sentinel.cli('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME)) as string[])[1])),
    );
    const port = ports.find((each, i) => ports.indexOf(each) !== i);
    const server = this.#servers.find((each) => each.port === port);
    if (server === undefined) throw new Error(`The Sentinels do not agree: ${ports.join(', ')}.`);
    return server;
  }

  /** Resolves once most Sentinels name another primary than `before`. */
  async failedOverFrom(before: RedisServer): Promise<void> {
    await waitFor(async () => (await this.primary()) !== before, { what: 'another primary', timeoutMs: 30_000, everyMs: 20 });
  }

  /** Has a replica promoted while the primary is well. */
  async failOver(): Promise<void> {
    await this.sentinels[0]?.cli('SENTINEL', 'FAILOVER', NAME);
  }

  async stop(): Promise<void> {
    await Promise.all(this.sentinels.map((server) => server.stop()));
    await Promise.all(this.#servers.map((server) => server.stop()));
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async #master(sentinel: RedisServer): Promise<string> {
    return `${String(await sentinel.cli('SENTINEL', 'MASTER', NAME))},`;
  }
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
