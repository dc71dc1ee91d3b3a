import { MAXIMUM_WAIT_MS, type Milliseconds, pause, systemTimers, type Timers } from '../time/index.js';

/** The instances that may have been alive when an eviction was executed. */
export interface Audience {
  /**
   * For how long the list of members is known to be complete, by the server's clock. `undefined`: it may be
   * incomplete.
   */
  readonly ageMs: Milliseconds | undefined;
  /** The longest bound of the instances that were on it. `undefined`: that is not known. */
  readonly longestBoundMs: Milliseconds | undefined;
  /** Origin → how long its read lease can hold at most. `undefined`: the member does not say. */
  readonly members: ReadonlyMap<string, Milliseconds | undefined>;
}

interface Waiting {
  readonly missing: Map<string, Milliseconds>;
  readonly done: () => void;
}

/** The clocks of two machines do not run equally fast. This is ten times the error of a bad quartz. */
const DRIFT = 1.001;

/**
 * How much older a list may look than it is, in longest bounds. The scripts notice a greater step of the
 * server's clock.
 */
const UNNOTICED_STEP = 0.5;

/**
 * Waits until every instance that may have been alive has applied an eviction, or its read lease must have
 * ended.
 *
 * A lease holds for one bound of its owner, counted from before the heartbeat that earned it. So one such
 * bound after the eviction was executed, by our own clock, it is over. The server's clock may be set at any
 * time, and plays no part in that. It tells only how old the list of members is. There a step that the
 * scripts do not notice, of up to half the longest bound, is allowed for.
 *
 * A young list proves nothing: the server may have lost the list, with its data, while an instance was cut
 * off and still held a lease. So one longest bound is waited for first.
 */
export class Acknowledgements {
  readonly #self: string;
  readonly #boundMs: Milliseconds;
  readonly #timers: Timers;
  readonly #waiting = new Map<string, Waiting>();
  /**
   * An acknowledgement may overtake the reply of the script that asked for it. It is kept while any script is
   * under way.
   */
  readonly #early = new Map<string, Set<string>>();
  #underWay = 0;
  #longestBoundMs: Milliseconds;

  constructor(self: string, boundMs: Milliseconds, timers = systemTimers) {
    this.#self = self;
    this.#timers = timers;
    this.#boundMs = this.#longestBoundMs = boundMs;
  }

  /**
   * The longest known bound of the fleet, for when the server has lost it. The replies to heartbeats tell it.
   */
  get longestBoundMs(): Milliseconds {
    return this.#longestBoundMs;
  }

  set longestBoundMs(told: Milliseconds) {
    if (told >= 0) this.#longestBoundMs = Math.max(this.#boundMs, Math.min(told, MAXIMUM_WAIT_MS));
  }

  /** Runs `script`, during which acknowledgements of a number not yet known are kept. */
  async expect<T>(script: () => Promise<T>): Promise<T> {
    this.#underWay += 1;
    try {
      return await script();
    } finally {
      this.#underWay -= 1;
      if (this.#underWay === 0) queueMicrotask(() => this.#underWay === 0 && this.#early.clear());
    }
  }

  /**
   * Settles once no instance of the audience can serve what eviction `seq` of `cache` removed. Never rejects.
   */
  wait(cache: string, seq: number, { ageMs = 0, longestBoundMs = 0, members }: Audience): Promise<void> {
    const id = `${cache}#${seq}`;
    const longestMs = Math.max(longestBoundMs, this.#longestBoundMs);
    const youthMs = this.youthOf(ageMs, longestMs);
    const missing = new Map<string, Milliseconds>();
    for (const [member, boundMs = longestMs] of members) {
      if (member !== this.#self && this.#early.get(id)?.has(member) !== true)
        missing.set(member, Math.ceil(Math.min(boundMs, MAXIMUM_WAIT_MS) * DRIFT));
    }
    const acknowledged = missing.size === 0 ? Promise.resolve() : this.allOf(id, missing);
    if (youthMs === 0) return acknowledged;
    // It keeps the process alive, because a caller waits for it.
    return Promise.all([acknowledged, pause(this.#timers, Math.ceil(youthMs * DRIFT))]).then(() => undefined);
  }

  /** How long to wait because the list of members is young. */
  protected youthOf(ageMs: Milliseconds, longestMs: Milliseconds): Milliseconds {
    return Math.min(longestMs, Math.max(0, (1 + UNNOTICED_STEP) * longestMs - Math.max(0, ageMs)));
  }

  /** An instance has applied an eviction. */
  received(cache: string, seq: number, from: string): void {
    const id = `${cache}#${seq}`;
    const waiting = this.#waiting.get(id);
    if (waiting !== undefined) {
      waiting.missing.delete(from);
      if (waiting.missing.size === 0) waiting.done();
    } else if (this.#underWay > 0) {
      let early = this.#early.get(id);
      if (early === undefined) this.#early.set(id, (early = new Set()));
      early.add(from);
    }
  }

  /** Ends every wait. */
  close(): void {
    for (const waiting of [...this.#waiting.values()]) waiting.done();
  }

  /** Settles once no instance is missing, or all their leases must have ended. */
  protected allOf(id: string, missing: Map<string, Milliseconds>): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#timers.after(Math.max(...missing.values()), () => done());
      const done = (): void => {
        this.#timers.clear(timer);
        this.#waiting.delete(id);
        resolve();
      };
      this.#waiting.set(id, { missing, done });
    });
  }
}
