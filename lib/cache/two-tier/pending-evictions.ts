import { CacheEvictError, printable, RemoteCacheError } from '../../errors/index.js';
import type { CacheEvents } from '../../event/index.js';
import { type Clock, type Milliseconds, pause, StepDeadlines, type Timer, type Timers, timersOf } from '../../time/index.js';
import { type CallsUnderWay, stopped } from '../calls-under-way.js';
import { chunksOf, partsOf } from '../chunks.js';
import { type Eviction, hasTags } from '../eviction.js';
import type { EvictionReceipt, IntentChange } from '../remote/eviction-log.js';
import { ANY_TAG } from '../tag/tag-clock.js';

/** What a {@link PendingEvictions} needs. */
export interface PendingEvictionsOptions {
  readonly cache: string;
  readonly clock: Clock;
  readonly events: CacheEvents;
  /** Executes an eviction and announces it. */
  readonly execute: (eviction: Eviction, acks: boolean, intent?: IntentChange) => Promise<EvictionReceipt>;
  /**
   * Fences the local tier. Called right after each acknowledgement, and when an eviction comes into doubt.
   */
  readonly fence: (eviction: Eviction) => void;
  /** How long a caller waits for the acknowledgement. */
  readonly deadlineMs: Milliseconds;
  /**
   * Tells whether a shutdown has begun. An eviction that fails after that is not retried in the background.
   */
  readonly calls: Pick<CallsUnderWay, 'isClosing'>;
}

/** What an eviction does beside evicting. */
interface Step {
  readonly acks: boolean;
  readonly intent: IntentChange | undefined;
}

/**
 * The largest number of keys and tags in doubt that are remembered one by one. If there are more, the whole
 * cache is in doubt.
 */
export const MAXIMUM_PENDING_KEYS = 10_000;
/** The most keys that a message lists. */
const MAXIMUM_LISTED = 10;
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 500;

/**
 * The evictions of one cache, until Redis acknowledges them.
 *
 * An eviction that failed or was late is *in doubt*: Redis may or may not have executed it. It is repeated
 * until Redis acknowledges it; repeating is safe, because an eviction is idempotent. Until then, the cache
 * serves its keys from neither tier.
 */
export class PendingEvictions {
  readonly #options: PendingEvictionsOptions;
  /**
   * Key → the number of the last eviction that put it in doubt. When an earlier eviction of the key is
   * acknowledged, the key stays in doubt because of the later one.
   */
  readonly #doubtful = new Map<string, number>();
  /** The same for tags. */
  readonly #doubtfulTags = new Map<string, number>();
  #allDoubtful = 0;
  readonly #deadlines: StepDeadlines;
  #number = 0;
  #attempts = 0;
  #timer: Timer | undefined;
  readonly #timers: Timers;
  #retrying = false;
  #stopped = false;

  constructor(options: PendingEvictionsOptions) {
    this.#options = options;
    this.#timers = timersOf(options.clock);
    this.#deadlines = new StepDeadlines(options.deadlineMs, true, this.#timers);
  }

  /** The number of keys and tags that wait for an acknowledgement; `Infinity` if the whole cache does. */
  get size(): number {
    return this.#allDoubtful === 0 ? this.#doubtful.size + this.#doubtfulTags.size : Number.POSITIVE_INFINITY;
  }

  /** Whether `key` is in doubt, so that neither tier may serve it. */
  isDoubtful(key: string): boolean {
    return this.#allDoubtful !== 0 || (this.#doubtful.size !== 0 && this.#doubtful.has(key));
  }

  /** Whether one of these tags is in doubt, so that what carries it may be served by neither tier. */
  hasDoubtful(tags: readonly string[]): boolean {
    if (this.#allDoubtful !== 0) return tags.length > 0;
    if (this.#doubtfulTags.size === 0) return false;
    return tags === ANY_TAG || tags.some((tag) => this.#doubtfulTags.has(tag));
  }

  /**
   * Executes an eviction. Retries it for as long as the caller may be kept waiting.
   *
   * @param begunAt - the time on the clock at which the caller began to wait. Default: now.
   * @param intent - what it does to the write intent of its keys. If it stays pending, the repetitions leave
   *   the intent alone: it ends by its time limit. Default: nothing.
   * @throws {CacheEvictError} when Redis did not acknowledge it in that time. It stays pending and is retried
   *   in the background.
   * @throws {CacheStoppedError} in the same case during a shutdown, when it is tried at most once more.
   */
  async submit(eviction: Eviction, acks: boolean, begunAt?: Milliseconds, intent?: IntentChange): Promise<EvictionReceipt> {
    const parts = partsOf(eviction);
    if (parts.length === 1) return this.#submitOne(eviction, { acks, intent }, () => eviction, begunAt);
    let removed = 0;
    const waits: Promise<void>[] = [];
    for (const [i, part] of parts.entries()) {
      // The deadline starts again after each acknowledged part. If a part is not acknowledged, it and all
      // parts after it come into doubt.
      const receipt = await this.#submitOne(part, { acks, intent }, () => together(parts.slice(i)), i === 0 ? begunAt : undefined);
      removed += receipt.removed;
      if (receipt.acknowledged !== undefined) waits.push(receipt.acknowledged);
    }
    return { removed, acknowledged: waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined) };
  }

  /**
   * Waits until every instance has acknowledged, if that was asked for.
   *
   * @throws {CacheStoppedError} when the cache stopped before that.
   */
  async acknowledged({ acknowledged }: EvictionReceipt): Promise<void> {
    if (acknowledged === undefined) return;
    await acknowledged;
    if (this.#stopped) throw stopped(this.#options.cache, 'an eviction was executed, and not acknowledged by all instances');
  }

  /** @param restOf - makes the part of the eviction that comes into doubt if this step fails. */
  async #submitOne(eviction: Eviction, how: Step, restOf: () => Eviction, begunAt?: Milliseconds): Promise<EvictionReceipt> {
    const { clock, cache, deadlineMs } = this.#options;
    const since = begunAt ?? clock.now();
    const deadline = since + deadlineMs;
    let deadlines = begunAt === undefined ? this.#deadlines : this.#deadlinesSince(since);
    let why: unknown; // Of the attempts before: the end of the deadline itself says nothing.
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        const receipt = await within(deadlines, this.#options.execute(eviction, how.acks, how.intent), why);
        this.fenceAgain(eviction);
        return receipt;
      } catch (error) {
        if (!this.#stopped && error instanceof RemoteCacheError && clock.now() + pauseMs < deadline) {
          why = error;
          await pause(this.#timers, pauseMs);
          deadlines = this.#deadlinesSince(since);
          continue;
        }
        const rest = restOf();
        if (!this.#stopped) this.#doubt(rest, error);
        const what = inWords('evicting', rest);
        if (this.#stopped || this.#options.calls.isClosing) throw stopped(cache, `Redis has not acknowledged ${what}`, error);
        // It may be less than the deadline: an attempt that cannot be waited for is not begun. A timer may be
        // late.
        const waitedMs = Math.min(deadlineMs, Math.round(clock.now() - since));
        throw new CacheEvictError(
          cache,
          `Redis did not acknowledge ${what} in cache '${cache}'${waitedMs > 0 ? ` within ${waitedMs} ms` : ''}.`,
          {
            hint: 'What the method did stands. The eviction is retried in the background; other instances may serve the old value until it succeeds.',
            cause: error,
          },
        );
      }
    }
  }

  /**
   * The answer of `step`, for a caller who has been waiting since `begunAt`.
   *
   * @throws {RemoteCacheError} `CACHE_REMOTE_TIMEOUT` when there is no answer by the caller's deadline.
   */
  untilDue<T>(begunAt: Milliseconds, step: Promise<T>): Promise<T> {
    return within(this.#deadlinesSince(begunAt), step);
  }

  #deadlinesSince(begunAt: Milliseconds): StepDeadlines {
    const { clock, deadlineMs } = this.#options;
    return new StepDeadlines(Math.max(1, begunAt + deadlineMs - clock.now()), true, this.#timers);
  }

  /** Retries pending evictions at once, because the remote tier is known to be back. */
  retryNow(): void {
    if (this.size === 0 || this.#stopped) return;
    this.#timers.clear(this.#timer);
    this.#timer = undefined;
    void this.#retry();
  }

  /**
   * Stops, after one last attempt. Evictions that are still not acknowledged are reported as an `error`
   * event, because otherwise they would be lost silently.
   */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#timers.clear(this.#timer);
    if (this.size === 0) return;
    try {
      await this.#execute();
    } catch (cause) {
      const { cache, events } = this.#options;
      const isAll = this.#allDoubtful !== 0;
      const keys = isAll ? 'all keys' : listed([...this.#doubtful.keys(), ...this.#doubtfulTags.keys()]);
      const what = isAll ? 'clearing it was' : this.size === 1 ? '1 eviction was' : `${this.size} evictions were`;
      const error = new CacheEvictError(cache, `Cache '${cache}' was stopped while ${what} not acknowledged.`, {
        hint: `Old values may be served until their time to live ends: ${keys}.`,
        cause,
      });
      events.emit('error', { where: LEFT_PENDING, error, cache });
    }
  }

  #doubt(eviction: Eviction, error: unknown): void {
    this.#number += 1;
    const keys = eviction === 'all' || hasTags(eviction) ? [] : eviction.keys;
    const tags = eviction !== 'all' && hasTags(eviction) ? eviction.tags : [];
    if (eviction === 'all' || this.size + keys.length + tags.length > MAXIMUM_PENDING_KEYS) {
      this.#allDoubtful = this.#number;
      this.#doubtful.clear();
      this.#doubtfulTags.clear();
    } else {
      for (const key of keys) this.#doubtful.set(key, this.#number);
      for (const tag of tags) this.#doubtfulTags.set(tag, this.#number);
    }
    this.fenceDoubtful(this.#allDoubtful === 0 ? eviction : 'all');
    this.#options.events.emit('evictPending', { cache: this.#options.cache, keys, ...(tags.length > 0 ? { tags } : {}), error });
    this.#schedule();
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#retrying || this.#stopped) return;
    const pauseMs = Math.min(2 ** Math.min(this.#attempts, 16) * FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
    this.#timer = this.#timers.after(pauseMs, () => {
      this.#timer = undefined;
      void this.#retry();
    });
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
      // The failure was reported when the eviction came into doubt. Its success will be reported as well.
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
      forget(this.#doubtful, keys, upTo);
    }
    for (const tags of chunksOf([...this.#doubtfulTags.keys()])) {
      await this.repeat({ tags });
      forget(this.#doubtfulTags, tags, upTo);
    }
  }

  /**
   * Fences L1 again after the acknowledgement, because a read during the attempts may have brought the old
   * value back.
   */
  protected fenceAgain(eviction: Eviction): void {
    this.#options.fence(eviction);
  }

  /**
   * Fences L1 when an eviction comes into doubt, because a read during the attempts may have brought the old
   * value back. From now on no read can do that.
   */
  protected fenceDoubtful(eviction: Eviction): void {
    this.#options.fence(eviction);
  }

  /** Executes an eviction once more. */
  protected async repeat(eviction: Eviction): Promise<void> {
    await this.#options.execute(eviction, false);
    this.fenceAgain(eviction);
  }
}

/** Where the `error` of evictions comes from that nobody repeats any more. */
export const LEFT_PENDING = 'pending evictions';

/** The action in words: `evicting key 'Dune'`, `clearing`. */
export const inWords = (verb: 'evicting' | 'putting', eviction: Eviction): string => {
  if (eviction === 'all') return 'clearing';
  if (hasTags(eviction)) {
    const { tags } = eviction;
    return `${verb} ${tags.length === 1 ? `tag '${printable(tags[0] as string)}'` : `${tags.length} tags`}`;
  }
  const { keys } = eviction;
  return `${verb} ${keys.length === 1 ? `key '${printable(keys[0] as string)}'` : `${keys.length} keys`}`;
};

/** One eviction of several parts of one kind. */
function together(parts: readonly Eviction[]): Eviction {
  const tags = parts.flatMap((part) => (part !== 'all' && hasTags(part) ? part.tags : []));
  return tags.length > 0 ? { tags } : { keys: parts.flatMap((part) => (part === 'all' || hasTags(part) ? [] : part.keys)) };
}

/** Of what was repeated, forgets what no later eviction has put in doubt again. */
function forget(doubtful: Map<string, number>, repeated: readonly string[], upTo: number): void {
  for (const each of repeated) if ((doubtful.get(each) ?? Infinity) <= upTo) doubtful.delete(each);
}

/** The keys, as many as fit on a line. */
function listed(keys: readonly string[]): string {
  const few = keys.slice(0, MAXIMUM_LISTED).map((key) => `'${printable(key)}'`);
  return keys.length > few.length ? `${few.join(', ')} and ${keys.length - few.length} more keys` : few.join(', ');
}

/**
 * The answer of `attempt`, if it comes by the deadline. Without this limit, an attempt that began just before
 * the deadline would have the time of a whole step on top.
 *
 * @param cause - what the attempts before failed with. Default: there was none.
 */
function within<T>(deadlines: StepDeadlines, attempt: Promise<T>, cause?: unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = (): RemoteCacheError => new RemoteCacheError('CACHE_REMOTE_TIMEOUT', 'The deadline of the call was reached.', { cause });
    const end = deadlines.begin(() => reject(late()));
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
