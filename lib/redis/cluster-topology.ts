import type { Cluster, Redis, RedisOptions } from 'ioredis';
import type { Milliseconds } from '../time/index.js';
import type { AskedCredentials } from './asked-credentials.js';
import { AskedServer } from './asked-server.js';
import { loadIoredis, newClient } from './ioredis.js';
import { majorityOf } from './majority.js';
import { checkConnection, isCluster, type RedisConnection } from './redis-option.js';
import { bareHost, hostAndPort, type RedisAddress } from './redis-address.js';
import { connectionOptions, type RedisEndpoint, redisLabel } from './redis-endpoint.js';
import type { RedisSource } from './redis-source.js';
import { RepeatedLook } from './repeated-look.js';
import { ServerEntry } from './server-entry.js';

/**
 * A range of slots and the primary that owns it, according to one node, since the `epoch`th change of the
 * configuration.
 */
interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly owner: RedisAddress;
  readonly epoch: number;
}

/** So many nodes are asked at a time at most. Each of them knows the whole cluster. */
const MAXIMUM_ASKED = 5;

/**
 * Asks the nodes of a Redis Cluster which primary owns a slot. It asks several nodes, waits for the answers
 * of most, and believes the newest configuration among them: a node that was cut off, or stopped, still names
 * the primary of yesterday, which may be itself. Connections are kept, so that asking often costs little.
 *
 * The user's client is only read: where its nodes are, and how they are entered.
 */
export class ClusterTopology {
  /** Names the cluster in messages. */
  readonly label: string;
  readonly #options: RedisOptions;
  readonly #natMap: Cluster['options']['natMap'];
  readonly #timeoutMs: Milliseconds;
  readonly #asked: AskedCredentials | undefined;
  readonly #seeds: readonly AskedNode[];
  /** The primaries; empty until they are known. */
  #nodes: readonly AskedNode[] = [];
  #asking: Promise<readonly Stretch[]> | undefined;
  readonly #watch = new RepeatedLook();

  private constructor(cluster: Cluster, timeoutMs: Milliseconds, asked?: AskedCredentials) {
    this.label = redisLabel(cluster);
    this.#options = cluster.options.redisOptions ?? {};
    this.#natMap = cluster.options.natMap;
    this.#timeoutMs = timeoutMs;
    this.#asked = asked;
    this.#seeds = startupNodes(cluster).map((node) => this.#nodeAt(node));
  }

  /**
   * The cluster that `redis` is a client of.
   *
   * @param timeoutMs - how long one question may take.
   * @param asked - the option `credentials`. Default: the nodes are entered with those of the client.
   * @returns `undefined` when `redis` leads to a single server or to Sentinels.
   * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` when it is no {@link RedisConnection}.
   */
  static of(redis: RedisConnection, timeoutMs: Milliseconds, asked?: AskedCredentials): ClusterTopology | undefined {
    checkConnection(redis);
    return isCluster(redis) ? new ClusterTopology(redis, timeoutMs, asked) : undefined;
  }

  /**
   * How each primary is entered. Its `host` and `port` mean nothing: ask {@link locate}.
   *
   * @param label - names it in messages.
   */
  endpoint(label: string): RedisEndpoint {
    const { username, password, family, tls } = this.#options;
    return {
      host: '',
      port: 0,
      ...(username ? { username } : {}),
      ...(password ? { password } : {}),
      ...(family ? { family } : {}),
      db: 0,
      ...(tls ? { tls: typeof tls === 'object' ? tls : {} } : {}),
      label,
    };
  }

  /** Tells with which credentials the connections to a primary enter. */
  entry(): ServerEntry {
    return new ServerEntry(this.#options, this.#asked);
  }

  /**
   * Asks which primary owns `slot`.
   *
   * @throws {Error} when no node could tell, or no primary owns it.
   */
  async locate(slot: number): Promise<RedisAddress> {
    const stretches = await this.#stretchesNow();
    const [newest] = stretches.filter(({ from, to }) => from <= slot && slot <= to).sort((a, b) => b.epoch - a.epoch);
    if (newest === undefined) throw new Error(`No primary of the ${this.label} has slot ${slot}.`);
    return newest.owner;
  }

  /**
   * Asks for the primaries, and picks one at random.
   *
   * @throws {Error} when no node could tell, or no primary owns a slot.
   */
  async anyPrimary(): Promise<RedisAddress> {
    const owners = (await this.#stretchesNow()).map(({ owner }) => owner);
    const owner = owners[Math.floor(Math.random() * owners.length)];
    if (owner === undefined) throw new Error(`No primary of the ${this.label} has any slots.`);
    return owner;
  }

  /**
   * Makes connections for the sharded channels of `slot`: each leads to the primary that owns it at that
   * moment.
   *
   * @param label - names them in messages.
   */
  source(slot: number, label: string): RedisSource {
    const entry = this.entry();
    return {
      label,
      credentials: entry.secrets,
      isSharded: true,
      create: async (overrides) => {
        const library = await loadIoredis();
        const address = await this.locate(slot);
        return newClient(library, { ...this.#options, ...address, ...overrides, ...(await entry.login()) });
      },
    };
  }

  /**
   * Calls `look` again and again, until {@link close}. It is meant to {@link locate} slots and to compare
   * their owners.
   *
   * @param failed - told when `look` rejects. `attempt` counts the rejections in a row, from 1.
   */
  watch(everyMs: Milliseconds, look: () => Promise<void>, failed: (attempt: number, error: unknown) => void): void {
    this.#watch.start(everyMs, look, failed);
  }

  /** Closes every connection. Idempotent; never throws. */
  close(): void {
    this.#watch.stop();
    for (const node of [...this.#seeds, ...this.#nodes]) node.server.close();
  }

  /** Concurrent calls share one question. */
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
    // The epochs come first: one that is too old for its address loses against others, one that is too new
    // would win.
    const [nodes, slots] = await Promise.all([client.call('CLUSTER', 'NODES'), client.call('CLUSTER', 'SLOTS')]);
    const epochs = new Map(String(nodes).split('\n').map(epochOf));
    return (slots as SlotsReply).map(([from, to, [endpoint, port, id]]) => ({
      from,
      to,
      // A node may not know by which name it is reached.
      owner: this.#translated({ host: endpoint ? endpoint : host, port }),
      epoch: epochs.get(id) ?? 0,
    }));
  }

  /** Asks these primaries from now on. Connections to other nodes are closed. */
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
    const options = { ...this.#options, ...node, host, port };
    return { address: { host, port }, server: new AskedServer(options, failed, this.#timeoutMs, this.#asked) };
  }

  #translated(address: RedisAddress): RedisAddress {
    const key = `${address.host}:${address.port}`;
    const found = typeof this.#natMap === 'function' ? this.#natMap(key) : this.#natMap?.[key];
    return found ?? address;
  }
}

/** A node with the address that we know it by. */
interface AskedNode {
  readonly address: RedisAddress;
  readonly server: AskedServer;
}

/** The reply to CLUSTER SLOTS. In each range, the replicas follow the primary. */
type SlotsReply = readonly (readonly [from: number, to: number, primary: readonly [endpoint: string | null, port: number, id: string]])[];

/** A line of CLUSTER NODES: `<id> <address> <flags> <primary> <ping> <pong> <epoch> …`. */
function epochOf(line: string): [id: string, epoch: number] {
  const fields = line.split(' ');
  return [fields[0] as string, Number(fields[6] ?? 0)];
}

/**
 * The nodes that the user gave, which ioredis' types do not show. Each is a URL, a port, or an address with
 * how it is entered.
 */
function startupNodes(cluster: Cluster): readonly RedisOptions[] {
  const { startupNodes = [] } = cluster as unknown as { readonly startupNodes?: readonly (string | number | RedisOptions)[] | undefined };
  return startupNodes.map((node) => {
    if (typeof node === 'string') return connectionOptions(node);
    if (typeof node === 'number') return { port: node };
    return node.host ? { ...node, host: bareHost(node.host) } : node;
  });
}
