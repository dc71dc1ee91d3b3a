import { CacheValueError, type Credentials, isError, NO_CREDENTIALS, RemoteCacheError } from '../errors/index.js';
import { type Milliseconds, StepDeadlines, systemTimers, type Timers } from '../time/index.js';
import { isErrorReply } from './keyv-redis.js';
import type { Rank } from './step-queue.js';
import { StepTurns } from './step-turns.js';

/** So many steps must fail in a row before the breaker opens. */
export const BREAKER_THRESHOLD = 3;

/** How far a call has come when it sends this step. All other steps are writes, which go before reads. */
const RANKS: ReadonlyMap<string, Rank> = new Map([
  ['get', 0],
  ['acquire', 1],
]);

/** What a {@link CircuitBreaker} knows about its steps. */
export interface StepOptions {
  /** The longest a step waits for its turn, unless the step has a limit of its own. Default: for ever. */
  readonly waitMs?: Milliseconds | undefined;
  /** What no error of a step may contain. Default: nothing. */
  readonly credentials?: Credentials | undefined;
  /** Whether an error is a reply of the server. Default: decided by its form, see {@link isErrorReply}. */
  readonly isReply?: ((error: unknown) => boolean) | undefined;
  /** Why there is no connection, without a credential; asked while there is none. Default: unknown. */
  readonly whyAway?: (() => unknown) | undefined;
  /** Default: Node's. */
  readonly timers?: Timers | undefined;
}

/** Who waits for the outcome of a step: the two ends of its promise. */
interface Caller<T> {
  readonly resolve: (result: T) => void;
  readonly reject: (error: unknown) => void;
}

/** How a step that has no turn yet is begun, or given up. */
interface Candidate {
  readonly weight: number;
  readonly begin: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gives every remote step a deadline, and refuses steps that cannot succeed:
 * - A step is *sent* only while the server is reachable: a connection is verified, and not gone since.
 * - The breaker *opens* after three failures in a row. A late step has failed: a paused or half-open server
 *   answers nothing and throws nothing. An error reply is no failure: the server answers. While the breaker
 *   is open, no step is sent.
 * - Heartbeats are sent in any case. One that succeeds closes the breaker again.
 * - Only so many steps are under way at a time ({@link StepTurns}). Others wait for their turn.
 */
export class CircuitBreaker {
  readonly #timeoutMs: Milliseconds;
  readonly #deadlines: StepDeadlines;
  readonly #turns: StepTurns;
  readonly #timers: Timers;
  readonly #waitMs: Milliseconds;
  readonly #endpoint: string;
  readonly #onChange: (open: boolean) => void;
  readonly #credentials: Credentials;
  readonly #isReply: (error: unknown) => boolean;
  readonly #whyAway: () => unknown;
  /** What the last step failed with that counted. */
  #lastFailure: unknown;
  /** Steps that failed in a row. */
  #failures = 0;
  #isOpen = false;
  #isReachable = false;

  /**
   * @param endpoint - names the server in messages.
   * @param timeoutMs - the deadline of one step, from when it was sent.
   * @param onChange - told when the breaker opens (`true`) and when it closes (`false`).
   */
  constructor(endpoint: string, timeoutMs: Milliseconds, onChange: (open: boolean) => void, options: StepOptions = {}) {
    this.#credentials = options.credentials ?? NO_CREDENTIALS;
    this.#isReply = options.isReply ?? ((error) => isErrorReply(error));
    this.#whyAway = options.whyAway ?? (() => undefined);
    this.#waitMs = options.waitMs ?? Infinity;
    this.#endpoint = endpoint;
    this.#timeoutMs = timeoutMs;
    this.#timers = options.timers ?? systemTimers;
    this.#deadlines = new StepDeadlines(timeoutMs, false, this.#timers);
    this.#turns = new StepTurns(this.#timers);
    this.#onChange = onChange;
  }

  /** Whether steps are sent now. */
  get acceptsSteps(): boolean {
    return this.#isReachable && !this.#isOpen;
  }

  /** Whether the breaker is open: too many steps have failed. */
  get isTripped(): boolean {
    return this.#isOpen;
  }

  /** Whether steps have begun in this turn of the event loop, and are not written to the socket yet. */
  get hasBegun(): boolean {
    return this.#deadlines.hasBegun;
  }

  /** Whether a step would have to wait for its turn. */
  get isCrowded(): boolean {
    return this.#turns.isFull;
  }

  /** A heartbeat has succeeded on the present connection: the server is reachable, and the breaker closes. */
  succeeded(): void {
    this.#isReachable = true;
    this.#failures = 0;
    if (this.#isOpen) this.#change(false);
  }

  /**
   * The connection is gone. Steps that wait are refused, and no step is sent before the next
   * {@link succeeded}.
   */
  disconnected(): void {
    this.#isReachable = false;
    this.#turns.refuseAll();
  }

  /**
   * Sends one step, once it has its turn.
   *
   * @param step - names it in messages. It also decides which waiting step goes first.
   * @param action - sends it.
   * @param weight - how much it asks for: see {@link MAXIMUM_WEIGHT}.
   * @param waitMs - how long it may wait for its turn. Default: as the options say.
   * @throws {RemoteCacheError} `CACHE_REMOTE_UNAVAILABLE` while no step is sent; `CACHE_REMOTE_TIMEOUT` when
   * its turn or its answer does not come in time (in the second case it may still be executed);
   * `CACHE_REMOTE_FAILED` for any other failure.
   * @throws {CacheValueError} which `action` rejects with, as it is.
   */
  // Not `async`, and without `withDeadline`: every read of the remote tier passes here.
  run<T>(step: string, action: () => Promise<T>, weight = 1, waitMs: Milliseconds = this.#waitMs): Promise<T> {
    if (!this.acceptsSteps) return Promise.reject(this.#away(step));
    return new Promise((resolve, reject) => {
      const caller = { resolve, reject };
      if (this.#turns.enter(weight)) this.#begin(step, action, weight, caller);
      else this.#wait(step, waitMs, { weight, begin: () => this.#begin(step, action, weight, caller), reject });
    });
  }

  /**
   * Resolves when a step of this name would have its turn. Rejects as {@link run} does when there is none.
   */
  whenFree(step: string, waitMs: Milliseconds = this.#waitMs): Promise<void> {
    if (!this.acceptsSteps) return Promise.reject(this.#away(step));
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        resolve();
        this.#turns.leave(1);
      };
      if (this.#turns.enter(1)) begin();
      else this.#wait(step, waitMs, { weight: 1, begin, reject });
    });
  }

  #wait(step: string, waitMs: Milliseconds, { weight, begin, reject }: Candidate): void {
    const refuse = (isLate: boolean): void => reject(isLate ? this.#crowded(step, waitMs) : this.#away(step));
    this.#turns.wait(RANKS.get(step) ?? 2, { weight, until: this.#timers.now() + waitMs, begin, refuse });
  }

  /** Sends a step that has its turn. The turn ends with the step. */
  #begin<T>(step: string, action: () => Promise<T>, weight: number, { resolve, reject }: Caller<T>): void {
    let answer: Promise<T>;
    try {
      answer = action();
    } catch (error) {
      answer = Promise.reject(error);
    }
    let isOver = false;
    const failed = (error: unknown): void => {
      if (isOver) return;
      isOver = true;
      done();
      const remoteError = this.#asRemoteError(error, step);
      this.#count(error, remoteError);
      reject(remoteError);
      this.#turns.leave(weight);
    };
    // The deadline begins after the action: then the client, which writes at the end of this turn, writes
    // first.
    const done = this.#deadlines.begin(() => failed(lateError(step, this.#timeoutMs, this.#endpoint)));
    const succeeded = (result: T): void => {
      if (isOver) return; // The caller was told that it is late. It was executed all the same.
      isOver = true;
      done();
      this.#failures = 0;
      resolve(result);
      this.#turns.leave(weight);
    };
    answer.then(succeeded, failed);
  }

  /**
   * Resolves with what `action` answers. For the heartbeat: it is sent in any case, and neither its success
   * nor its failure is counted.
   *
   * @throws {RemoteCacheError} `CACHE_REMOTE_TIMEOUT` when the answer is late; else what `action` rejects
   * with.
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
    const cause = this.#isReachable ? this.#lastFailure : this.#whyAway();
    return new RemoteCacheError('CACHE_REMOTE_UNAVAILABLE', `Redis at ${this.#endpoint} is away: '${step}' was not sent.`, { cause });
  }

  #crowded(step: string, waitMs: Milliseconds): RemoteCacheError {
    return new RemoteCacheError(
      'CACHE_REMOTE_TIMEOUT',
      `'${step}' was not sent to Redis at ${this.#endpoint}: others were before it for ${Math.round(waitMs)} ms.`,
      { hint: 'The process asks for more at once than Redis answers in the `deadline`.' },
    );
  }

  #count(error: unknown, remoteError: unknown): void {
    if (error instanceof CacheValueError || this.#isReply(error)) {
      this.#failures = 0; // The server has answered, if only with an error.
      return;
    }
    this.#failures += 1;
    this.#lastFailure = remoteError;
    if (this.#failures >= BREAKER_THRESHOLD && !this.#isOpen) this.#change(true);
  }

  #change(isOpen: boolean): void {
    this.#isOpen = isOpen;
    this.#onChange(isOpen);
    if (isOpen) this.#turns.refuseAll();
  }

  #asRemoteError(error: unknown, step: string): unknown {
    if (error instanceof RemoteCacheError || error instanceof CacheValueError) return error;
    const cause = this.#credentials.clean(error);
    const reason = isError(cause) ? cause.message : String(cause);
    return new RemoteCacheError('CACHE_REMOTE_FAILED', `Redis at ${this.#endpoint} failed at '${step}': ${reason}`, { cause });
  }
}

/** The error of a step that was sent and not answered in time. */
export const lateError = (step: string, timeoutMs: Milliseconds, endpoint: string): RemoteCacheError =>
  new RemoteCacheError('CACHE_REMOTE_TIMEOUT', `Redis at ${endpoint} did not answer '${step}' within ${timeoutMs} ms.`);
