import { CacheStoppedError } from '../errors/index.js';
import { type Milliseconds, systemTimers, type Timers } from '../time/index.js';

const HINT =
  'It is not tried again: other instances may serve the old value until its time to live ends. Let open requests end before the container is unbound.';

/**
 * The calls that a shutdown waits for: writes to caches, decorated methods that put or evict, and
 * transactions with writes that are due at their end.
 *
 * While the shutdown waits, it still lets new calls in, because they may be part of a call it waits for. It
 * closes as soon as no call is left, or when its time is over. After that, every new call is refused.
 */
export class CallsUnderWay {
  readonly #mostMs: Milliseconds;
  readonly #timers: Timers;
  #count = 0;
  #closing: Promise<void> | undefined;
  #isClosed = false;
  #lastEnded: (() => void) | undefined;

  /** @param mostMs - the longest time that {@link close} waits. */
  constructor(mostMs: Milliseconds, timers = systemTimers) {
    this.#mostMs = mostMs;
    this.#timers = timers;
  }

  /** Whether a shutdown has begun. */
  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  /** Whether new calls are refused. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Lets a call in; the call must {@link end}. @returns `false`: the call is refused, and must do nothing.
   */
  begin(): boolean {
    if (this.#isClosed) return false;
    this.#count += 1;
    return true;
  }

  /** Must be called when a call that was let in has ended. */
  end(): void {
    this.#count -= 1;
    if (this.#count === 0) this.#lastEnded?.();
  }

  /** Runs a write. @throws the error that `refusal` makes, if the write is refused. */
  async run<T>(write: () => Promise<T>, refusal: () => Error): Promise<T> {
    if (!this.begin()) throw refusal();
    try {
      return await write();
    } finally {
      this.end();
    }
  }

  /** Waits for the calls under way, and then lets no more calls in. Idempotent. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    if (this.#count > 0) {
      await new Promise<void>((resolve) => {
        // The timer keeps the process alive, so that every caller who waits for its call to end is told the
        // result.
        const timer = this.#timers.after(this.#mostMs, resolve);
        this.#lastEnded = () => {
          this.#timers.clear(timer);
          this.#isClosed = true;
          resolve();
        };
      });
    }
    this.#isClosed = true;
  }
}

/** The error of a write that was not done because of a shutdown, or whose result is not known. */
export const stopped = (cache: string, what: string, cause?: unknown): CacheStoppedError =>
  new CacheStoppedError(`Cache '${cache}' was stopped: ${what}.`, { hint: HINT, cause });
