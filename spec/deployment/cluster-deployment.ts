import { Cluster, type RedisOptions } from 'ioredis';
import type { Milliseconds } from '../../lib/time/index.js';
import { freePort, RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';

/** What all nodes are entered with. */
export type NodeOptions = Pick<RedisOptions, 'username' | 'password'>;

const PASSWORD = 'for-the-books-only';
const PRIMARIES = 3;
const SLOTS = 16_384;

/** How long a node hears nothing before it takes another to be down. */
export const NODE_TIMEOUT_MS: Milliseconds = 2_000;

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

  /** What a client of the default user is made from. */
  redisOf(): { readonly nodes: { readonly host: string; readonly port: number }[]; readonly redisOptions: NodeOptions } {
    return { nodes: this.servers.map(({ port }) => ({ host: '127.0.0.1', port })), redisOptions: { password: PASSWORD } };
  }

  /** A client as users have it, not connected. */
  client(redisOptions: NodeOptions = { password: PASSWORD }): Cluster {
    return new Cluster(this.redisOf().nodes, { lazyConnect: true, redisOptions });
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

  /** Resolves once most nodes name another primary of `slot` than `before`. */
  async movedFrom(before: RedisServer, slot: number): Promise<void> {
    await waitFor(async () => (await this.owner(slot)) !== before, { what: 'another primary', timeoutMs: 40_000, everyMs: 50 });
  }

  /**
   * Has its replica take over from `primary`. Resolves once it has.
   *
   * @param how - `graceful`: the primary helps, and loses nothing. `takeover`: it is not asked, and neither are the others.
   */
  async failOver(primary: RedisServer, how: 'graceful' | 'takeover' = 'graceful'): Promise<void> {
    const replica = await this.#replicaOf(primary);
    // Asked of the others: soon after an election that it has won (within 8 s here) Redis 7.0 takes the votes of that one for votes of the
    // next, calls itself the primary under an epoch that is too old, and is overruled.
    const others = this.servers.filter((server) => server !== primary && server !== replica && server.pid !== undefined);
    const hasTakenOver = async (): Promise<boolean> => {
      const views = await Promise.all(others.map((server) => this.#known(server)));
      return views.every((lines) =>
        lines.some(({ port, flags, ranges }) => port === replica.port && flags.includes('master') && ranges.length > 0),
      );
    };
    for (let attempt = 1; ; attempt += 1) {
      await replica.cli('CLUSTER', 'FAILOVER', ...(how === 'graceful' ? [] : ['TAKEOVER']));
      try {
        return await waitFor(hasTakenOver, { what: 'the replica to take over', timeoutMs: 6_000, everyMs: 20 });
      } catch (error) {
        if (attempt === 5) throw error; // Overruled, or given up by Redis after 5 s, when it has not had the time.
      }
    }
  }

  /**
   * Moves `slot`, with all its keys, to another primary.
   *
   * @param meanwhile - run while some keys are here and some there.
   */
  async migrate(slot: number, meanwhile: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    const from = await this.owner(slot);
    const target = await this.#otherPrimary(from);
    const [fromId, targetId] = await Promise.all([from, target].map(async (server) => String(await server.cli('CLUSTER', 'MYID'))));
    await target.cli('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId as string);
    await from.cli('CLUSTER', 'SETSLOT', slot, 'MIGRATING', targetId as string);
    await this.#hand(slot, 3, from, target);
    await meanwhile();
    while ((await this.#hand(slot, 100, from, target)) > 0);
    for (const server of [target, from]) await server.cli('CLUSTER', 'SETSLOT', slot, 'NODE', targetId as string);
    await this.movedFrom(from, slot);
  }

  /** Starts a killed server again: the others make it a replica if they have replaced it. */
  async revive(server: RedisServer): Promise<void> {
    await server.restart();
  }

  /** Resolves once there are three primaries that all nodes agree about, with a replica each that follows. */
  async whole(): Promise<void> {
    const isWhole = async (): Promise<boolean> => {
      const views = await Promise.all(this.servers.map((server) => this.#known(server)));
      const seen = views.map((lines) =>
        lines
          .map(({ id, port, primary, ranges }) => `${id} ${port} ${primary} ${ranges.join()}`)
          .sort()
          .join(),
      );
      const isSound = views.flat().every(({ flags }) => !flags.some((flag) => flag.startsWith('fail') || flag === 'handshake'));
      if (!isSound || new Set(seen).size > 1) return false;
      const infos = await Promise.all(this.servers.map((server) => server.info('replication')));
      return infos.filter((info) => info['slave0']?.includes('state=online')).length === PRIMARIES;
    };
    await waitFor(isWhole, { what: 'three primaries with a replica each', timeoutMs: 40_000, everyMs: 50 });
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.kill())); // An orderly end would wait for the replicas.
    await Promise.all(this.servers.map((server) => server.stop()));
  }

  /** Answers how many keys there were to hand over, `most` at the most. */
  async #hand(slot: number, most: number, from: RedisServer, to: RedisServer): Promise<number> {
    const keys = (await from.cli('CLUSTER', 'GETKEYSINSLOT', slot, most)) as string[];
    if (keys.length > 0) await from.cli('MIGRATE', '127.0.0.1', to.port, '', 0, 5_000, 'AUTH', PASSWORD, 'KEYS', ...keys);
    return keys.length;
  }

  async #replicaOf(primary: RedisServer): Promise<RedisServer> {
    const asked = this.servers.find((server) => server !== primary && server.pid !== undefined) as RedisServer; // The primary may hang.
    const lines = await this.#known(asked);
    const self = lines.find(({ port }) => port === primary.port);
    return this.#serverAt(lines.find(({ flags, primary: id }) => flags.includes('slave') && id === self?.id));
  }

  #serverAt(line: NodeLine | undefined): RedisServer {
    const server = this.servers.find(({ port }) => port === line?.port);
    if (server === undefined) throw new Error('There is no such node.');
    return server;
  }

  async #otherPrimary(than: RedisServer): Promise<RedisServer> {
    const lines = (await this.#known(than)).filter(({ flags, ranges }) => ranges.length > 0 && !flags.includes('myself'));
    return this.#serverAt(lines[0]);
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
    await this.whole();
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
