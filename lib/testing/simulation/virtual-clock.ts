import { type Duration, type Milliseconds, parseDuration, pause, type TimedClock, type Timer, type Timers } from '../../time/index.js';

/** The wall clock of every simulation begins here, so that what depends on it is the same each time. */
const BEGIN_EPOCH: Milliseconds = Date.UTC(2026, 0);

/** One timer of a {@link VirtualClock}. */
class VirtualTimer implements Timer {
  isAwaited = true;

  constructor(
    readonly ring: () => void,
    readonly everyMs: Milliseconds | undefined,
    public at: Milliseconds,
  ) {}

  ref(): this {
    this.isAwaited = true;
    return this;
  }

  unref(): this {
    this.isAwaited = false;
    return this;
  }
}

/**
 * A clock that stands still until it is moved, with timers of its own. Nothing of the process is replaced:
 * `Date` and `setTimeout` are what they were, and several such clocks can be in use at once.
 *
 * As with Node's timers, one that is `unref`ed is no reason to go on: nobody waits for it.
 */
export class VirtualClock implements TimedClock {
  #now: Milliseconds = 0;
  /** In the order in which they were set. */
  readonly #timers = new Set<VirtualTimer>();

  /** @internal */
  readonly timers: Timers = {
    now: () => this.#now,
    epochNow: () => this.epochNow(),
    after: (ms, ring) => this.#set(new VirtualTimer(ring, undefined, this.#now + Math.max(0, ms))),
    every: (ms, ring) => this.#set(new VirtualTimer(ring, Math.max(1, ms), this.#now + Math.max(1, ms))),
    clear: (timer) => void this.#timers.delete(timer as VirtualTimer),
  };

  now(): Milliseconds {
    return this.#now;
  }

  /** Milliseconds since 1970. It begins with 2026. */
  epochNow(): Milliseconds {
    return BEGIN_EPOCH + this.#now;
  }

  /**
   * Resolves when this much time has passed on this clock: for methods that take a while.
   *
   * @throws {CacheConfigurationError} for what is no duration.
   */
  async sleep(duration: Duration): Promise<void> {
    await pause(this.timers, parseDuration('duration', duration));
  }

  /** @internal Whether somebody waits for a timer. */
  get isAwaited(): boolean {
    for (const { isAwaited } of this.#timers) if (isAwaited) return true;
    return false;
  }

  /** @internal When the next timer rings; `undefined`: none is set. */
  get nextAt(): Milliseconds | undefined {
    return this.#next()?.at;
  }

  /**
   * @internal Moves to `time` without ringing what is due by then, as when the process stands still
   *   meanwhile.
   */
  jumpTo(time: Milliseconds): void {
    this.#now = Math.max(this.#now, time);
  }

  /** @internal Rings the timers that are due now, those included that are set meanwhile. */
  ringDue(): void {
    for (let next = this.#next(); next !== undefined && next.at <= this.#now; next = this.#next()) {
      if (next.everyMs === undefined) this.#timers.delete(next);
      // A timer that comes late does not catch up.
      else next.at = Math.max(this.#now, next.at + next.everyMs * Math.floor((this.#now - next.at) / next.everyMs + 1));
      next.ring();
    }
  }

  /**
   * @internal Lets `ms` pass, and rings each timer when its time has come. Promises settle only afterwards.
   */
  advance(ms: Milliseconds): void {
    const end = this.#now + ms;
    for (let at = this.nextAt; at !== undefined && at <= end; at = this.nextAt) {
      this.jumpTo(at);
      this.ringDue();
    }
    this.jumpTo(end);
  }

  #set(timer: VirtualTimer): VirtualTimer {
    this.#timers.add(timer);
    return timer;
  }

  #next(): VirtualTimer | undefined {
    let next: VirtualTimer | undefined;
    for (const timer of this.#timers) if (next === undefined || timer.at < next.at) next = timer;
    return next;
  }
}
