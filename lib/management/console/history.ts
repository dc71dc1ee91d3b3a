import { figure } from './figures.js';
import type { FeedEntry, InstanceView } from './api.js';

const COUNTED = ['localHits', 'remoteHits', 'misses', 'loads', 'loadTimeMs'] as const;

type Counts = Record<(typeof COUNTED)[number], number>;

/** One second of the fleet. Percentages are of all reads, times in milliseconds; `null`: there was none. */
export interface Sample {
  readonly at: number;
  readonly localPercent: number | null;
  readonly hitPercent: number | null;
  readonly loadMs: number | null;
  readonly lagMs: number | null;
}

/** How far the plots look back. */
export const SPAN_SECONDS = 300;

/** What happened in each second, computed from counters that only tell totals. */
export class History {
  #last: ReadonlyMap<string, Counts> = new Map();
  readonly #samples: Sample[] = [];
  #lagMs: number | null = null;
  /** Counts since the first look, for the overview. */
  readonly window: Counts[] = [];

  get samples(): readonly Sample[] {
    return this.#samples;
  }

  /** Something was applied. Keeps the largest lag. */
  note({ lagMs }: FeedEntry): void {
    if (lagMs !== undefined) this.#lagMs = Math.max(this.#lagMs ?? 0, lagMs);
  }

  /** Takes the state of the fleet at `at`. Several calls within a second make one sample. */
  look(at: number, instances: readonly InstanceView[]): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && at - 1_000 * last.at < 900) return;
    const passed: Counts = { localHits: 0, remoteHits: 0, misses: 0, loads: 0, loadTimeMs: 0 };
    const all = new Map<string, Counts>();
    for (const { status } of instances) {
      for (const [name, cache] of Object.entries(status.caches)) {
        const key = `${status.id}/${name}`;
        const now = Object.fromEntries(COUNTED.map((of) => [of, figure(cache, of)])) as Counts;
        const before = this.#last.get(key);
        all.set(key, now);
        // Nobody knows when the events before our first look happened. A smaller number than before means
        // that the counters were reset.
        if (before !== undefined) for (const of of COUNTED) passed[of] += Math.max(0, now[of] - before[of]);
      }
    }
    this.#last = all;
    const { localHits, remoteHits, misses, loads, loadTimeMs } = passed;
    const reads = localHits + remoteHits + misses;
    this.#samples.push({
      at: at / 1_000,
      localPercent: reads === 0 ? null : (100 * localHits) / reads,
      hitPercent: reads === 0 ? null : (100 * (localHits + remoteHits)) / reads,
      loadMs: loads === 0 ? null : loadTimeMs / loads,
      lagMs: this.#lagMs,
    });
    this.#lagMs = null;
    this.window.push(passed);
    if (this.#samples.length > SPAN_SECONDS) this.#samples.shift();
    if (this.window.length > 60) this.window.shift();
  }

  /** What was counted in the last minute. */
  lastMinute(of: keyof Counts): number {
    return this.window.reduce((sum, counts) => sum + counts[of], 0);
  }
}
