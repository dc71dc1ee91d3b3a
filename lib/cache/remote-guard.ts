import { CacheValueError, type Credentials, NO_CREDENTIALS, RemoteCacheError } from '../errors/index.js';
import type { Milliseconds } from '../time/index.js';
import { isErrorReply } from './keyv-redis.js';
import { StepDeadlines } from './step-deadlines.js';

/** Runs one remote step so that it can neither hang nor be repeated in vain. */
export interface RemoteGuard {
  /** Whether a step would be tried at all now. */
  readonly isOpenForUse: boolean;
  /** Whether steps are refused because too many have failed. Default: never. */
  readonly isOpen?: boolean;
  /**
   * @throws {RemoteCacheError} `CACHE_REMOTE_UNAVAILABLE` at once while the remote tier is known to be away, `CACHE_REMOTE_TIMEOUT` when
   *   the step did not end in time (it may still be executed later; only fences make that harmless), `CACHE_REMOTE_FAILED` else.
   */
  run<T>(step: string, action: () => Promise<T>): Promise<T>;
}

/** For a remote tier inside the process, which is never away. */
export const alwaysOpen: RemoteGuard = {
  isOpenForUse: true,
  run: (_step, action) => action(),
};

/** How many steps in a row must fail before the breaker opens. */
export const BREAKER_THRESHOLD = 3;

/** What a {@link CircuitBreaker} knows of the errors of its steps. */
export interface StepErrors {
  /** What none of them may tell. Default: nothing. */
  readonly credentials?: Credentials;
  /** Whether one is a reply of the server. Default: by its form. */
  readonly isReply?: (error: unknown) => boolean;
}

/**
 * A deadline for every step and a circuit breaker over all of them. Late counts as failed: a paused or half-open server answers nothing
 * and throws nothing. While open, steps are refused without being sent; the heartbeat, which is not guarded, closes it again by succeeding.
 */
export class CircuitBreaker implements RemoteGuard {
  readonly #timeoutMs: Milliseconds;
  readonly #deadlines: StepDeadlines;
  readonly #endpoint: string;
  readonly #changed: (open: boolean) => void;
  readonly #credentials: Credentials;
  readonly #isReply: (error: unknown) => boolean;
  #failures = 0;
  #open = false;
  #reachable = false;

  constructor(endpoint: string, timeoutMs: Milliseconds, changed: (open: boolean) => void, errors: StepErrors = {}) {
    this.#credentials = errors.credentials ?? NO_CREDENTIALS;
    this.#isReply = errors.isReply ?? ((error) => isErrorReply(error));
    this.#endpoint = endpoint;
    this.#timeoutMs = timeoutMs;
    this.#deadlines = new StepDeadlines(timeoutMs);
    this.#changed = changed;
  }

  get isOpenForUse(): boolean {
    return this.#reachable && !this.#open;
  }

  /** Whether the breaker refuses steps because of their failures. */
  get isOpen(): boolean {
    return this.#open;
  }

  /** A connection was verified by a heartbeat: the tier answers. */
  succeeded(): void {
    this.#reachable = true;
    this.#failures = 0;
    if (this.#open) this.#set(false);
  }

  /** The connection is gone: nothing may be sent before the next one is verified. */
  disconnected(): void {
    this.#reachable = false;
  }

  // Not `async`, and without `withDeadline`: every read of the remote tier passes here.
  run<T>(step: string, action: () => Promise<T>): Promise<T> {
    if (!this.isOpenForUse) {
      return Promise.reject(
        new RemoteCacheError('CACHE_REMOTE_UNAVAILABLE', `Redis at ${this.#endpoint} is away: '${step}' was not sent.`),
      );
    }
    return new Promise((resolve, reject) => {
      let isOver = false;
      const failed = (error: unknown): void => {
        if (isOver) return;
        isOver = true;
        done();
        this.#failed(error);
        reject(this.#asRemoteError(error, step));
      };
      const done = this.#deadlines.begin(() => failed(lateError(step, this.#timeoutMs, this.#endpoint)));
      const succeeded = (result: T): void => {
        if (isOver) return; // Its caller has been told otherwise; it may have been executed all the same.
        isOver = true;
        done();
        this.#failures = 0;
        resolve(result);
      };
      try {
        action().then(succeeded, failed);
      } catch (error) {
        failed(error);
      }
    });
  }

  #failed(error: unknown): void {
    if (error instanceof CacheValueError || this.#isReply(error)) {
      this.#failures = 0; // The server answered, if only with an error: it is there.
      return;
    }
    this.#failures += 1;
    if (this.#failures >= BREAKER_THRESHOLD && !this.#open) this.#set(true);
  }

  #set(open: boolean): void {
    this.#open = open;
    this.#changed(open);
  }

  #asRemoteError(error: unknown, step: string): unknown {
    if (error instanceof RemoteCacheError || error instanceof CacheValueError) return error;
    const cause = this.#credentials.clean(error);
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new RemoteCacheError('CACHE_REMOTE_FAILED', `Redis at ${this.#endpoint} failed at '${step}': ${reason}`, { cause });
  }
}

/** What a step that was not answered in time fails with. */
export const lateError = (step: string, timeoutMs: Milliseconds, endpoint: string): RemoteCacheError =>
  new RemoteCacheError('CACHE_REMOTE_TIMEOUT', `Redis at ${endpoint} did not answer '${step}' within ${timeoutMs} ms.`);
