import { alarm, type Clock, type Milliseconds } from '../../time/index.js';
import { Load } from '../load.js';
import type { RemoteEntry } from '../remote/entry-codec.js';
import type { Tagged } from '../tag/tagged.js';
import type { Copies } from '../value/value-sharing.js';
import type { Batched } from './load-call.js';

/** What {@link SharedLoad.join} resolves to when the load has lasted too long to be waited for. */
export const LATE = Symbol('late');

/** What a load has found on its way to a value. */
export interface Found {
  /** The entry of the remote tier whose life has ended. */
  old?: RemoteEntry | undefined;
  /** Its value is fresh, and old enough to be loaded anew. */
  isDue?: boolean | undefined;
  /** Others wait for the load, beside the one who runs it. */
  isShared?: boolean | undefined;
  /** It was told that the old value is served. */
  isTold?: boolean | undefined;
}

/** Loads that wait for the end of another load's fill lease, by what they load. */
const waitingForLease = new Map<string, Set<Load>>();

/** A load of a cache's key that others may join. */
export class SharedLoad extends Load {
  /**
   * What the load will return; `undefined` once it has. A context that is kept somewhere must not keep the
   * value alive.
   */
  promise: Promise<unknown> | undefined;
  /**
   * What those who joined get in place of the value, if they must not share it. Set before the load settles.
   */
  copies: Copies | undefined;
  /**
   * What its loaded value carries, in a cache with tags. Set before the load settles. `undefined`: it was
   * found in the remote tier, alive.
   */
  tagged: Tagged | undefined;
  /** Of one of several keys that are loaded together, until it ends. */
  batched: Batched | undefined;
  /** Whether it is one of several keys that are loaded together. */
  readonly isBatched: boolean;
  /**
   * Whether the loader has no value for the key, which says nothing to others. Set before the load settles.
   */
  isNothing = false;
  /** What it has found on its way, for those who want to know. */
  found: Found | undefined;
  /** The new load that those who had joined this one in vain share. */
  successor: SharedLoad | undefined;
  /** The new load that those share for whom an eviction of a tag has overtaken this one. */
  reload: SharedLoad | undefined;
  readonly #cache: string;
  readonly #key: string;
  readonly #begunAt: Milliseconds;
  #joiners: Set<Load> | undefined;
  #joined: Promise<unknown> | undefined;

  constructor(cache: string, key: string, begunAt: Milliseconds, batched?: Batched) {
    super();
    this.batched = batched;
    this.isBatched = batched !== undefined;
    this.#cache = cache;
    this.#key = key;
    this.#begunAt = begunAt;
  }

  /** What it loads. This is a name, so that loads of other containers can be compared. */
  get #id(): string {
    return `${this.#cache} ${this.#key}`;
  }

  /** Whether somebody has joined it. */
  get isJoined(): boolean {
    return this.#joined !== undefined;
  }

  /** Whether it has lasted for `limitMs`. */
  isLate(now: Milliseconds, limitMs: Milliseconds): boolean {
    return now - this.#begunAt >= limitMs;
  }

  /** Whether the running code must not wait for this load, because the load waits for the running code. */
  get needsCaller(): boolean {
    return Load.caller?.mayWaitFor(this, waitingForLease.size === 0) === false;
  }

  /**
   * Settles as this load does (with its {@link copies}, where there are some), or with {@link LATE} once it
   * has lasted for `limitMs`. From now on, the load that the running code belongs to waits for this one. All
   * callers that join share one promise and one timer.
   */
  join(clock: Clock, limitMs: Milliseconds): Promise<unknown> {
    const { caller } = Load;
    if (caller !== undefined) (this.#joiners ??= new Set()).add(caller);
    return (this.#joined ??= this.#untilLate(clock, limitMs));
  }

  #untilLate(clock: Clock, limitMs: Milliseconds): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const quiet = alarm(clock, this.#begunAt + limitMs, () => {
        this.#joiners = undefined;
        resolve(LATE);
      });
      this.promise!.finally(quiet).then((value) => resolve(this.#takeCopies() ?? value), reject);
    });
  }

  #takeCopies(): Copies | undefined {
    const { copies } = this;
    this.copies = undefined;
    return copies;
  }

  /** It has settled. */
  end(): void {
    this.isNothing = this.batched?.isNothing === true;
    this.promise = this.found = this.batched = this.#joined = this.#joiners = undefined;
  }

  /**
   * Waits for its fill lease, which another load holds, for the length of a `pause`. Answers `false` at once
   * if that load waits for this one. The two are compared by name, because the other may be a load of another
   * container.
   */
  async waitForLease(pause: () => Promise<void>): Promise<boolean> {
    const waiting = waitingForLease.get(this.#id) ?? new Set();
    waitingForLease.set(this.#id, waiting.add(this));
    try {
      for (const load of this.findWaiting()) {
        if (load !== this && load instanceof SharedLoad && load.#id === this.#id) return false;
      }
      await pause();
      return true;
    } finally {
      waiting.delete(this);
      if (waiting.size === 0) waitingForLease.delete(this.#id);
    }
  }

  protected override waiters(): readonly Load[] {
    const forLease = waitingForLease.get(this.#id);
    const isHolder = forLease !== undefined && !forLease.has(this);
    return [...super.waiters(), ...(this.#joiners ?? []), ...(isHolder ? forLease : [])];
  }
}
