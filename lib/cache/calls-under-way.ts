import { CacheStoppedError } from '../errors/index.js';
import type { Milliseconds } from '../time/index.js';

const HINT =
  'It is not tried again: other instances may serve the old value until its time to live ends. Let open requests end before the container is unbound.';

/**
 * The calls that a shutdown waits for: writes to caches, decorated methods that put or evict, and transactions whose writes are due at
 * their end.
 *
 * While it waits it lets others in, for they may be part of one it waits for. It is closed once none is left, or after a time, and from then
 * on whoever comes is refused.
 */
export class CallsUnderWay {
  readonly #mostMs: Milliseconds;
  #count = 0;
  #closing: Promise<void> | undefined;
  #isClosed = false;
  #lastEnded: (() => void) | undefined;

  /** @param mostMs - the longest {@link close} waits. */
  constructor(mostMs: Milliseconds) {
    this.#mostMs = mostMs;
  }

  /** Whether a shutdown has begun. */
  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  /** Whether nobody is let in any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Lets a call in; it must {@link end}. @returns `false`: it is refused, and must do nothing. */
  begin(): boolean {
    if (this.#isClosed) return false;
    this.#count += 1;
    return true;
  }

  /** A call that was let in has ended. */
  end(): void {
    this.#count -= 1;
    if (this.#count === 0) this.#lastEnded?.();
  }

  /** Runs a write. @throws what `refusal` makes, if it is refused. */
  async run<T>(write: () => Promise<T>, refusal: () => Error): Promise<T> {
    if (!this.begin()) throw refusal();
    try {
      return await write();
    } finally {
      this.end();
    }
  }

  /** Waits for the calls under way, and lets in no more. Idempotent. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    if (this.#count > 0) {
      await new Promise<void>((resolve) => {
        // It keeps the process alive: whoever waits for the end of a call under way must be told of it.
        const timer = setTimeout(resolve, this.#mostMs);
        this.#lastEnded = () => {
          clearTimeout(timer);
          this.#isClosed = true;
          resolve();
        };
      });
    }
    this.#isClosed = true;
  }
}

/** The error of a write that a shutdown left undone, or of which nobody knows. */
export const stopped = (cache: string, what: string, cause?: unknown): CacheStoppedError =>
  new CacheStoppedError(`Cache '${cache}' was stopped: ${what}.`, { hint: HINT, cause });
