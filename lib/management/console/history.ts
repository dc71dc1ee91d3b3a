import type { FeedEntry } from './api.js';
import { figure } from './figures.js';
import type { Instance } from './fleet.js';

const COUNTED = ['localHits', 'remoteHits', 'misses', 'loads', 'loadTimeMs'] as const;

type Counts = Record<(typeof COUNTED)[number], number>;

/** One second of the fleet. Percentages are of all reads, times in milliseconds; `null`: there was none. */
export interface Sample {
  /** Seconds since the epoch, by the clock of the page. */
  readonly at: number;
  readonly passed: Counts;
  readonly localPercent: number | null;
  readonly hitPercent: number | null;
  readonly loadMs: number | null;
  readonly lagMs: number | null;
}

/** How far the plots look back. */
export const SPAN_SECONDS = 300;

/** After a longer pause nobody knows when what was counted meanwhile has happened. */
const MAXIMUM_PAUSE_SECONDS = 10;

/** What happened in each second, computed from counters that only tell totals. */
export class History {
  #last: ReadonlyMap<string, Counts> = new Map();
  readonly #samples: Sample[] = [];
  #lagMs: number | null = null;

  get samples(): readonly Sample[] {
    return this.#samples;
  }

  /** Something was applied. Keeps the largest lag. */
  note({ lagMs }: FeedEntry): void {
    if (lagMs !== undefined) this.#lagMs = Math.max(this.#lagMs ?? 0, lagMs);
  }

  /** Takes the present state of the fleet. Several calls within a second make one sample. */
  look(instances: readonly Instance[]): void {
    const at = Date.now() / 1_000;
    const pause = at - (this.#samples.at(-1)?.at ?? at);
    if (this.#samples.length > 0 && pause < 0.9 && pause >= 0) return;
    if (pause < 0) this.#samples.length = 0; // The clock was set back.
    const passed = this.#passed(instances, pause >= 0 && pause <= MAXIMUM_PAUSE_SECONDS);
    const { localHits, remoteHits, misses, loads, loadTimeMs } = passed;
    const reads = localHits + remoteHits + misses;
    this.#samples.push({
      at,
      passed,
      localPercent: reads === 0 ? null : (100 * localHits) / reads,
      hitPercent: reads === 0 ? null : (100 * (localHits + remoteHits)) / reads,
      loadMs: loads === 0 ? null : loadTimeMs / loads,
      lagMs: this.#lagMs,
    });
    this.#lagMs = null;
    if (this.#samples.length > SPAN_SECONDS) this.#samples.shift();
  }

  /** What was counted in the last minute. */
  lastMinute(): Readonly<Counts> {
    const begin = Date.now() / 1_000 - 60;
    const sum = nothing();
    for (const { at, passed } of this.#samples) if (at > begin) for (const of of COUNTED) sum[of] += passed[of];
    return sum;
  }

  /** What was counted since the last look; nothing if they do not follow on each other. */
  #passed(instances: readonly Instance[], followsOn: boolean): Counts {
    const passed = nothing();
    const all = new Map<string, Counts>();
    for (const { status } of instances) {
      for (const [name, cache] of Object.entries(status.caches)) {
        const key = `${status.id}/${name}`;
        const now = Object.fromEntries(COUNTED.map((of) => [of, figure(cache, of)])) as Counts;
        const before = followsOn ? this.#last.get(key) : undefined;
        all.set(key, now);
        // Nobody knows when the events before our first look happened. A smaller number than before means
        // that the counters were reset.
        if (before !== undefined) for (const of of COUNTED) passed[of] += Math.max(0, now[of] - before[of]);
      }
    }
    this.#last = all;
    return passed;
  }
}

const nothing = (): Counts => ({ localHits: 0, remoteHits: 0, misses: 0, loads: 0, loadTimeMs: 0 });
