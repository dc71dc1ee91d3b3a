import { CacheValueError } from '../../errors/index.js';
import type { CacheEvents } from '../../event/index.js';
import { type Duration, type Milliseconds, parseComputedTtl, parseDuration } from '../../time/index.js';
import type { LoadOptions } from '../cache.js';

/** The options of a cache that decide about the life of its entries. */
export interface EntryLifeSettings {
  /** Life of an entry since it was written; `0` = without end, which in the remote tier is {@link ENDLESS_MS}. */
  readonly ttlMs: Milliseconds;
  /** Life of a cached `null` or `undefined`. */
  readonly nullTtlMs: Milliseconds;
  /** The fraction of its life, from 0 to 1, that an entry may lose at random. Default: `0`. */
  readonly ttlJitter?: number;
  readonly allowNullValues: boolean;
  readonly tiers: 'both' | 'local' | 'remote';
}

/** How long the remote tier keeps an entry without end. An entry that can no longer be reached, as after a `clear`, must not stay for ever. */
export const ENDLESS_MS: Milliseconds = 30 * 86_400_000;

/** Which values of one cache are stored, and how long their entries live. */
export class EntryLife {
  readonly #cache: string;
  readonly #settings: EntryLifeSettings;
  readonly #events: CacheEvents;

  constructor(cache: string, settings: EntryLifeSettings, events: CacheEvents) {
    this.#cache = cache;
    this.#settings = settings;
    this.#events = events;
  }

  /** @throws {CacheValueError} `CACHE_VALUE_NULL` for `null` and `undefined` where they are not allowed. */
  refuseNull(value: unknown): void {
    if (this.#settings.allowNullValues || (value !== null && value !== undefined)) return;
    throw new CacheValueError('CACHE_VALUE_NULL', `Cache '${this.#cache}' does not allow ${String(value)}.`, {
      hint: "Avoid storing it with `unless: (result) => result == null`, or set the cache's `allowNullValues`.",
    });
  }

  /**
   * How long an entry is to live; `Infinity` only where nothing is written to the remote tier.
   *
   * @param ttl - for this value alone. Default: the cache's.
   * @throws {CacheConfigurationError} for a `ttl` that is not a duration.
   */
  of(value: unknown, ttl: Duration | undefined): Milliseconds {
    const { tiers, ttlJitter = 0 } = this.#settings;
    const ttlMs = this.#withoutJitter(value, ttl);
    if (ttlMs === 0) return tiers === 'local' ? Infinity : ENDLESS_MS;
    if (ttlJitter === 0) return ttlMs;
    return Math.max(1, Math.ceil(ttlMs * (1 - ttlJitter * Math.random())));
  }

  /** As {@link of}, for a loaded value; `undefined`: it is not stored. An invalid `ttl` becomes an `error` event: the load has succeeded. */
  ofLoaded<V>(value: V, ttl: LoadOptions<V>['ttl']): Milliseconds | undefined {
    try {
      if (typeof ttl !== 'function') return this.of(value, ttl);
      const ttlMs = parseComputedTtl(ttl(value));
      return ttlMs === undefined ? undefined : this.of(value, ttlMs);
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
