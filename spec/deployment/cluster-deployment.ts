import { Cluster } from 'ioredis';
import type { Milliseconds } from '../../lib/time/index.js';
import { freePort, RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';

const PASSWORD = 'for-the-books-only';
const PRIMARIES = 3;
const SLOTS = 16_384;

/** How long a node hears nothing before it takes another to be down. */
export const NODE_TIMEOUT_MS: Milliseconds = 1_500;

/** One server, and where it talks to the others. */
interface ClusterNode {
  readonly server: RedisServer;
  readonly busPort: number;
}

/** One line of CLUSTER NODES. */
interface NodeLine {
  readonly id: string;
  readonly port: number;
  readonly flags: readonly string[];
  readonly primary: string;
  readonly ranges: readonly (readonly [from: number, to: number])[];
}

/** A Redis Cluster of three primaries with a replica each, with the settings that `docs/deployment.md` asks for. */
export class ClusterDeployment {
  readonly password = PASSWORD;
  readonly #nodes: readonly ClusterNode[];

  private constructor(nodes: readonly ClusterNode[]) {
    this.#nodes = nodes;
  }

  get servers(): readonly RedisServer[] {
    return this.#nodes.map(({ server }) => server);
  }

  /** Resolves once every node knows all of them, and the replicas follow. */
  static async start(): Promise<ClusterDeployment> {
    const servers: ClusterNode[] = [];
    const deployment = new ClusterDeployment(servers);
    try {
      for (let i = 0; i < 2 * PRIMARIES; i += 1) servers.push(await startNode());
      await deployment.#form();
      return deployment;
    } catch (error) {
      await deployment.stop();
      throw error;
    }
  }

  /** A client as users have it, not connected. */
  client(credentials: { readonly username?: string; readonly password?: string } = { password: PASSWORD }): Cluster {
    return new Cluster(
      this.servers.map(({ port }) => ({ host: '127.0.0.1', port })),
      { lazyConnect: true, redisOptions: credentials },
    );
  }

  /** The primary that `slot` belongs to, as most of the primaries that answer have it. */
  async owner(slot: number): Promise<RedisServer> {
    const named = await Promise.all(
      this.servers.map(async (server) => {
        const lines = server.pid === undefined ? [] : await withinReason(this.#known(server));
        return lines?.find(({ ranges }) => ranges.some(([from, to]) => from <= slot && slot <= to))?.port;
      }),
    );
    const port = named.find(
      (each, i) => each !== undefined && named.filter((other) => other === each).length > PRIMARIES && named.indexOf(each) === i,
    );
    const server = this.servers.find((each) => each.port === port);
    if (server === undefined) throw new Error(`The nodes do not agree about slot ${slot}: ${named.join(', ')}.`);
    return server;
  }

  /** A replica of `primary`. */
  async replicaOf(primary: RedisServer): Promise<RedisServer> {
    const lines = await this.#known(primary);
    const self = lines.find(({ flags }) => flags.includes('myself'));
    const line = lines.find(({ flags, primary: id }) => flags.includes('slave') && !flags.includes('fail') && id === self?.id);
    const server = this.servers.find(({ port }) => port === line?.port);
    if (server === undefined) throw new Error(`The primary on port ${primary.port} has no replica.`);
    return server;
  }

  /** Resolves once most nodes name another primary of `slot` than `before`. */
  async movedFrom(before: RedisServer, slot: number): Promise<void> {
    await waitFor(async () => (await this.owner(slot)) !== before, { what: 'another primary', timeoutMs: 40_000, everyMs: 50 });
  }

  /** Has its replica take over from `primary`, which is well. */
  async failOver(primary: RedisServer): Promise<void> {
    await (await this.replicaOf(primary)).cli('CLUSTER', 'FAILOVER');
  }

  /** Moves `slot`, with all its keys, to another primary; `meanwhile` is run while some keys are here and some there. */
  async migrate(slot: number, meanwhile: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    const from = await this.owner(slot);
    const others = (await this.#known(from)).filter(({ flags, ranges }) => ranges.length > 0 && !flags.includes('myself'));
    const target = this.servers.find(({ port }) => port === others[0]?.port) as RedisServer;
    const [fromId, targetId] = [await from.cli('CLUSTER', 'MYID'), await target.cli('CLUSTER', 'MYID')].map(String) as [string, string];
    await target.cli('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
    await from.cli('CLUSTER', 'SETSLOT', slot, 'MIGRATING', targetId);
    const some = (await from.cli('CLUSTER', 'GETKEYSINSLOT', slot, 3)) as string[];
    await this.#hand(some, from, target);
    await meanwhile();
    for (;;) {
      const keys = (await from.cli('CLUSTER', 'GETKEYSINSLOT', slot, 100)) as string[];
      if (keys.length === 0) break;
      await this.#hand(keys, from, target);
    }
    for (const node of [target, from, ...this.servers.filter((each) => each !== target && each !== from && each.pid !== undefined)]) {
      await node.cli('CLUSTER', 'SETSLOT', slot, 'NODE', targetId).catch((error: Error) => {
        if (!error.message.includes('only with masters') && !error.message.includes('to a master')) throw error;
      });
    }
    await this.movedFrom(from, slot);
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.kill())); // An orderly end would wait for the replicas.
    await Promise.all(this.servers.map((server) => server.stop()));
  }

  async #hand(keys: readonly string[], from: RedisServer, to: RedisServer): Promise<void> {
    if (keys.length > 0) await from.cli('MIGRATE', '127.0.0.1', to.port, '', 0, 5_000, 'AUTH', PASSWORD, 'KEYS', ...keys);
  }

  async #form(): Promise<void> {
    const [first, ...rest] = this.#nodes as [ClusterNode, ...ClusterNode[]];
    const primaries = this.servers.slice(0, PRIMARIES);
    for (const [i, node] of primaries.entries()) {
      const [from, to] = [Math.ceil((i * SLOTS) / PRIMARIES), Math.ceil(((i + 1) * SLOTS) / PRIMARIES) - 1];
      await node.cli('CLUSTER', 'ADDSLOTSRANGE', from, to);
      await node.cli('CLUSTER', 'SET-CONFIG-EPOCH', i + 1);
    }
    for (const { server } of rest) await server.cli('CLUSTER', 'MEET', '127.0.0.1', first.server.port, first.busPort);
    const knowsAll = async (node: RedisServer): Promise<boolean> =>
      new RegExp(`cluster_state:ok[^]*cluster_known_nodes:${this.servers.length}`).test(String(await node.cli('CLUSTER', 'INFO')));
    for (const node of this.servers) await waitFor(() => knowsAll(node), { what: 'the nodes to meet', timeoutMs: 40_000, everyMs: 50 });
    for (const [i, primary] of primaries.entries()) {
      await (this.servers[PRIMARIES + i] as RedisServer).cli('CLUSTER', 'REPLICATE', String(await primary.cli('CLUSTER', 'MYID')));
    }
    for (const primary of primaries) {
      const isFollowed = async (): Promise<boolean> => (await primary.info('replication'))['slave0']?.includes('state=online') === true;
      await waitFor(isFollowed, { what: 'the replicas to follow', timeoutMs: 40_000, everyMs: 50 });
    }
  }

  async #known(server: RedisServer): Promise<readonly NodeLine[]> {
    const text = String(await server.cli('CLUSTER', 'NODES'));
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [id, address, flags, primary, , , , , ...slots] = line.split(' ') as [string, string, string, string, ...string[]];
        const ranges = slots.filter((range) => !range.startsWith('[')).map((range) => range.split('-').map(Number));
        return {
          id,
          port: Number(/:(\d+)@/.exec(address)?.[1]),
          flags: flags.split(','),
          primary,
          ranges: ranges.map(([from, to = from]) => [from as number, to as number] as const),
        };
      });
  }
}

async function startNode(): Promise<ClusterNode> {
  for (let attempt = 1; ; attempt += 1) {
    const busPort = await freePort();
    const args = [
      ['--cluster-enabled', 'yes', '--cluster-port', `${busPort}`, '--cluster-node-timeout', `${NODE_TIMEOUT_MS}`],
      ['--cluster-require-full-coverage', 'no', '--masterauth', PASSWORD],
      ['--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1'],
    ].flat();
    try {
      return { server: await RedisServer.start({ password: PASSWORD, args }), busPort };
    } catch (error) {
      if (attempt === 5) throw error; // Between finding a free port and binding it somebody else may have taken it.
    }
  }
}

/** What `answer` says, or `undefined` from who hangs. */
async function withinReason<T>(answer: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), 500)));
  try {
    return await Promise.race([answer.catch(() => undefined), late]);
  } finally {
    clearTimeout(timer);
  }
}
