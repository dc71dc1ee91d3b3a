import { CacheValueError, RemoteCacheError } from '../errors/index.js';
import type { Milliseconds } from '../time/index.js';
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

/**
 * A deadline for every step and a circuit breaker over all of them. Late counts as failed: a paused or half-open server answers nothing
 * and throws nothing. While open, steps are refused without being sent; the heartbeat, which is not guarded, closes it again by succeeding.
 */
export class CircuitBreaker implements RemoteGuard {
  readonly #timeoutMs: Milliseconds;
  readonly #deadlines: StepDeadlines;
  readonly #endpoint: string;
  readonly #changed: (open: boolean) => void;
  #failures = 0;
  #open = false;
  #reachable = false;

  constructor(endpoint: string, timeoutMs: Milliseconds, changed: (open: boolean) => void) {
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
        reject(asRemoteError(error, step, this.#endpoint));
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
    if (isAnswer(error)) {
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
}

/** What a step that was not answered in time fails with. */
export const lateError = (step: string, timeoutMs: Milliseconds, endpoint: string): RemoteCacheError =>
  new RemoteCacheError('CACHE_REMOTE_TIMEOUT', `Redis at ${endpoint} did not answer '${step}' within ${timeoutMs} ms.`);

/** An error reply of the server, as against a lost connection or silence. node-redis names the former `ErrorReply` or `SimpleError`. */
function isAnswer(error: unknown): boolean {
  return (
    error instanceof CacheValueError ||
    (error instanceof Error && /^(Simple|Blob|Multi)Error(Reply)?$|^ErrorReply$/.test(error.constructor.name))
  );
}

function asRemoteError(error: unknown, step: string, endpoint: string): unknown {
  if (error instanceof RemoteCacheError || error instanceof CacheValueError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new RemoteCacheError('CACHE_REMOTE_FAILED', `Redis at ${endpoint} failed at '${step}': ${reason}`, { cause: error });
}
