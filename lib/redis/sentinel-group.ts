import type { Redis, RedisOptions } from 'ioredis';
import { shown } from '../errors/index.js';
import type { Milliseconds } from '../time/index.js';
import type { AskedCredentials } from './asked-credentials.js';
import { AskedServer } from './asked-server.js';
import { loadIoredis, newClient } from './ioredis.js';
import { majorityOf } from './majority.js';
import { isCluster, type RedisConnection } from './redis-option.js';
import { hostAndPort, type RedisAddress } from './redis-address.js';
import { connectionOptions, type RedisEndpoint, redisLabel } from './redis-endpoint.js';
import type { RedisSource } from './redis-source.js';
import { invalidOption } from './refusals.js';
import { RepeatedLook } from './repeated-look.js';
import { ServerEntry } from './server-entry.js';

/** Where the primary is according to one Sentinel, since the `epoch`th change of the configuration. */
interface Vote {
  readonly address: RedisAddress;
  readonly epoch: number;
}

/**
 * Asks the Sentinels of one primary where it is. It asks all of them, waits for the answers of most, and
 * believes the newest configuration among them: a Sentinel that was cut off still names the primary of
 * yesterday. Connections are kept, so that asking often costs little.
 */
export class SentinelGroup {
  /** How the primary is entered. `host` and `port` mean nothing: ask {@link locate}. */
  readonly endpoint: RedisEndpoint;
  /** Tells with which credentials each connection to the primary enters. The Sentinels have others. */
  readonly entry: ServerEntry;
  readonly #sentinels: readonly AskedServer[];
  readonly #name: string;
  readonly #options: RedisOptions;
  readonly #watch = new RepeatedLook();

  private constructor(options: RedisOptions, label: string, timeoutMs: Milliseconds, asked?: AskedCredentials) {
    const { name, username, password, family, db, tls, enableTLSForSentinelMode } = options;
    const sentinels = options.sentinels ?? [];
    if (typeof name !== 'string' || name === '')
      throw invalidOption('redis.name', 'the name of the primary that the Sentinels watch', name);
    if (tls && enableTLSForSentinelMode === undefined)
      throw invalidOption('redis.enableTLSForSentinelMode', 'true or false beside `redis.tls`, which is not used without it', undefined);
    if (sentinels.length === 0) throw invalidOption('redis.sentinels.length', 'at least 1', 0);
    this.endpoint = {
      host: '',
      port: 0,
      ...(username ? { username } : {}),
      ...(password ? { password } : {}),
      ...(family ? { family } : {}),
      db: db ?? 0,
      ...(enableTLSForSentinelMode === true && tls ? { tls: typeof tls === 'object' ? tls : {} } : {}),
      label,
    };
    this.entry = new ServerEntry(options, asked);
    this.#options = options;
    this.#name = name;
    const failed = (at: string): string => `Sentinel ${at} could not tell where '${shown(name)}' is`;
    this.#sentinels = sentinels.map((address) => new AskedServer(sentinelOptions(address, options), failed, timeoutMs));
  }

  /**
   * The Sentinels that `redis` names.
   *
   * @param timeoutMs - how long one question may take.
   * @param asked - the option `credentials`, for the primary. Default: its credentials are those of `redis`.
   * @returns `undefined` when `redis` names no Sentinel.
   * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` when the name of the primary or the Sentinels
   * are missing.
   */
  static of(redis: RedisConnection, timeoutMs: Milliseconds, asked?: AskedCredentials): SentinelGroup | undefined {
    if (isCluster(redis)) return undefined;
    const options = connectionOptions(redis);
    return options.sentinels ? new SentinelGroup(options, redisLabel(redis), timeoutMs, asked) : undefined;
  }

  /**
   * Asks where the primary is.
   *
   * @throws {Error} when no Sentinel could tell.
   */
  async locate(): Promise<RedisAddress> {
    const { answers: votes, failures } = await majorityOf(this.#sentinels.map((sentinel) => sentinel.ask((client) => this.#vote(client))));
    const [newest] = votes.sort((a, b) => b.epoch - a.epoch);
    if (newest === undefined) throw failures[0];
    return this.#translated(newest.address);
  }

  /**
   * Makes connections to the primary: each asks first where it is. ioredis' own support for Sentinel is not
   * used: it believes the first Sentinel that answers, hears of a failover only from Sentinels that have not
   * restarted since, and prints their errors.
   */
  source(): RedisSource {
    const { label, tls } = this.endpoint;
    return {
      label,
      credentials: this.entry.secrets,
      create: async (overrides) => {
        const library = await loadIoredis();
        const address = await this.locate();
        return newClient(library, { ...this.#options, sentinels: undefined, tls, ...address, ...overrides, ...(await this.entry.login()) });
      },
    };
  }

  /**
   * Asks again and again, until {@link close}.
   *
   * @param told - told each answer, changed or not.
   * @param failed - told when no Sentinel answered. `attempt` counts this in a row, from 1.
   */
  watch(everyMs: Milliseconds, told: (address: RedisAddress) => void, failed: (attempt: number, error: unknown) => void): void {
    const look = async (): Promise<void> => {
      const address = await this.locate();
      if (!this.#watch.isStopped) told(address);
    };
    this.#watch.start(everyMs, look, failed);
  }

  /** Closes every connection. Idempotent; never throws. */
  close(): void {
    this.#watch.stop();
    for (const sentinel of this.#sentinels) sentinel.close();
  }

  async #vote(client: Redis): Promise<Vote> {
    // The epoch comes first: one that is too old for its address loses against others, one that is too new
    // would win.
    const [master, address] = await Promise.all([
      client.call('SENTINEL', 'MASTER', this.#name),
      client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', this.#name),
    ]);
    return voteOf(master, address, this.#name);
  }

  #translated(address: RedisAddress): RedisAddress {
    const key = hostAndPort(address.host, address.port);
    const { natMap } = this.#options;
    const found = typeof natMap === 'function' ? natMap(key) : natMap?.[key];
    return found ?? address;
  }
}

function voteOf(master: unknown, address: unknown, name: string): Vote {
  if (!Array.isArray(address) || !Array.isArray(master)) throw new Error(`it does not watch '${shown(name)}'`);
  const epoch = Number((master as string[])[(master as string[]).indexOf('config-epoch') + 1]);
  return { address: { host: String(address[0]), port: Number(address[1]) }, epoch: Number.isFinite(epoch) ? epoch : 0 };
}

function sentinelOptions(address: Partial<RedisAddress> & { family?: number | undefined }, options: RedisOptions): RedisOptions {
  return {
    host: address.host ?? 'localhost',
    port: address.port ?? 26_379,
    ...((address.family ?? options.family) ? { family: address.family ?? options.family } : {}),
    ...(options.sentinelUsername ? { username: options.sentinelUsername } : {}),
    ...(options.sentinelPassword ? { password: options.sentinelPassword } : {}),
    ...(options.sentinelTLS ? { tls: options.sentinelTLS } : {}),
  };
}
