import type { Cluster, Redis, RedisOptions } from 'ioredis';
import { Credentials } from '../errors/index.js';
import type { Milliseconds } from '../time/index.js';
import { AskedServer } from './asked-server.js';
import { loadIoredis } from './ioredis.js';
import { majorityOf } from './majority.js';
import { checkConnection, isCluster, type RedisConnection } from './redis-option.js';
import { connectionOptions, hostAndPort, type RedisAddress, type RedisEndpoint, redisLabel } from './redis-endpoint.js';
import type { RedisSource } from './redis-source.js';
import { RepeatedLook } from './repeated-look.js';

/** A stretch of slots with the primary they belong to, as one node has it, since the `epoch`th change of the configuration. */
interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly owner: RedisAddress;
  readonly epoch: number;
}

/** More nodes are not asked at a time: any of them knows of all. */
const MAXIMUM_ASKED = 5;

/**
 * The nodes of a Redis Cluster, asked which primary a slot belongs to. Several are asked, and of what most of them say the newest
 * configuration is believed: a node that was cut off, or stopped, goes on naming the primary of yesterday, itself perhaps. Connections
 * are kept, so that asking often costs little.
 *
 * The client given is only read: where its nodes are, and how they are entered.
 */
export class ClusterTopology {
  /** Names the cluster in messages. */
  readonly label: string;
  readonly #options: RedisOptions;
  readonly #natMap: Cluster['options']['natMap'];
  readonly #timeoutMs: Milliseconds;
  readonly #seeds: readonly AskedNode[];
  /** The primaries, once they are known. */
  #nodes: readonly AskedNode[] = [];
  #asking: Promise<readonly Stretch[]> | undefined;
  readonly #watch = new RepeatedLook();

  private constructor(cluster: Cluster, timeoutMs: Milliseconds) {
    this.label = redisLabel(cluster);
    this.#options = cluster.options.redisOptions ?? {};
    this.#natMap = cluster.options.natMap;
    this.#timeoutMs = timeoutMs;
    this.#seeds = startupNodes(cluster).map((node) => this.#nodeAt(node));
  }

  /**
   * The cluster that `redis` leads to; `undefined` when it is no client of one.
   *
   * @param timeoutMs - how long one question may take.
   * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` for what is no {@link RedisConnection}.
   */
  static of(redis: RedisConnection, timeoutMs: Milliseconds): ClusterTopology | undefined {
    checkConnection(redis);
    return isCluster(redis) ? new ClusterTopology(redis, timeoutMs) : undefined;
  }

  /** How each primary is entered. `host` and `port` mean nothing: ask {@link locate}. @param label - names it in messages. */
  endpoint(label: string): RedisEndpoint {
    const { username, password, tls } = this.#options;
    return {
      host: '',
      port: 0,
      ...(username ? { username } : {}),
      ...(password ? { password } : {}),
      db: 0,
      ...(tls ? { tls: typeof tls === 'object' ? tls : {} } : {}),
      label,
    };
  }

  /**
   * Asks which primary `slot` belongs to.
   *
   * @throws {Error} when no node could tell, or the slot belongs to none.
   */
  async locate(slot: number): Promise<RedisAddress> {
    const stretches = await this.#stretchesNow();
    const [newest] = stretches.filter(({ from, to }) => from <= slot && slot <= to).sort((a, b) => b.epoch - a.epoch);
    if (newest === undefined) throw new Error(`No primary of the ${this.label} has slot ${slot}.`);
    return newest.owner;
  }

  /** Asks for the primaries, and answers one of them. @throws {Error} as {@link locate}. */
  async anyPrimary(): Promise<RedisAddress> {
    const owners = (await this.#stretchesNow()).map(({ owner }) => owner);
    const owner = owners[Math.floor(Math.random() * owners.length)];
    if (owner === undefined) throw new Error(`No primary of the ${this.label} has any slots.`);
    return owner;
  }

  /** Has connections for the sharded channels of `slot` made, to whichever primary has it. @param label - names it in messages. */
  source(slot: number, label: string): RedisSource {
    return {
      label,
      credentials: new Credentials(this.#options),
      isSharded: true,
      create: async (overrides) => {
        const { Redis } = await loadIoredis();
        const address = await this.locate(slot);
        return new Redis({ ...this.#options, ...address, ...overrides });
      },
    };
  }

  /**
   * Calls `look` again and again, as a rule to {@link locate} and to compare. Ended by {@link close}.
   *
   * @param failed - told when it rejects, with how often in a row.
   */
  watch(everyMs: Milliseconds, look: () => Promise<void>, failed: (attempt: number, error: unknown) => void): void {
    this.#watch.start(everyMs, look, failed);
  }

  /** Closes every connection. Idempotent; never throws. */
  close(): void {
    this.#watch.stop();
    for (const node of [...this.#seeds, ...this.#nodes]) node.server.close();
  }

  /** Who asks while others do is answered with them. */
  #stretchesNow(): Promise<readonly Stretch[]> {
    return (this.#asking ??= this.#ask().finally(() => (this.#asking = undefined)));
  }

  async #ask(): Promise<readonly Stretch[]> {
    let { answers, failures } = await this.#askAll(this.#nodes);
    if (answers.length === 0) ({ answers, failures } = await this.#askAll(this.#seeds));
    if (answers.length === 0) throw failures[0];
    const stretches = answers.flat();
    this.#useNodes(stretches);
    return stretches;
  }

  #askAll(nodes: readonly AskedNode[]): ReturnType<typeof majorityOf<readonly Stretch[]>> {
    return majorityOf(nodes.map(({ address, server }) => server.ask((client) => this.#stretches(client, address.host))));
  }

  async #stretches(client: Redis, host: string): Promise<readonly Stretch[]> {
    // In this order: an epoch that is too old for its address loses against others, one that is too new would win.
    const [nodes, slots] = await Promise.all([client.call('CLUSTER', 'NODES'), client.call('CLUSTER', 'SLOTS')]);
    const epochs = new Map(String(nodes).split('\n').map(epochOf));
    return (slots as SlotsReply).map(([from, to, [endpoint, port, id]]) => ({
      from,
      to,
      owner: this.#translated({ host: endpoint ? endpoint : host, port }), // It need not know by which name it is reached.
      epoch: epochs.get(id) ?? 0,
    }));
  }

  /** Those to be asked from now on: connections to others are closed. */
  #useNodes(stretches: readonly Stretch[]): void {
    if (this.#watch.isStopped) return;
    const newestFirst = [...stretches].sort((a, b) => b.epoch - a.epoch);
    const owners = new Map(newestFirst.map(({ owner }) => [hostAndPort(owner.host, owner.port), owner]));
    const before = new Map(this.#nodes.map((node) => [hostAndPort(node.address.host, node.address.port), node]));
    this.#nodes = [...owners].slice(0, MAXIMUM_ASKED).map(([name, address]) => before.get(name) ?? this.#nodeAt(address));
    for (const node of before.values()) if (!this.#nodes.includes(node)) node.server.close();
    for (const { server } of this.#seeds) server.rest();
  }

  #nodeAt(node: Partial<RedisOptions>): AskedNode {
    const { host = '127.0.0.1', port = 6379 } = node;
    const failed = (at: string): string => `Node ${at} of the cluster could not tell which slots are whose`;
    return { address: { host, port }, server: new AskedServer({ ...this.#options, ...node, host, port }, failed, this.#timeoutMs) };
  }

  #translated(address: RedisAddress): RedisAddress {
    const key = `${address.host}:${address.port}`;
    const found = typeof this.#natMap === 'function' ? this.#natMap(key) : this.#natMap?.[key];
    return found ?? address;
  }
}

interface AskedNode {
  readonly address: RedisAddress;
  readonly server: AskedServer;
}

/** What CLUSTER SLOTS answers; replicas follow the primary in each. */
type SlotsReply = readonly (readonly [from: number, to: number, primary: readonly [endpoint: string | null, port: number, id: string]])[];

/** A line of CLUSTER NODES: `<id> <address> <flags> <primary> <ping> <pong> <epoch> …`. */
function epochOf(line: string): [id: string, epoch: number] {
  const fields = line.split(' ');
  return [fields[0] as string, Number(fields[6] ?? 0)];
}

/** Not among ioredis' types: a node is a URL, a port, or an address with how it is entered. */
function startupNodes(cluster: Cluster): readonly RedisOptions[] {
  const { startupNodes = [] } = cluster as unknown as { readonly startupNodes?: readonly (string | number | RedisOptions)[] };
  return startupNodes.map((node) =>
    typeof node === 'object' ? node : typeof node === 'number' ? { port: node } : connectionOptions(node),
  );
}
