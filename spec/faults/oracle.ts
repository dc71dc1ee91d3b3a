import type { Milliseconds } from '../../lib/time/index.js';
import { KnownValues } from './known-values.js';

/** One read, as the worker that made it saw it. Times are milliseconds of CLOCK_MONOTONIC, which all processes of a machine share. */
export interface ReadRecord {
  readonly key: number;
  readonly begunAt: Milliseconds;
  readonly endedAt: Milliseconds;
  readonly version: number;
  /** When the method had read, or written, what was returned. */
  readonly at: Milliseconds;
  /** How long the caller waited, without the time its process did not run at all. */
  readonly waitedMs: Milliseconds;
  /**
   * Whether its call has read other keys too. Nobody but the cache knows when each of them was answered: by the
   * end of the call at the latest.
   */
  readonly ofSeveral: boolean;
}

/**
 * A call that was answered with the method's error, or with that of its time limit. One that reads several
 * keys fails for all of them if it has no value for one.
 */
export interface FailedRead extends Pick<ReadRecord, 'begunAt' | 'endedAt' | 'waitedMs'> {
  readonly keys: readonly number[];
}

/** A version that was in the database before an eviction of its key began. */
export interface Committed {
  readonly key: number;
  readonly version: number;
}

/** One eviction. */
export interface EvictionRecord {
  /**
   * What it promises: nothing older of these keys is served any more. An eviction by tag promises this for
   * every key that carries the tag, whoever wrote it, as far as it was committed before the eviction began.
   */
  readonly promises: readonly Committed[];
  readonly byTag: boolean;
  /** Whether it removes everything else as well. */
  readonly clears: boolean;
  /** The instance that evicted; a restarted worker is another one. */
  readonly instance: string;
  readonly acks: boolean;
  /** When the caller asked for it. */
  readonly begunAt: Milliseconds;
  /** When the caller had its answer, be it the acknowledgement or a `CacheEvictError`. */
  readonly settledAt: Milliseconds;
  /** When it was certainly executed: when it was acknowledged, if need be later than {@link settledAt}. `undefined`: not yet. */
  acknowledgedAt: Milliseconds | undefined;
  /** As {@link ReadRecord#waitedMs}. */
  readonly waitedMs: Milliseconds;
}

/** What the oracle says about the reads of a run. */
export interface Verdict {
  readonly reads: number;
  /** Those of them whose call has read other keys too. */
  readonly readsOfSeveral: number;
  /** Reads begun after an eviction was acknowledged that returned what it evicted. */
  readonly staleReads: number;
  /** How long after the acknowledgement the stalest of them began. */
  readonly worstStalenessMs: Milliseconds;
  /** Reads older than an eviction that the *same* instance had been answered before they began. There must be none (C1, C6). */
  readonly ownStaleReads: number;
  /** Reads older than an eviction with `acks: 'all'` that had resolved before they began, anywhere. There must be none (C4). */
  readonly ackedStaleReads: number;
  readonly evictions: number;
  /** Those of them that were by tag. */
  readonly tagEvictions: number;
  /** Evictions that were answered with a `CacheEvictError`. */
  readonly inDoubt: number;
  /** Evictions of which nobody ever learnt that they were executed. */
  readonly unacknowledged: number;
  /** How long before a read began the method had read, or written, what it returned. */
  readonly greatestAgeMs: Milliseconds;
  /** Reads that failed. A call counts as many times as it has keys. */
  readonly failedReads: number;
  /** Those of them whose value was stored, and not evicted, as were those of all other keys of the call. */
  readonly knownFailures: number;
  /** The longest read, failed or not, the method's own time included. */
  readonly longestReadMs: Milliseconds;
  /** The same, with the time that its process did not run. */
  readonly longestElapsedMs: Milliseconds;
  /** The longest eviction without, and with, `acks: 'all'`. */
  readonly longestEvictionMs: Milliseconds;
  readonly longestAckedMs: Milliseconds;
}

/** What an {@link Oracle} has to know of the caches. */
export interface OracleOptions {
  readonly boundMs: Milliseconds;
  /** The life of an entry, if one may be served after it. Default: `Infinity`. */
  readonly lifeMs?: Milliseconds | undefined;
}

/** A read of something that is stored and fresh takes less, without the time its process did not run. */
const LONGEST_HIT_MS: Milliseconds = 50;

/**
 * Knows when each eviction was acknowledged and which version each read returned, and so how stale each read was.
 *
 * A version is a number that only grows, so a read is stale if an eviction of a greater version was acknowledged before it began; how
 * stale, the *oldest* such acknowledgement tells. An eviction in doubt counts from the moment it is known to be executed; to the instance
 * that sent it, from the moment its caller was told (the contract forbids it to serve the key from then on).
 *
 * A value that is served after its life is held to more: it must not have been evicted when it was *served*.
 * The read had all the time to hear of that.
 */
export class Oracle {
  readonly #options: OracleOptions;
  readonly #reads = new Map<string, ReadRecord[]>();
  #evictions: EvictionRecord[] = [];
  readonly #failed: FailedRead[] = [];

  constructor(options: OracleOptions) {
    this.#options = options;
  }

  /** How many evictions it has heard of. */
  get evictions(): number {
    return this.#evictions.length;
  }

  read(instance: string, records: readonly ReadRecord[]): void {
    const known = this.#reads.get(instance);
    if (known === undefined) this.#reads.set(instance, [...records]);
    else for (const record of records) known.push(record);
  }

  failed(records: readonly FailedRead[]): void {
    for (const record of records) this.#failed.push(record);
  }

  evicted(record: EvictionRecord): void {
    this.#evictions.push(record);
  }

  /** What `instance` had in doubt at `at` has been executed. */
  recovered(instance: string, at: Milliseconds): void {
    for (const eviction of this.#evictions) {
      if (eviction.instance === instance && eviction.acknowledgedAt === undefined) eviction.acknowledgedAt = at;
    }
  }

  /** `instance` was killed: its callers have been told what was in doubt, and nobody is left to repeat it. */
  crashed(instance: string): void {
    this.#evictions = this.#evictions.filter((eviction) => eviction.instance !== instance || eviction.acknowledgedAt !== undefined);
  }

  /** The newest version of each key whose eviction was acknowledged: what must never be unseen again. */
  newestEvicted(): ReadonlyMap<number, number> {
    const newest = new Map<number, number>();
    for (const { promises, acknowledgedAt } of this.#evictions) {
      if (acknowledgedAt === undefined) continue;
      for (const { key, version } of promises) newest.set(key, Math.max(version, newest.get(key) ?? 0));
    }
    return newest;
  }

  verdict(): Verdict {
    const everywhere = new Timeline(this.#evictions, ({ acknowledgedAt }) => acknowledgedAt);
    const known = new KnownValues([...this.#reads.values()].flat(), this.#evictions, this.#options.boundMs);
    const acknowledgedByAll = new Timeline(this.#evictions.filter(isAcknowledgedByAll), ({ settledAt }) => settledAt);
    let reads = 0;
    let readsOfSeveral = 0;
    let ackedStaleReads = 0;
    let staleReads = 0;
    let worstStalenessMs = 0;
    let ownStaleReads = 0;
    let longestReadMs = 0;
    let longestElapsedMs = 0;
    let greatestAgeMs = 0;
    for (const [instance, records] of this.#reads) {
      const own = new Timeline(
        this.#evictions.filter((eviction) => eviction.instance === instance),
        ({ settledAt }) => settledAt,
      );
      for (const read of records) {
        reads += 1;
        if (read.ofSeveral) readsOfSeveral += 1;
        const from = this.#judgedFrom(read, known);
        const staleness = everywhere.staleness(read, from);
        if (staleness > 0) staleReads += 1;
        worstStalenessMs = Math.max(worstStalenessMs, staleness);
        if (own.staleness(read, from) > 0) ownStaleReads += 1;
        if (acknowledgedByAll.staleness(read, from) > 0) ackedStaleReads += 1;
        longestReadMs = Math.max(longestReadMs, read.waitedMs);
        longestElapsedMs = Math.max(longestElapsedMs, read.endedAt - read.begunAt);
        greatestAgeMs = Math.max(greatestAgeMs, read.begunAt - read.at);
      }
    }
    for (const { waitedMs, begunAt, endedAt } of this.#failed) {
      longestReadMs = Math.max(longestReadMs, waitedMs);
      longestElapsedMs = Math.max(longestElapsedMs, endedAt - begunAt);
    }
    const longest = (evictions: EvictionRecord[]): Milliseconds => Math.max(0, ...evictions.map(({ waitedMs }) => waitedMs));
    return {
      reads,
      readsOfSeveral,
      staleReads,
      worstStalenessMs,
      ownStaleReads,
      ackedStaleReads,
      evictions: this.#evictions.length,
      tagEvictions: this.#evictions.filter(({ byTag }) => byTag).length,
      inDoubt: this.#evictions.filter(({ settledAt, acknowledgedAt }) => acknowledgedAt !== settledAt).length,
      unacknowledged: this.#evictions.filter(({ acknowledgedAt }) => acknowledgedAt === undefined).length,
      greatestAgeMs,
      failedReads: keysOf(this.#failed),
      knownFailures: keysOf(this.#failed.filter((read) => known.areKnownTo(read))),
      longestReadMs,
      longestElapsedMs,
      longestEvictionMs: longest(this.#evictions.filter(({ acks }) => !acks)),
      longestAckedMs: longest(this.#evictions.filter(({ acks }) => acks)),
    };
  }

  /**
   * When an eviction must be heeded by `read`: when it began; of a value after its life, when it was served, if
   * that is known.
   */
  #judgedFrom(read: ReadRecord, known: KnownValues): Milliseconds {
    const { lifeMs = Infinity } = this.#options;
    const servedAt = read.begunAt + read.waitedMs;
    const isOver = !read.ofSeveral && lifeMs !== Infinity && servedAt > known.firstReturnedAt(read) + lifeMs + LONGEST_HIT_MS;
    return isOver ? servedAt : read.begunAt;
  }
}

const keysOf = (calls: readonly FailedRead[]): number => calls.reduce((sum, { keys }) => sum + keys.length, 0);

const isAcknowledgedByAll = ({ acks, settledAt, acknowledgedAt }: EvictionRecord): boolean => acks && acknowledgedAt === settledAt;

/** For every key: since when data older than a version must not be returned. */
class Timeline {
  /** Key → versions in ascending order, each with the earliest point of time of an eviction of that version or a greater one. */
  readonly #since = new Map<number, { readonly versions: number[]; readonly at: Milliseconds[] }>();

  constructor(evictions: readonly EvictionRecord[], countsFrom: (eviction: EvictionRecord) => Milliseconds | undefined) {
    const byKey = new Map<number, { version: number; at: Milliseconds }[]>();
    for (const eviction of evictions) {
      const at = countsFrom(eviction);
      if (at === undefined) continue;
      for (const { key, version } of eviction.promises) {
        const list = byKey.get(key);
        if (list === undefined) byKey.set(key, [{ version, at }]);
        else list.push({ version, at });
      }
    }
    for (const [key, list] of byKey) {
      list.sort((a, b) => a.version - b.version);
      const at = list.map((each) => each.at);
      for (let i = at.length - 2; i >= 0; i -= 1) at[i] = Math.min(at[i] as number, at[i + 1] as number);
      this.#since.set(key, { versions: list.map(({ version }) => version), at });
    }
  }

  /** How long before `from` the version of a read was superseded; `0` if it was not. */
  staleness({ key, version }: ReadRecord, from: Milliseconds): Milliseconds {
    const known = this.#since.get(key);
    if (known === undefined) return 0;
    let low = 0;
    for (let high = known.versions.length; low < high;) {
      const middle = (low + high) >>> 1;
      if ((known.versions[middle] as number) > version) high = middle;
      else low = middle + 1;
    }
    return Math.max(0, from - (known.at[low] ?? Number.POSITIVE_INFINITY));
  }
}
