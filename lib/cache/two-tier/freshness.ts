import {
  DEFAULT_RETRY_MS,
  type FreshnessOptions,
  type Milliseconds,
  parseDuration,
  parseLoadTimeout,
  parseStaleIfError,
  type StaleSettings,
} from '../../time/index.js';
import type { KeptValue } from '../local/local-tier.js';
import type { RemoteEntry } from '../remote/entry-codec.js';

/** What {@link FreshnessOptions} come to. */
export interface FreshnessSettings {
  readonly staleIfError?: StaleSettings | undefined;
  /** `0`: never. */
  readonly refreshAfterMs?: Milliseconds | undefined;
  /** `0`: as long as it takes. */
  readonly loadTimeoutMs?: Milliseconds | undefined;
}

/** What one read may be answered with, and how long it waits. */
export class Freshness {
  readonly stale: StaleSettings | undefined;
  /** `Infinity`: never. */
  readonly refreshAfterMs: Milliseconds;
  /** `Infinity`: as long as it takes. */
  readonly loadTimeoutMs: Milliseconds;

  constructor({ staleIfError, refreshAfterMs = 0, loadTimeoutMs = 0 }: FreshnessSettings) {
    this.stale = staleIfError;
    this.refreshAfterMs = refreshAfterMs === 0 ? Infinity : refreshAfterMs;
    this.loadTimeoutMs = loadTimeoutMs === 0 ? Infinity : loadTimeoutMs;
  }

  /** Whether there is anything to heed. */
  get isAsked(): boolean {
    return this.stale !== undefined || this.refreshAfterMs !== Infinity || this.loadTimeoutMs !== Infinity;
  }

  /** How long after a vain attempt to load the next one is made. */
  get retryAfterMs(): Milliseconds {
    return this.stale?.retryAfterMs ?? DEFAULT_RETRY_MS;
  }

  /** When another value is due, of one that was written then and is fresh until then. `Infinity`: never. */
  dueAt(writtenAt: Milliseconds, freshUntil: Milliseconds): Milliseconds {
    const dueAt = writtenAt + this.refreshAfterMs;
    return dueAt < freshUntil ? dueAt : Infinity;
  }

  /** Until when an entry may be served if its method fails. */
  staleUntil({ endsAt = -Infinity, staleMs = 0 }: Pick<RemoteEntry, 'endsAt' | 'staleMs'>): Milliseconds {
    return endsAt + Math.min(staleMs, this.stale?.forMs ?? 0);
  }
}

/** The {@link Freshness} of the reads of one cache. */
export class FreshnessPolicy {
  /** Of reads that ask for nothing else. */
  readonly #own: Freshness;
  /** Whether the local tier keeps what is stale as well. */
  readonly #keepsStale: boolean;

  /**
   * @param keepsStale - whether the local tier is the only one, or is asked to serve without the remote one.
   */
  constructor(settings: FreshnessSettings, keepsStale: boolean) {
    this.#own = new Freshness(settings);
    this.#keepsStale = keepsStale;
  }

  /**
   * `undefined`: there is nothing to heed.
   *
   * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID`.
   */
  of({ staleIfError, refreshAfter, loadTimeout }: FreshnessOptions): Freshness | undefined {
    const own = this.#own;
    if (staleIfError === undefined && refreshAfter === undefined && loadTimeout === undefined) return own.isAsked ? own : undefined;
    return new Freshness({
      staleIfError: staleIfError === undefined ? own.stale : parseStaleIfError('staleIfError', staleIfError),
      refreshAfterMs: refreshAfter === undefined ? finite(own.refreshAfterMs) : parseDuration('refreshAfter', refreshAfter),
      loadTimeoutMs: loadTimeout === undefined ? finite(own.loadTimeoutMs) : parseLoadTimeout('loadTimeout', loadTimeout),
    });
  }

  /**
   * What the local tier has to know of an entry that lives from `writtenAt` to `endsAt`. `undefined`: nothing
   * but its end.
   */
  timesOf(
    { writtenAt, endsAt, staleMs }: { writtenAt: Milliseconds; endsAt: Milliseconds; staleMs: Milliseconds },
    freshness: Freshness = this.#own,
  ): KeptValue['times'] {
    const dueAt = freshness.dueAt(writtenAt, endsAt);
    const keptUntil = this.#keepsStale ? endsAt + staleMs : endsAt;
    return dueAt === Infinity && keptUntil === endsAt ? undefined : { writtenAt, dueAt, retryAt: -Infinity, keptUntil };
  }
}

const finite = (ms: Milliseconds): Milliseconds => (ms === Infinity ? 0 : ms);
