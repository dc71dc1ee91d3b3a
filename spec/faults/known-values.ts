import type { Milliseconds } from '../../lib/time/index.js';
import type { EvictionRecord, FailedRead, ReadRecord } from './oracle.js';

/** A value that reads have returned. */
interface KnownValue {
  /** When the method had read, or written, it. */
  readonly at: Milliseconds;
  /** When the first read that returned it ended. A value that is stored is stored by then. */
  returnedAt: Milliseconds;
  /** When the last read that returned it began. If that is after {@link returnedAt}, it was stored. */
  lastBegunAt: Milliseconds;
}

/** When something may have removed what was stored. */
interface Span {
  readonly from: Milliseconds;
  readonly to: Milliseconds;
}

/**
 * The values that were stored, as far as the reads of all processes show it, and how long nobody evicted
 * them.
 *
 * A value is *known* to a read if it was stored before the read began, and no eviction of its key was under
 * way between the moment the method had read it and the end of the read. An eviction counts as under way for
 * a bound longer than it lasted, because others may hear of it so much later.
 */
export class KnownValues {
  /** Key → the values, in the order of {@link KnownValue#at}. */
  readonly #values = new Map<number, KnownValue[]>();
  readonly #evictions = new Map<number, Span[]>();
  readonly #clears: Span[] = [];

  constructor(reads: Iterable<ReadRecord>, evictions: readonly EvictionRecord[], boundMs: Milliseconds) {
    const byKey = new Map<number, Map<Milliseconds, KnownValue>>();
    for (const { key, at, begunAt, endedAt } of reads) {
      const values = byKey.get(key) ?? new Map<Milliseconds, KnownValue>();
      byKey.set(key, values);
      const known = values.get(at) ?? { at, returnedAt: endedAt, lastBegunAt: begunAt };
      values.set(at, known);
      known.returnedAt = Math.min(known.returnedAt, endedAt);
      known.lastBegunAt = Math.max(known.lastBegunAt, begunAt);
    }
    for (const [key, values] of byKey)
      this.#values.set(
        key,
        [...values.values()].sort((a, b) => a.at - b.at),
      );
    for (const { promises, clears, begunAt, settledAt, acknowledgedAt = Infinity } of evictions) {
      const span = { from: begunAt, to: Math.max(settledAt, acknowledgedAt) + boundMs };
      if (clears) this.#clears.push(span);
      for (const { key } of promises) {
        const spans = this.#evictions.get(key);
        if (spans === undefined) this.#evictions.set(key, [span]);
        else spans.push(span);
      }
    }
  }

  /** When the value of `read` was returned for the first time: its life began before. */
  firstReturnedAt({ key, at, endedAt }: ReadRecord): Milliseconds {
    return this.#values.get(key)?.find((value) => value.at === at)?.returnedAt ?? endedAt;
  }

  /** Whether there were values that `read` could have had in place of its error. */
  areKnownTo(read: FailedRead): boolean {
    return read.keys.every((key) => this.#isKnownTo(key, read));
  }

  #isKnownTo(key: number, { begunAt, endedAt }: FailedRead): boolean {
    const stored = this.#values.get(key)?.findLast((value) => value.returnedAt < begunAt && value.lastBegunAt > value.returnedAt);
    if (stored === undefined) return false;
    const isHit = ({ from, to }: Span): boolean => from <= endedAt && to >= stored.at;
    return !(this.#clears.some(isHit) || this.#evictions.get(key)?.some(isHit) === true);
  }
}
