import { CacheValueError, type Credentials, NO_CREDENTIALS, RemoteCacheError } from '../errors/index.js';
import { type Milliseconds, StepDeadlines } from '../time/index.js';
import { isErrorReply } from './keyv-redis.js';
import type { Rank } from './step-queue.js';
import { StepTurns } from './step-turns.js';

/** How many steps in a row must fail before the breaker opens. */
export const BREAKER_THRESHOLD = 3;

/** How far a call has come with its reads; writes come before all of them. */
const RANKS: ReadonlyMap<string, Rank> = new Map([
  ['get', 0],
  ['acquire', 1],
]);

/** What a {@link CircuitBreaker} knows of its steps. */
export interface StepOptions {
  /** The longest a step waits for its turn, unless it says otherwise. Default: for ever. */
  readonly waitMs?: Milliseconds | undefined;
  /** What none of them may tell. Default: nothing. */
  readonly credentials?: Credentials;
  /** Whether one is a reply of the server. Default: by its form. */
  readonly isReply?: (error: unknown) => boolean;
}

/**
 * A deadline for every step and a circuit breaker over all of them. Late counts as failed: a paused or half-open server answers nothing
 * and throws nothing. While open, steps are refused without being sent; the heartbeat, which is not guarded, closes it again by succeeding.
 */
export class CircuitBreaker {
  readonly #timeoutMs: Milliseconds;
  readonly #deadlines: StepDeadlines;
  readonly #turns = new StepTurns();
  readonly #waitMs: Milliseconds;
  readonly #endpoint: string;
  readonly #changed: (open: boolean) => void;
  readonly #credentials: Credentials;
  readonly #isReply: (error: unknown) => boolean;
  #failures = 0;
  #open = false;
  #reachable = false;

  constructor(endpoint: string, timeoutMs: Milliseconds, changed: (open: boolean) => void, options: StepOptions = {}) {
    this.#credentials = options.credentials ?? NO_CREDENTIALS;
    this.#isReply = options.isReply ?? ((error) => isErrorReply(error));
    this.#waitMs = options.waitMs ?? Infinity;
    this.#endpoint = endpoint;
    this.#timeoutMs = timeoutMs;
    this.#deadlines = new StepDeadlines(timeoutMs);
    this.#changed = changed;
  }

  get acceptsSteps(): boolean {
    return this.#reachable && !this.#open;
  }

  /** Whether the breaker refuses steps because of their failures. */
  get isTripped(): boolean {
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
    this.#turns.refuseAll();
  }

  // Not `async`, and without `withDeadline`: every read of the remote tier passes here.
  run<T>(step: string, action: () => Promise<T>, weight = 1, waitMs: Milliseconds = this.#waitMs): Promise<T> {
    if (!this.acceptsSteps) return Promise.reject(this.#away(step));
    return new Promise((resolve, reject) => {
      if (this.#turns.enter(weight)) return this.#begin(step, action, weight, resolve, reject);
      this.#wait(step, weight, waitMs, () => this.#begin(step, action, weight, resolve, reject), reject);
    });
  }

  get hasBegun(): boolean {
    return this.#deadlines.hasBegun;
  }

  get isCrowded(): boolean {
    return this.#turns.isFull;
  }

  whenFree(step: string, waitMs: Milliseconds = this.#waitMs): Promise<void> {
    if (!this.acceptsSteps) return Promise.reject(this.#away(step));
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        resolve();
        this.#turns.leave(1);
      };
      if (this.#turns.enter(1)) return begin();
      this.#wait(step, 1, waitMs, begin, reject);
    });
  }

  #wait(step: string, weight: number, waitMs: Milliseconds, begin: () => void, reject: (error: unknown) => void): void {
    const refuse = (isLate: boolean): void => reject(isLate ? this.#crowded(step, waitMs) : this.#away(step));
    this.#turns.wait(RANKS.get(step) ?? 2, { weight, until: performance.now() + waitMs, begin, refuse });
  }

  #begin<T>(step: string, action: () => Promise<T>, weight: number, resolve: (result: T) => void, reject: (error: unknown) => void): void {
    let asked: Promise<T>;
    try {
      asked = action();
    } catch (error) {
      asked = Promise.reject(error);
    }
    let isOver = false;
    const failed = (error: unknown): void => {
      if (isOver) return;
      isOver = true;
      done();
      this.#failed(error);
      reject(this.#asRemoteError(error, step));
      this.#turns.leave(weight);
    };
    // After the client was asked: what it does at the end of this turn, which is to write, is then done first.
    const done = this.#deadlines.begin(() => failed(lateError(step, this.#timeoutMs, this.#endpoint)));
    const succeeded = (result: T): void => {
      if (isOver) return; // Its caller has been told otherwise; it may have been executed all the same.
      isOver = true;
      done();
      this.#failures = 0;
      resolve(result);
      this.#turns.leave(weight);
    };
    asked.then(succeeded, failed);
  }

  /**
   * What `action` answers, whether the breaker is open or not; for the heartbeat. Neither its failure nor its success is counted.
   *
   * @throws {RemoteCacheError} `CACHE_REMOTE_TIMEOUT` when it is late; else what `action` rejects with.
   */
  runUncounted<T>(step: string, action: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const done = this.#deadlines.begin(() => reject(lateError(step, this.#timeoutMs, this.#endpoint)));
      action().then(
        (result) => {
          done();
          resolve(result);
        },
        (error: unknown) => {
          done();
          reject(error);
        },
      );
    });
  }

  #away(step: string): RemoteCacheError {
    return new RemoteCacheError('CACHE_REMOTE_UNAVAILABLE', `Redis at ${this.#endpoint} is away: '${step}' was not sent.`);
  }

  #crowded(step: string, waitMs: Milliseconds): RemoteCacheError {
    return new RemoteCacheError(
      'CACHE_REMOTE_TIMEOUT',
      `'${step}' was not sent to Redis at ${this.#endpoint}: others were before it for ${Math.round(waitMs)} ms.`,
      { hint: 'The process asks for more at once than Redis answers in the `deadline`.' },
    );
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
    if (open) this.#turns.refuseAll();
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
