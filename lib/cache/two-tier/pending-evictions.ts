import { CacheEvictError, printable, RemoteCacheError } from '../../errors/index.js';
import type { CacheEvents } from '../../event/index.js';
import { type Clock, type Milliseconds, StepDeadlines } from '../../time/index.js';
import { type CallsUnderWay, stopped } from '../calls-under-way.js';
import { chunksOf, endOfChunk } from '../chunks.js';
import type { Eviction } from '../eviction.js';
import type { EvictionReceipt } from '../remote/eviction-log.js';

/** What a {@link PendingEvictions} is made of. */
export interface PendingEvictionsOptions {
  readonly cache: string;
  readonly clock: Clock;
  readonly events: CacheEvents;
  /** Executes and announces it. */
  readonly execute: (eviction: Eviction, acks: boolean) => Promise<EvictionReceipt>;
  /** Fences the local tier against it; called right after each acknowledgement, and when keys come into doubt. */
  readonly fence: (eviction: Eviction) => void;
  /** How long a caller waits for the acknowledgement. */
  readonly deadlineMs: Milliseconds;
  /** Tells whether a shutdown has begun: what fails then is not tried again in the background. */
  readonly calls: Pick<CallsUnderWay, 'isClosing'>;
}

/** How many doubtful keys are remembered by name; more, and all of the cache is in doubt. */
export const MAXIMUM_PENDING_KEYS = 10_000;
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 500;

/**
 * Evictions until they are acknowledged. An eviction that failed or was late is *in doubt*: it may or may not have been executed, so it is
 * repeated (it is idempotent) until Redis says so, and until then the cache serves the keys from neither tier.
 */
export class PendingEvictions {
  readonly #options: PendingEvictionsOptions;
  /** Key → the number of the eviction that put it in doubt: a later one of the same key must outlive the acknowledgement of an earlier. */
  readonly #doubtful = new Map<string, number>();
  #allDoubtful = 0;
  readonly #deadlines: StepDeadlines;
  #number = 0;
  #attempts = 0;
  #timer: NodeJS.Timeout | undefined;
  #retrying = false;
  #stopped = false;

  constructor(options: PendingEvictionsOptions) {
    this.#options = options;
    this.#deadlines = new StepDeadlines(options.deadlineMs, true);
  }

  /** How many keys wait for an acknowledgement; `Infinity` when the whole cache does. */
  get size(): number {
    return this.#allDoubtful === 0 ? this.#doubtful.size : Number.POSITIVE_INFINITY;
  }

  /** Whether `key` may be served from neither tier. */
  isDoubtful(key: string): boolean {
    return this.#allDoubtful !== 0 || (this.#doubtful.size !== 0 && this.#doubtful.has(key));
  }

  /**
   * Evicts, trying again for as long as a caller may be kept waiting.
   *
   * @param begunAt - since when the caller waits, on the clock. Default: now.
   * @throws {CacheEvictError} when it was not acknowledged by then. It stays pending and is retried in the background.
   * @throws {CacheStoppedError} the same during a shutdown, when it is tried once more at the most.
   */
  async submit(eviction: Eviction, acks: boolean, begunAt?: Milliseconds): Promise<EvictionReceipt> {
    if (eviction === 'all') return this.#submitOne(eviction, acks, eviction, begunAt);
    const { keys } = eviction;
    if (endOfChunk(keys, 0) === keys.length) return this.#submitOne(eviction, acks, eviction, begunAt);
    let removed = 0;
    const waits: Promise<void>[] = [];
    for (let from = 0; from < keys.length;) {
      const end = endOfChunk(keys, from);
      // The deadline begins anew with each chunk that was acknowledged. Where one is not, those after it come into doubt as well.
      const receipt = await this.#submitOne(
        { keys: keys.slice(from, end) },
        acks,
        { keys: keys.slice(from) },
        from === 0 ? begunAt : undefined,
      );
      removed += receipt.removed;
      if (receipt.acknowledged !== undefined) waits.push(receipt.acknowledged);
      from = end;
    }
    return { removed, acknowledged: waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined) };
  }

  /**
   * Waits until every instance has acknowledged, where that was asked for.
   *
   * @throws {CacheStoppedError} when the shutdown was over first.
   */
  async acknowledged({ acknowledged }: EvictionReceipt): Promise<void> {
    if (acknowledged === undefined) return;
    await acknowledged;
    if (this.#stopped) throw stopped(this.#options.cache, 'an eviction was executed, and not acknowledged by all instances');
  }

  /** @param rest - what comes into doubt when this fails. */
  async #submitOne(eviction: Eviction, acks: boolean, rest: Eviction, begunAt?: Milliseconds): Promise<EvictionReceipt> {
    const { clock, cache, deadlineMs } = this.#options;
    const since = begunAt ?? clock.now();
    const deadline = since + deadlineMs;
    let deadlines = begunAt === undefined ? this.#deadlines : this.#deadlinesSince(since);
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        const receipt = await within(deadlines, this.#options.execute(eviction, acks));
        this.fenceAgain(eviction);
        return receipt;
      } catch (error) {
        if (!this.#stopped && error instanceof RemoteCacheError && clock.now() + pause < deadline) {
          await new Promise((resolve) => setTimeout(resolve, pause));
          deadlines = this.#deadlinesSince(since);
          continue;
        }
        if (!this.#stopped) this.#doubt(rest, error);
        const what = inWords('evicting', rest);
        if (this.#stopped || this.#options.calls.isClosing) throw stopped(cache, `Redis has not acknowledged ${what}`, error);
        const waitedMs = begunAt === undefined ? deadlineMs : Math.round(clock.now() - since); // Of what follows a commit, its part.
        throw new CacheEvictError(cache, `Redis did not acknowledge ${what} in cache '${cache}' within ${waitedMs} ms.`, {
          hint: 'What the method did stands. The eviction is retried in the background; other instances may serve the old value until it succeeds.',
          cause: error,
        });
      }
    }
  }

  /**
   * What `step` answers, for a caller who has waited since `begunAt`.
   *
   * @throws {RemoteCacheError} `CACHE_REMOTE_TIMEOUT` when it has not answered by the caller's deadline.
   */
  untilDue<T>(begunAt: Milliseconds, step: Promise<T>): Promise<T> {
    return within(this.#deadlinesSince(begunAt), step);
  }

  #deadlinesSince(begunAt: Milliseconds): StepDeadlines {
    const { clock, deadlineMs } = this.#options;
    return new StepDeadlines(Math.max(1, begunAt + deadlineMs - clock.now()), true);
  }

  /** Tries what is pending again, now: the remote tier is known to be back. */
  retryNow(): void {
    if (this.size === 0 || this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    void this.#retry();
  }

  /** Gives up after one last attempt; what is still unacknowledged is told as an error event, for it would be lost in silence else. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearTimeout(this.#timer);
    if (this.size === 0) return;
    try {
      await this.#execute();
    } catch (cause) {
      const { cache, events } = this.#options;
      const keys = this.#allDoubtful === 0 ? [...this.#doubtful.keys()] : 'all';
      const error = new CacheEvictError(cache, `Cache '${cache}' was stopped while ${this.size} evictions were not acknowledged.`, {
        hint: `Old values may be served until their time to live ends: ${JSON.stringify(keys).slice(0, 500)}`,
        cause,
      });
      events.emit('error', { where: 'pending evictions', error });
    }
  }

  #doubt(eviction: Eviction, error: unknown): void {
    this.#number += 1;
    const keys = eviction === 'all' ? [] : eviction.keys;
    if (eviction === 'all' || this.#doubtful.size + keys.length > MAXIMUM_PENDING_KEYS) {
      this.#allDoubtful = this.#number;
      this.#doubtful.clear();
    } else if (this.#allDoubtful === 0) {
      for (const key of keys) this.#doubtful.set(key, this.#number);
    } else {
      this.#allDoubtful = this.#number;
    }
    this.fenceDoubtful(eviction);
    this.#options.events.emit('evictPending', { cache: this.#options.cache, keys, error });
    this.#schedule();
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#retrying || this.#stopped) return;
    const pause = Math.min(2 ** Math.min(this.#attempts, 16) * FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#retry();
    }, pause);
    this.#timer.unref();
  }

  async #retry(): Promise<void> {
    if (this.#retrying || this.size === 0) return;
    this.#retrying = true;
    this.#attempts += 1;
    try {
      await this.#execute();
      if (this.size === 0) {
        this.#options.events.emit('evictRecovered', { cache: this.#options.cache, attempts: this.#attempts });
        this.#attempts = 0;
      }
    } catch {
      // Told when it came into doubt; told again when it succeeds.
    } finally {
      this.#retrying = false;
      if (this.size !== 0) this.#schedule();
    }
  }

  async #execute(): Promise<void> {
    const upTo = this.#number;
    if (this.#allDoubtful !== 0) {
      await this.repeat('all');
      if (this.#allDoubtful <= upTo) this.#allDoubtful = 0;
      return;
    }
    for (const keys of chunksOf([...this.#doubtful.keys()])) {
      await this.repeat({ keys });
      for (const key of keys) if ((this.#doubtful.get(key) ?? Infinity) <= upTo) this.#doubtful.delete(key);
    }
  }

  /** It is acknowledged: while it was tried a read may have brought the old value back. */
  protected fenceAgain(eviction: Eviction): void {
    this.#options.fence(eviction);
  }

  /** It comes into doubt: while it was tried a read may have brought the old value back; from here on none can. */
  protected fenceDoubtful(eviction: Eviction): void {
    this.#options.fence(eviction);
  }

  /** Executes it once more. */
  protected async repeat(eviction: Eviction): Promise<void> {
    await this.#options.execute(eviction, false);
    this.fenceAgain(eviction);
  }
}

/** What is done by it: `evicting key 'Dune'`, `clearing`. */
export const inWords = (verb: 'evicting' | 'putting', eviction: Eviction): string => {
  if (eviction === 'all') return 'clearing';
  const { keys } = eviction;
  return `${verb} ${keys.length === 1 ? `key '${printable(keys[0] as string)}'` : `${keys.length} keys`}`;
};

/** What `attempt` answers; a last one that began just before the deadline must not have a whole step's time on top of it. */
function within<T>(deadlines: StepDeadlines, attempt: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = deadlines.begin(() =>
      reject(new RemoteCacheError('CACHE_REMOTE_TIMEOUT', 'The caller was not to be kept waiting longer.')),
    );
    attempt.then(
      (result) => {
        end();
        resolve(result);
      },
      (error: unknown) => {
        end();
        reject(error);
      },
    );
  });
}
