import { CacheConfigurationError, CacheLoadTimeoutError } from '../../errors/index.js';
import { alarm, type Milliseconds } from '../../time/index.js';
import { LimitedLoadContext } from '../load-context.js';
import type { HeldEntry, LocalEntry } from '../local/local-entry.js';
import type { LocalTier } from '../local/local-tier.js';
import type { ReadTicket } from '../local/read-tickets.js';
import type { Reading, RemoteEntry } from '../remote/entry-codec.js';
import type { Tagged } from '../tag/tagged.js';
import type { CacheParts } from './cache-parts.js';
import type { Freshness } from './freshness.js';
import type { AskingRequest, LoadRequest } from './load-call.js';
import type { Loads } from './loads.js';
import type { Refreshes } from './refreshes.js';
import type { RemoteReads } from './remote-reads.js';
import type { SharedLoad } from './shared-load.js';

/** What {@link StaleReads} need. */
export interface StaleReadsOptions extends CacheParts {
  readonly reads: RemoteReads;
  readonly loads: Loads;
  readonly refreshes: Refreshes;
}

/** Why a read has no new value. */
interface Failure {
  readonly error: unknown;
  /** Of this read, since it began. */
  readonly ticket: ReadTicket<SharedLoad>;
}

/**
 * The reads of one cache that may be answered with a value that is not fresh, or wait only so long.
 *
 * A value whose life has ended is served if its method fails. One that was evicted never is. The value is
 * that which the load of this read has found, and it is served only if no fence has cancelled this read's own
 * ticket by then, under a read lease. Otherwise it is read once more: what is stored after the failure was
 * not evicted before it.
 */
export class StaleReads {
  readonly #options: StaleReadsOptions;
  readonly #local: LocalTier<SharedLoad>;

  constructor(options: StaleReadsOptions) {
    this.#options = options;
    this.#local = options.local;
  }

  /** The value of a key that a hit did not find. */
  load<V>(request: AskingRequest<V>, now: Milliseconds): Promise<V> {
    const held = this.#local.held(request.key, now);
    if (held !== undefined && this.#answers(held, request, now)) return Promise.resolve(held.value as V);
    const ticket = this.#local.begin(request.key);
    return this.#limited(request, now).then(
      (value) => {
        this.#local.end(request.key, ticket);
        if (request.found?.isDue === true) this.#options.refreshes.begin(request);
        return value;
      },
      (error: unknown) => this.#answerFor({ error, ticket }, request).finally(() => this.#local.end(request.key, ticket)),
    );
  }

  /** Whether the local tier has the answer. If another value is due, it is loaded in the background. */
  #answers<V>(held: HeldEntry, request: AskingRequest<V>, now: Milliseconds): boolean {
    const { counters, refreshes } = this.#options;
    const { key, freshness } = request;
    const { writtenAt, freshUntil, dueAt, retryAt } = held.times;
    if (now < freshUntil) {
      counters.localHits += 1;
      const ownDueAt = freshness.dueAt(writtenAt, freshUntil);
      if (now >= ownDueAt) refreshes.begin(request);
      else if (now >= dueAt) this.#local.defer(key, { dueAt: ownDueAt });
      return true;
    }
    if (now >= retryAt || now >= freshness.staleUntil(staleTimeOf(held))) return false;
    counters.servedStale += 1;
    return true;
  }

  /** The load, for as long as this read may wait for it. */
  #limited<V>(request: AskingRequest<V>, begunAt: Milliseconds): Promise<V> {
    const { loadTimeoutMs } = request.freshness;
    if (loadTimeoutMs === Infinity) return this.#options.loads.load(request, begunAt);
    const { clock, counters, cache } = this.#options;
    const context = (request.context = new LimitedLoadContext());
    const loading = this.#options.loads.load(request, begunAt);
    return new Promise((resolve, reject) => {
      const quiet = alarm(clock, begunAt + loadTimeoutMs, () => {
        counters.loadTimeouts += 1;
        const error = new CacheLoadTimeoutError(
          `A load into cache '${cache}' took longer than its \`loadTimeout\` of ${loadTimeoutMs} ms.`,
          {
            hint: 'It runs on, and its value is stored when it comes. With `staleIfError`, an old value is served meanwhile.',
          },
        );
        if (request.found?.isShared !== true) context.abort(error);
        reject(error);
      });
      loading.finally(quiet).then(resolve, reject);
    });
  }

  /**
   * An old value in place of an error.
   *
   * @throws the error, if there is no value that may be served.
   */
  async #answerFor<V>(failure: Failure, request: AskingRequest<V>): Promise<V> {
    const { error, ticket } = failure;
    const { key, freshness, found } = request;
    if (!this.#accepts(freshness, error)) throw error;
    const now = this.#options.clock.now();
    const fresh = this.fresh(key);
    if (fresh !== undefined) return fresh.value as V; // It has come meanwhile.
    const held = this.#local.held(key, now);
    if (held !== undefined && now < freshness.staleUntil(staleTimeOf(held))) {
      if (held.times.retryAt <= now) {
        this.#tell(request, error, now - held.times.writtenAt);
        this.#local.defer(key, { retryAt: now + freshness.retryAfterMs });
      }
      this.#options.counters.servedStale += 1;
      return held.value as V;
    }
    const old = found?.old;
    if (old !== undefined && this.mayServe(key, ticket, old)) return this.#serve(old, failure, request);
    if (!this.mayReadAgain(key)) throw error;
    return this.#readAgain(failure, request);
  }

  #accepts({ stale }: Freshness, error: unknown): boolean {
    if (stale === undefined) return false;
    try {
      const answer: unknown = stale.when === undefined || stale.when(error);
      if (typeof answer === 'object' && answer !== null && 'then' in answer) {
        Promise.resolve(answer).catch(() => undefined);
        throw new CacheConfigurationError('CACHE_OPTION_INVALID', '`when` returned a promise, which is always truthy.');
      }
      return Boolean(answer);
    } catch (failure) {
      this.#options.events.emit('error', { where: `\`staleIfError.when\` of cache '${this.#options.cache}'`, error: failure });
      return false;
    }
  }

  /** Whether what was found by then may still be served. */
  protected mayServe(key: string, ticket: ReadTicket<SharedLoad>, { tagged }: RemoteEntry): boolean {
    if (!this.stands(ticket) || !this.hasLease() || this.#options.pending.isDoubtful(key)) return false;
    return tagged === undefined || !this.isOvertaken(tagged);
  }

  // Rules of their own: a spec shows what breaks without each.

  /** Whether nothing was evicted since a read began that has found a value. */
  protected stands(ticket: ReadTicket<SharedLoad>): boolean {
    return this.#local.isValid(ticket);
  }

  /** The same of a read that began after the failure. */
  protected standsAgain(ticket: ReadTicket<SharedLoad>): boolean {
    return this.#local.isValid(ticket);
  }

  /** Whether evictions by others would have been heard of, within the bound. */
  protected hasLease(): boolean {
    return this.#local.isServing(this.#options.clock.now());
  }

  /** Whether a tag was evicted since, or may have been. */
  protected isOvertaken({ isOvertaken, tags }: Tagged): boolean {
    return isOvertaken || this.#options.pending.hasDoubtful(tags);
  }

  /** A value that is better than an old one. */
  protected fresh(key: string): LocalEntry | undefined {
    return this.#local.get(key);
  }

  /** Whether L1 has nothing better, whether that may be served now or not. */
  protected mayKeep(key: string): boolean {
    return this.#local.leftMs(key) === undefined;
  }

  /** Whether L2 may be asked once more. */
  protected mayReadAgain(key: string): boolean {
    return this.#options.hasRemote && this.#options.reads.allows(key);
  }

  /** What is stored now was not evicted before now. */
  async #readAgain<V>(failure: Failure, request: AskingRequest<V>): Promise<V> {
    const { key } = request;
    const { reads } = this.#options;
    const ticket = this.#local.begin(key);
    try {
      const entry = reads.entryIn(await this.#readQuietly(request));
      if (entry === undefined || !this.standsAgain(ticket)) throw failure.error;
      if (reads.isFresh(entry)) {
        reads.keep(key, ticket, entry, request.freshness);
        return entry.value as V;
      }
      const fresh = this.fresh(key);
      if (fresh !== undefined) return fresh.value as V;
      return this.#serve(entry, { ...failure, ticket }, request);
    } finally {
      this.#local.end(key, ticket);
    }
  }

  async #readQuietly<V>({ key, batched }: AskingRequest<V>): Promise<Reading> {
    const { reads, counters } = this.#options;
    try {
      return await reads.get(key, undefined, batched !== undefined);
    } catch {
      counters.remoteFailures += 1; // The failure of the method is what the caller hears of.
      return undefined;
    }
  }

  #serve<V>(old: RemoteEntry, { error, ticket }: Failure, request: AskingRequest<V>): V {
    const { clock, counters, sharing } = this.#options;
    const { key, freshness } = request;
    const now = clock.now();
    const { value, endsAt = now, lifeMs = 0, tagged, bytes } = old;
    const staleUntil = freshness.staleUntil(old);
    if (now >= staleUntil) throw error;
    const writtenAt = endsAt - lifeMs;
    const retryAt = now + freshness.retryAfterMs;
    const times = { writtenAt, dueAt: endsAt, retryAt, keptUntil: Math.min(retryAt, staleUntil) };
    sharing.handOutDecoded(value);
    if (this.mayKeep(key)) this.#local.keep(key, ticket, { value, endsAt, tagged, times, bytes });
    this.#tell(request, error, now - writtenAt);
    counters.servedStale += 1;
    return (sharing.copiesOf(value)?.make() ?? value) as V;
  }

  /** Tells of a value that is served, once for a load. */
  #tell<V>({ key, found }: LoadRequest<V>, error: unknown, ageMs: Milliseconds): void {
    if (found?.isTold === true) return;
    if (found !== undefined) found.isTold = true;
    this.#options.events.emit('servedStale', { cache: this.#options.cache, key, ageMs: Math.round(ageMs), error });
  }
}

/** How long an entry of the local tier was kept after its life. */
const staleTimeOf = ({ times: { freshUntil, keptUntil } }: HeldEntry): Pick<RemoteEntry, 'endsAt' | 'staleMs'> => ({
  endsAt: freshUntil,
  staleMs: keptUntil - freshUntil,
});
