import type { Clock, Milliseconds } from '../../lib/time/index.js';
import type { Oracle, Stored } from './oracle.js';
import type { Lives } from './step.js';

/** An instance, as far as it matters here. */
export interface Reader {
  readonly id: string;
  readonly isServing: boolean;
  readonly boundMs: Milliseconds;
  /** Whether it shares its entries with others. */
  readonly hasRemote: boolean;
  /** Without the option, the lengths in it are `0`. */
  readonly lives: Lives;
}

/** A read under way. */
export interface Reading {
  readonly reader: Reader;
  readonly key: string;
  /** `loadAll`: one key of several. When it was served lies between the begin and the end, which is when all of them have been. */
  readonly by: 'load' | 'loadAll' | 'get' | 'getAll';
  readonly begunAt: Milliseconds;
  /** When the oldest read had begun whose load it may have joined. */
  readonly since: Milliseconds;
  endedAt: Milliseconds | undefined;
}

/** What was known of an instance before anything happened that happens now. */
interface Before {
  readonly isServing: boolean;
  /** By key: what its own evictions that have settled, and those delivered, leave; and those that all have acknowledged. */
  readonly floors: ReadonlyMap<string, { readonly local: number; readonly everywhere: number }>;
}

/**
 * The account of values whose life has ended: when they may be served, and that none of them was evicted. It knows every life from what the
 * server has stored, and asks nobody in the library.
 */
export class StaleOracle {
  readonly #oracle: Oracle;
  readonly #clock: Clock;
  readonly #readers: () => readonly Reader[];
  /** When the life of a value ends, by its run; where there is no remote tier, by instance and run. */
  readonly #ends = new Map<string, Milliseconds>();
  /** The run that L2 holds, by key, before anything happens that happens now. */
  readonly #stored = new Map<string, number | undefined>();
  readonly #readings: Reading[] = [];
  /** When methods failed, by instance and key. */
  readonly #failures = new Map<string, Milliseconds[]>();
  readonly #before = new Map<string, Before>();
  /** When a value last answered for a method that had failed, by instance and key. */
  readonly #answeredAt = new Map<string, Milliseconds>();
  /** When each instance was last seen with a lease. */
  readonly #leasedAt = new Map<string, Milliseconds>();

  constructor(oracle: Oracle, readers: () => readonly Reader[], clock: Clock) {
    this.#oracle = oracle;
    this.#readers = readers;
    this.#clock = clock;
  }

  /** Something is about to happen. */
  turn(now: Milliseconds): void {
    for (const { id, isServing } of this.#readers()) {
      if (isServing) this.#leasedAt.set(id, now);
      const floors = new Map(
        this.#oracle.keys.map((key) => [key, { local: this.#oracle.localFloor(id, key), everywhere: this.#oracle.everywhereFloor(key) }]),
      );
      this.#before.set(id, { isServing, floors });
    }
  }

  /** What L2 holds, as long as nothing happens. */
  seen(key: string, stored: Stored | undefined): void {
    this.#stored.set(key, stored?.run);
  }

  /** The server has stored a value. Answers what is wrong with that. */
  filled({ key, version, run }: Stored, endsAt: Milliseconds): string | undefined {
    const replaced = this.#stored.get(key);
    const isKnown = this.#ends.has(`${run}`);
    this.#ends.set(`${run}`, endsAt);
    if (isKnown) return `C9: L2 was given version ${version} of '${key}' a second time, as a new value.`;
    if (replaced === undefined || replaced < run) return undefined;
    return `C9: in L2 a load of version ${version} of '${key}' took the place of a later one.`;
  }

  /**
   * L1 of an instance keeps a value. Answers what is wrong with that.
   *
   * @param freshUntil - when its life ends.
   * @param isReplacingFresh - whether it takes the place of one whose life goes on.
   */
  kept({ id, hasRemote }: Reader, { key, version, run }: Stored, freshUntil: Milliseconds, isReplacingFresh: boolean): string | undefined {
    const name = `${id} ${run}`;
    if (!hasRemote && !this.#ends.has(name)) this.#ends.set(name, freshUntil);
    const now = this.#clock.now();
    if (freshUntil > now) return undefined;
    // A read of several keys may have failed with another key before this one was answered.
    const isOfMany = this.#readings.some(
      ({ reader, key: own, by, begunAt }) =>
        reader.id === id && own === key && by === 'loadAll' && this.#failedSince(id, key, begunAt, now) !== undefined,
    );
    if (isOfMany) this.#answeredAt.set(`${id} ${key}`, now);
    if (!isReplacingFresh) return undefined;
    return `C9: in L1 of ${id} version ${version} of '${key}', whose life had ended, took the place of a fresh value.`;
  }

  /** A method failed. */
  failed({ id }: Reader, key: string): void {
    const name = `${id} ${key}`;
    this.#failures.set(name, [...(this.#failures.get(name) ?? []), this.#clock.now()]);
  }

  /** A read begins. */
  begun(reader: Reader, key: string, by: Reading['by']): Reading {
    const begunAt = this.#clock.now();
    const others = this.#readings.filter((each) => each.reader.id === reader.id && each.key === key && each.endedAt === undefined);
    const reading = { reader, key, by, begunAt, since: Math.min(begunAt, ...others.map(({ since }) => since)), endedAt: undefined };
    this.#readings.push(reading);
    return reading;
  }

  /** It has ended. Answers what is wrong with what it has returned. */
  ended(reading: Reading, stored: Stored | undefined): string | undefined {
    const now = (reading.endedAt = this.#clock.now());
    if (stored === undefined) return undefined;
    const { reader, key, by, begunAt, since } = reading;
    const endsAt = this.#ends.get(reader.hasRemote ? `${stored.run}` : `${reader.id} ${stored.run}`);
    if (endsAt === undefined || endsAt > now) return undefined;
    if (this.#failedSince(reader.id, key, begunAt, now) !== undefined) this.#answeredAt.set(`${reader.id} ${key}`, now);
    if (endsAt > since) return undefined; // It may have been read while its life went on.
    const why = this.#refusal(reading, endsAt, now) ?? (by === 'loadAll' ? undefined : this.#eviction(reading, stored.version, now));
    return why && `C9: a read of '${key}' in ${reader.id} returned version ${stored.version}, whose life had ended, ${why}.`;
  }

  /** Why it may serve no value whose life has ended. */
  #refusal({ reader, key, by, begunAt }: Reading, endsAt: Milliseconds, now: Milliseconds): string | undefined {
    const { staleMs, retryAfterMs } = reader.lives;
    if ((by !== 'load' && by !== 'loadAll') || staleMs === 0) return 'without having been asked to';
    if (now > endsAt + staleMs) return `${now - endsAt} ms ago`;
    const since = (by === 'loadAll' ? begunAt : now) - retryAfterMs;
    if ((this.#answeredAt.get(`${reader.id} ${key}`) ?? -Infinity) >= since) return undefined;
    return this.#failedSince(reader.id, key, since, now) === undefined ? 'though no method had failed' : undefined;
  }

  /** The eviction that it is older than. */
  #eviction({ reader, key, begunAt }: Reading, version: number, now: Milliseconds): string | undefined {
    const { id, boundMs } = reader;
    const before = this.#before.get(id) as Before;
    const { local, everywhere } = before.floors.get(key) as { local: number; everywhere: number };
    if (version < local) return `after an eviction of ${local} that it had settled, or that was delivered`;
    const isOlder = (at: Milliseconds): boolean => version < this.#oracle.floorBefore(key, at);
    if (before.isServing && reader.isServing) {
      if (version < everywhere) return `after an eviction of ${everywhere} that all had acknowledged`;
      return isOlder(now - boundMs) ? `after an eviction longer ago than the bound` : undefined;
    }
    const failedAt = this.#failedSince(id, key, begunAt, now);
    if (failedAt === undefined) return 'without a lease, though no method had failed';
    if (isOlder(failedAt - boundMs)) return 'after an eviction longer before the method failed than the bound';
    const hadLease = (this.#leasedAt.get(id) ?? -Infinity) >= failedAt;
    return !hadLease && isOlder(failedAt) ? 'without a lease, after an eviction before the method failed' : undefined;
  }

  /** The first time since then that a method failed, or a read waited for too long. */
  #failedSince(id: string, key: string, since: Milliseconds, now: Milliseconds): Milliseconds | undefined {
    const timeouts = this.#readings
      .filter(
        ({ reader, key: own, by }) =>
          reader.id === id && own === key && (by === 'load' || by === 'loadAll') && reader.lives.loadTimeoutMs > 0,
      )
      .map(({ reader, begunAt, endedAt }) => ({ at: begunAt + reader.lives.loadTimeoutMs, endedAt }))
      .filter(({ at, endedAt = now }) => at <= endedAt)
      .map(({ at }) => at);
    const all = [...(this.#failures.get(`${id} ${key}`) ?? []), ...timeouts].filter((at) => at >= since);
    return all.length === 0 ? undefined : Math.min(...all);
  }
}
