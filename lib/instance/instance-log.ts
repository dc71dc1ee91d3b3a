import { type HealthStatus, LEFT_PENDING } from '../cache/index.js';
import { CacheEvictError, CacheValueError, MAXIMUM_LINE_LENGTH, printable, reasonOf, RemoteCacheError } from '../errors/index.js';
import type { CacheEventMap, CacheEvents, CacheLogger } from '../event/index.js';
import type { Clock, Milliseconds } from '../time/index.js';
import { LoadLog } from './load-log.js';

/** What an {@link InstanceLog} needs. */
export interface InstanceLogOptions {
  readonly events: CacheEvents;
  readonly logger: CacheLogger;
  readonly clock: Clock;
  /** The status of each connection, by its name. */
  readonly links: () => Readonly<Record<string, HealthStatus>>;
  /** Why Redis refuses what it is sent; `undefined`: it does not. */
  readonly refusal: () => string | undefined;
  /** How many loads of a cache have succeeded so far. */
  readonly succeeded: (cache: string) => number;
}

/** The most reasons why values are not cached that are told. */
const MOST_REASONS = 100;

/**
 * Tells the operators of an instance what they should know, once: that Redis is away or refuses, and that it
 * is back; that values of a kind can never be stored; that an eviction is not acknowledged whose caller was
 * not told, or is repeated no more because the instance ends; that old values are served because loads fail,
 * and that these succeed again. All else is for those who listen to events.
 */
export class InstanceLog {
  readonly #options: InstanceLogOptions;
  readonly #reasons = new Set<string>();
  /** The caches with evictions that are not acknowledged and were told. */
  readonly #pending = new Set<string>();
  readonly #loads: LoadLog;
  #awaySince: Milliseconds | undefined;
  #endpoint = '';
  #isWatching = false;

  constructor(options: InstanceLogOptions) {
    this.#options = options;
    const { events, clock, succeeded } = options;
    this.#loads = new LoadLog({ clock, succeeded, say: (level, line) => this.#say(level, line) });
    events.on('connected', ({ link, endpoint }) => {
      if (link === 'command') this.#endpoint = endpoint;
    });
    events.on('lost', (event) => this.#unreachable(event, 'its connection ended'));
    events.on('failed', (event) => this.#unreachable(event));
    events.on('breaker', ({ open }) => {
      if (open) this.#away('does not answer in time');
    });
    events.on('error', (event) => this.#failed(event));
    events.on('servedStale', ({ cache, error }) => this.#loadFailed('served stale', cache, error));
    events.on('refreshFailed', ({ cache, error }) => this.#loadFailed('refresh failed', cache, error));
    events.on('evictRecovered', ({ cache }) => {
      if (this.#pending.delete(cache)) this.#say('info', `Cache '${cache}': its evictions are acknowledged now.`);
    });
  }

  /**
   * From now on tells of Redis: what is wrong already shows with the next attempt. Before, the start itself
   * says what is wrong.
   */
  begin(): void {
    this.#isWatching = true;
    const refusal = this.#options.refusal();
    if (refusal !== undefined) this.#away(refusal);
  }

  /** A shutdown has begun: it closes the connections itself. */
  end(): void {
    this.#isWatching = false;
    this.#loads.end();
  }

  /** A heartbeat was answered: perhaps all is well again. */
  answered(): void {
    if (this.#awaySince === undefined || !this.#isUp) return;
    const seconds = ((this.#options.clock.now() - this.#awaySince) / 1_000).toFixed(1);
    this.#awaySince = undefined;
    this.#say('info', `Redis${this.#at} is back after ${seconds} s.`);
  }

  get #isUp(): boolean {
    return Object.values(this.#options.links()).every((status) => status === 'up') && this.#options.refusal() === undefined;
  }

  get #at(): string {
    return this.#endpoint === '' ? '' : ` at ${this.#endpoint}`;
  }

  #unreachable({ link, endpoint, error }: CacheEventMap['lost'] | CacheEventMap['failed'], otherwise = reasonOf(undefined)): void {
    if (link === 'publisher') return; // It is made when it is needed.
    if (this.#endpoint === '') this.#endpoint = endpoint;
    // The subscriber's own error repeats that Redis cannot be reached.
    const why = error instanceof RemoteCacheError && error.code === 'CACHE_REMOTE_CONNECT_FAILED' ? (error.cause ?? error) : error;
    this.#away(`cannot be reached: ${why === undefined ? otherwise : reasonOf(why)}`);
  }

  #failed({ where, error, cache }: CacheEventMap['error']): void {
    if (where === 'heartbeat') this.#away(this.#options.refusal() ?? 'refuses heartbeats');
    else if (where === LEFT_PENDING && error instanceof CacheEvictError) this.#say('warn', `${error.message} (${reasonOf(error)})`);
    else if (error instanceof CacheEvictError && cache !== undefined) this.#unacknowledged(cache, error);
    else if (error instanceof CacheValueError && cache !== undefined) this.#notStored(cache, error);
  }

  #loadFailed(...[trouble, cache, error]: Parameters<LoadLog['failed']>): void {
    if (this.#isWatching) this.#loads.failed(trouble, cache, error);
  }

  #away(why: string): void {
    if (!this.#isWatching || this.#awaySince !== undefined) return;
    this.#awaySince = this.#options.clock.now();
    const what = why.startsWith('Redis') ? why : `Redis${this.#at} ${why}`;
    this.#say('warn', `${what.replace(/\.$/, '')}. Reads go on without it, and evictions are repeated until it is back.`);
  }

  #unacknowledged(cache: string, error: CacheEvictError): void {
    if (this.#pending.has(cache)) return;
    this.#pending.add(cache);
    this.#say('warn', `Cache '${cache}': ${error.said.replace(/\.$/, '')}: ${reasonOf(error)}. ${error.hint ?? ''}`.trimEnd());
  }

  #notStored(cache: string, { code, message, refused }: CacheValueError): void {
    const reason = `${cache} ${code} ${refused ?? message}`;
    if (code === 'CACHE_VALUE_CORRUPT' || this.#reasons.has(reason) || this.#reasons.size >= MOST_REASONS) return;
    this.#reasons.add(reason);
    const instances = refused?.match(/^an instance of (.+)$/)?.[1];
    const why =
      instances === undefined
        ? `some values are not cached: ${message}`
        : `instances of ${instances} are not cached: give the cache a \`type\`.`;
    this.#say('warn', `Cache '${cache}': ${why}`);
  }

  #say(level: keyof CacheLogger, line: string): void {
    try {
      this.#options.logger[level](printable(`inversify-cache: ${line}`, MAXIMUM_LINE_LENGTH));
    } catch {
      // A logger that throws must not disturb a cache.
    }
  }
}
