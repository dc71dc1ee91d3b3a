import { CacheValueError } from '../../errors/index.js';
import type { CacheEvents } from '../../event/index.js';
import { type Duration, type Milliseconds, parseComputedTtl, parseDuration } from '../../time/index.js';
import type { LoadOptions } from '../cache.js';
import type { Life } from '../value/envelope.js';
import type { FreshnessSettings } from './freshness.js';

/** The options of a cache that decide how long its entries live. */
export interface EntryLifeSettings extends FreshnessSettings {
  /**
   * How long an entry lives after it was written; `0` = without end, which in the remote tier means
   * {@link ENDLESS_MS}.
   */
  readonly ttlMs: Milliseconds;
  /** How long a cached `null` or `undefined` lives. */
  readonly nullTtlMs: Milliseconds;
  /**
   * The largest fraction of its life, from 0 to 1, by which the life of an entry is shortened at random.
   * Default: `0`.
   */
  readonly ttlJitter?: number | undefined;
  readonly allowNullValues: boolean;
  readonly tiers: 'both' | 'local' | 'remote';
}

/**
 * How long the remote tier keeps an entry without end. There is a limit because entries can become
 * unreachable, for example after a `clear`, and must not stay for ever.
 */
export const ENDLESS_MS: Milliseconds = 30 * 86_400_000;

/** Decides which values of one cache are stored, and how long their entries live. */
export class EntryLife {
  readonly #cache: string;
  readonly #settings: EntryLifeSettings;
  readonly #events: CacheEvents;

  constructor(cache: string, settings: EntryLifeSettings, events: CacheEvents) {
    this.#cache = cache;
    this.#settings = settings;
    this.#events = events;
  }

  /**
   * @throws {CacheValueError} `CACHE_VALUE_NULL` for `null` and `undefined` if the cache does not allow them.
   */
  refuseNull(value: unknown): void {
    if (this.#settings.allowNullValues || (value !== null && value !== undefined)) return;
    throw new CacheValueError('CACHE_VALUE_NULL', `Cache '${this.#cache}' does not allow ${String(value)}.`, {
      hint: "Avoid storing it with `unless: (result) => result == null`, or set the cache's `allowNullValues`.",
    });
  }

  /**
   * How long an entry lives; `Infinity` only if nothing is written to the remote tier.
   *
   * @param ttl - time to live of this value alone. Default: that of the cache.
   * @param staleMs - for how long it is kept after that. Default: as the cache says.
   * @throws {CacheConfigurationError} for a `ttl` that is not a duration.
   */
  of(value: unknown, ttl: Duration | undefined, staleMs = this.#settings.staleIfError?.forMs ?? 0): Life {
    return { ttlMs: this.#ttlOf(value, ttl), staleMs };
  }

  #ttlOf(value: unknown, ttl: Duration | undefined): Milliseconds {
    const { tiers, ttlJitter = 0 } = this.#settings;
    const ttlMs = this.#withoutJitter(value, ttl);
    if (ttlMs === 0) return tiers === 'local' ? Infinity : ENDLESS_MS;
    if (ttlJitter === 0) return ttlMs;
    return Math.max(1, Math.ceil(ttlMs * (1 - ttlJitter * Math.random())));
  }

  /**
   * Like {@link of}, for a loaded value. `undefined`: the value is not stored. An invalid `ttl` becomes an
   * `error` event and does not throw, because the load has succeeded.
   */
  ofLoaded<V>(value: V, ttl: LoadOptions<V>['ttl'], staleMs?: Milliseconds): Life | undefined {
    try {
      if (typeof ttl !== 'function') return this.of(value, ttl, staleMs);
      const ttlMs = parseComputedTtl(ttl(value));
      return ttlMs === undefined ? undefined : this.of(value, ttlMs, staleMs);
    } catch (error) {
      this.#events.emit('error', { where: `\`ttl\` of a load into cache '${this.#cache}'`, error });
      return undefined;
    }
  }

  #withoutJitter(value: unknown, ttl: Duration | undefined): Milliseconds {
    if (ttl !== undefined) return parseDuration('ttl', ttl);
    return value === null || value === undefined ? this.#settings.nullTtlMs : this.#settings.ttlMs;
  }
}
