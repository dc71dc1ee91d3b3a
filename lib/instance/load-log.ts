import { reasonOf } from '../errors/index.js';
import type { CacheLogger } from '../event/index.js';
import { type Clock, type Milliseconds, type Timer, timersOf } from '../time/index.js';

/** What a {@link LoadLog} needs. */
export interface LoadLogOptions {
  readonly clock: Clock;
  /** How many loads of a cache have succeeded so far. */
  readonly succeeded: (cache: string) => number;
  readonly say: (level: keyof CacheLogger, line: string) => void;
}

/** What is told of a cache whose loads fail. */
type Trouble = 'served stale' | 'refresh failed';

/** For so long no load may have failed before they count as well again. */
const QUIET_MS: Milliseconds = 10_000;

/** How often it is looked, while there is something to look for. */
const LOOK_EVERY_MS: Milliseconds = 500;

const LINES: Readonly<Record<Trouble, string>> = {
  'served stale': 'a load failed, and a value whose life had ended was served in its place',
  'refresh failed': 'a load in the background failed, and the value before is still served',
};

/**
 * Tells of failing loads that no caller has noticed, because an old value was served: once for a cache, until
 * its loads succeed again. A method that fails now and then makes no line each time.
 */
export class LoadLog {
  readonly #options: LoadLogOptions;
  readonly #troubled = new Map<string, { readonly told: Set<Trouble>; lastAt: Milliseconds; before: number | undefined }>();
  #timer: Timer | undefined;

  constructor(options: LoadLogOptions) {
    this.#options = options;
  }

  /** A load failed, and its callers have an old value. */
  failed(trouble: Trouble, cache: string, error: unknown): void {
    let troubled = this.#troubled.get(cache);
    if (troubled === undefined) this.#troubled.set(cache, (troubled = { told: new Set(), lastAt: 0, before: undefined }));
    troubled.lastAt = this.#options.clock.now();
    troubled.before = undefined;
    this.#timer ??= timersOf(this.#options.clock)
      .every(LOOK_EVERY_MS, () => this.look())
      .unref();
    if (troubled.told.has(trouble)) return;
    troubled.told.add(trouble);
    this.#options.say('warn', `Cache '${cache}': ${LINES[trouble]}: ${reasonOf(error)}.`);
  }

  /** Looks whether the loads that failed succeed again. */
  look(): void {
    const { clock, succeeded, say } = this.#options;
    for (const [cache, troubled] of this.#troubled) {
      const count = succeeded(cache);
      troubled.before ??= count;
      if (count < troubled.before) troubled.before = count; // The statistics were reset.
      if (count === troubled.before || clock.now() - troubled.lastAt < QUIET_MS) continue;
      this.#troubled.delete(cache);
      say('info', `Cache '${cache}': its loads succeed again.`);
    }
    if (this.#troubled.size === 0) this.end();
  }

  /** Looks no more, until a load fails. */
  end(): void {
    timersOf(this.#options.clock).clear(this.#timer);
    this.#timer = undefined;
  }
}
