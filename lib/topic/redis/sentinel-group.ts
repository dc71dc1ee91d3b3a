import type { Redis, RedisOptions } from 'ioredis';
import { CacheConfigurationError } from '../../errors/index.js';
import type { Milliseconds } from '../../time/index.js';
import { withDeadline } from '../index.js';
import { type IoredisLibrary, loadIoredis } from './ioredis.js';
import { isCluster, type RedisConnection } from './redis-connection.js';
import { connectionOptions, hostAndPort, type RedisEndpoint, redisLabel } from './redis-endpoint.js';

/** Where a server listens. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/** What one Sentinel holds to be the primary, since the `epoch`th change of the configuration. */
interface Vote {
  readonly address: RedisAddress;
  readonly epoch: number;
}

/**
 * The Sentinels of one primary, asked where it is. All are asked, and the newest configuration that a majority knows of is believed: a
 * Sentinel that was cut off goes on naming the primary of yesterday. Connections are kept, so that asking often costs little.
 */
export class SentinelGroup {
  /** How the primary is entered. Its `host` and `port` mean nothing: ask {@link locate}. */
  readonly endpoint: RedisEndpoint;
  readonly #sentinels: readonly Sentinel[];
  readonly #natMap: RedisOptions['natMap'];
  #isClosed = false;
  #watching: NodeJS.Timeout | undefined;

  private constructor(options: RedisOptions, label: string, timeoutMs: Milliseconds) {
    const { sentinels = [], name, username, password, db, tls, enableTLSForSentinelMode } = options;
    if (typeof name !== 'string' || name === '') throw invalid('redis.name', 'the name of the primary that the Sentinels watch', name);
    if (sentinels.length === 0) throw invalid('redis.sentinels', 'at least one Sentinel', '[]');
    this.endpoint = {
      host: '',
      port: 0,
      ...(username ? { username } : {}),
      ...(password ? { password } : {}),
      db: db ?? 0,
      ...(enableTLSForSentinelMode === true && tls ? { tls: typeof tls === 'object' ? tls : {} } : {}),
      label,
    };
    this.#natMap = options.natMap;
    this.#sentinels = sentinels.map((address) => new Sentinel(sentinelOptions(address, options, timeoutMs), name, timeoutMs));
  }

  /**
   * The Sentinels that `redis` names; `undefined` when it leads to a server by another way.
   *
   * @param timeoutMs - how long one question may take.
   * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` when the name of the primary or the Sentinels are missing.
   */
  static of(redis: RedisConnection, timeoutMs: Milliseconds): SentinelGroup | undefined {
    if (isCluster(redis)) return undefined;
    const options = connectionOptions(redis);
    return options.sentinels ? new SentinelGroup(options, redisLabel(redis), timeoutMs) : undefined;
  }

  /**
   * Asks where the primary is.
   *
   * @throws {Error} when no Sentinel could tell.
   */
  async locate(): Promise<RedisAddress> {
    const library = await loadIoredis();
    const votes: Vote[] = [];
    const failures: unknown[] = [];
    const majority = Math.floor(this.#sentinels.length / 2) + 1;
    // Every question ends by its own deadline, so this does.
    await new Promise<void>((resolve) => {
      const heard = (): void => {
        if (votes.length >= majority || votes.length + failures.length === this.#sentinels.length) resolve();
      };
      for (const sentinel of this.#sentinels) {
        sentinel.ask(library).then(
          (vote) => {
            votes.push(vote);
            heard();
          },
          (error: unknown) => {
            failures.push(error);
            heard();
          },
        );
      }
    });
    const [newest] = votes.sort((a, b) => b.epoch - a.epoch);
    if (newest === undefined) throw failures[0];
    return this.#translated(newest.address);
  }

  /**
   * Asks again and again, and tells each answer, changed or not. Ended by {@link close}.
   *
   * @param failed - told when no Sentinel answered, with how often in a row.
   */
  watch(everyMs: Milliseconds, told: (address: RedisAddress) => void, failed: (attempt: number, error: unknown) => void): void {
    let failures = 0;
    const ask = async (): Promise<void> => {
      try {
        const address = await this.locate();
        failures = 0;
        if (!this.#isClosed) told(address);
      } catch (error) {
        failures += 1;
        if (!this.#isClosed) failed(failures, error);
      }
      if (!this.#isClosed) this.#watching = setTimeout(() => void ask(), everyMs);
    };
    clearTimeout(this.#watching);
    this.#watching = setTimeout(() => void ask(), everyMs);
  }

  /** Closes every connection. Idempotent; never throws. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#watching);
    for (const sentinel of this.#sentinels) sentinel.close();
  }

  #translated(address: RedisAddress): RedisAddress {
    const key = hostAndPort(address.host, address.port);
    const found = typeof this.#natMap === 'function' ? this.#natMap(key) : this.#natMap?.[key];
    return found ?? address;
  }
}

/** One Sentinel, over a connection that is kept until it fails. */
class Sentinel {
  readonly #options: RedisOptions;
  readonly #name: string;
  readonly #timeoutMs: Milliseconds;
  #client: Redis | undefined;
  /** Of the client: who asks while it connects waits as well, for a command sent too early would end the attempt of the others. */
  #connecting: Promise<void> | undefined;
  /** What the client told first on `error`: more than its rejections do. */
  #reason: unknown;
  #isClosed = false;

  constructor(options: RedisOptions, name: string, timeoutMs: Milliseconds) {
    this.#options = options;
    this.#name = name;
    this.#timeoutMs = timeoutMs;
  }

  async ask(library: IoredisLibrary): Promise<Vote> {
    const late = (): Error => new Error(`no answer within ${this.#timeoutMs} ms`);
    let client = this.#client;
    try {
      client ??= this.#connect(library);
      await withDeadline(this.#connecting as Promise<void>, this.#timeoutMs, late);
      // In this order: an epoch that is too old for its address loses against others, one that is too new would win.
      const asked = Promise.all([
        client.call('SENTINEL', 'MASTER', this.#name),
        client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', this.#name),
      ]);
      const [master, address] = await withDeadline(asked, this.#timeoutMs, late);
      return vote(master, address, this.#name);
    } catch (error) {
      const reason = this.#reason ?? error;
      if (client === this.#client) this.#client = undefined;
      client?.disconnect();
      throw this.#described(reason);
    }
  }

  #connect({ Redis }: IoredisLibrary): Redis {
    if (this.#isClosed) throw new Error('closed');
    const client = new Redis(this.#options);
    this.#client = client;
    this.#reason = undefined;
    client.on('error', (error: unknown) => {
      if (client === this.#client) this.#reason ??= error; // Unheard, ioredis prints it.
    });
    this.#connecting = client.connect();
    return client;
  }

  close(): void {
    this.#isClosed = true;
    this.#client?.disconnect();
    this.#client = undefined;
  }

  /** ioredis notes the command on its errors, AUTH's with its password: only the words are kept, and they without it. */
  #described(error: unknown): Error {
    const { host = 'localhost', port = 26_379, password } = this.#options;
    const said = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
    const words = said instanceof Error ? said.message : String(said);
    const safe = password === undefined || password === null || password === '' ? words : words.replaceAll(password, '***');
    return new Error(`Sentinel ${hostAndPort(host, port)} could not tell where '${this.#name}' is: ${safe.replace(/\.$/, '')}.`);
  }
}

function vote(master: unknown, address: unknown, name: string): Vote {
  if (!Array.isArray(address) || !Array.isArray(master)) throw new Error(`it does not watch '${name}'`);
  const epoch = Number((master as string[])[(master as string[]).indexOf('config-epoch') + 1]);
  return { address: { host: String(address[0]), port: Number(address[1]) }, epoch: Number.isFinite(epoch) ? epoch : 0 };
}

function sentinelOptions(
  address: Partial<RedisAddress> & { family?: number },
  options: RedisOptions,
  timeoutMs: Milliseconds,
): RedisOptions {
  return {
    host: address.host ?? 'localhost',
    port: address.port ?? 26_379,
    ...((address.family ?? options.family) ? { family: address.family ?? options.family } : {}),
    ...(options.sentinelUsername ? { username: options.sentinelUsername } : {}),
    ...(options.sentinelPassword ? { password: options.sentinelPassword } : {}),
    ...(options.sentinelTLS ? { tls: options.sentinelTLS } : {}),
    protocol: 2, // Replies are lists, whatever the server speaks.
    lazyConnect: true,
    retryStrategy: null,
    enableReadyCheck: false,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    disableClientInfo: true,
    connectTimeout: timeoutMs,
    disconnectTimeout: 100,
    keepAlive: 1_000,
  };
}

function invalid(option: string, expected: string, got: unknown): CacheConfigurationError {
  return new CacheConfigurationError('CACHE_OPTION_INVALID', `Expected \`${option}\` to be ${expected}, got \`${String(got)}\`.`);
}
