import { CacheLoadTimeoutError } from '../../errors/index.js';
import { alarm, type Milliseconds } from '../../time/index.js';
import { LimitedLoadContext } from '../load-context.js';
import type { LocalTier } from '../local/local-tier.js';
import type { ReadTicket } from '../local/read-tickets.js';
import type { LeaseRequest } from '../remote/eviction-log.js';
import type { FillLeaseReply } from '../remote/remote-cache.js';
import type { CacheParts } from './cache-parts.js';
import type { AskingRequest, LoadRequest } from './load-call.js';
import type { Loads } from './loads.js';
import type { RemoteReads } from './remote-reads.js';
import type { SharedLoad } from './shared-load.js';

/** What {@link Refreshes} need. */
export interface RefreshesOptions extends CacheParts {
  readonly reads: RemoteReads;
  readonly loads: Loads;
}

/** A refresh that is under way, or came to nothing: until then no other one of its key begins. */
interface Attempt {
  readonly until: Milliseconds;
}

/** The most keys whose attempts are remembered. */
const MAXIMUM_ATTEMPTS = 10_000;

/**
 * The refreshes of one cache: loads that run in the background while the old value is served.
 *
 * A refresh takes the fill lease first, so there is one for all instances, and nothing is stored that an
 * eviction has overtaken. Without a lease it runs no loader: another instance does, or nobody may. One that
 * came to nothing is not repeated for `retryAfter`. One that takes longer than `loadTimeout` (or `fillLease`)
 * counts as failed; if its value comes in the end, it is stored nevertheless where that is allowed.
 */
export class Refreshes {
  readonly #options: RefreshesOptions;
  readonly #local: LocalTier<SharedLoad>;
  readonly #attempts = new Map<string, Attempt>();
  /** What takes the alarms of those under way back. */
  readonly #alarms = new Set<() => void>();
  #isStopped = false;

  constructor(options: RefreshesOptions) {
    this.#options = options;
    this.#local = options.local;
  }

  /** Loads the value anew, unless that is under way, or has failed just now. */
  begin<V>(request: AskingRequest<V>): void {
    const { key, freshness } = request;
    const { clock, fillLeaseMs } = this.#options;
    request.batched?.leaves(); // Nobody waits for it.
    if (this.#isStopped) return;
    const now = clock.now();
    const attempt = this.#attempts.get(key);
    if (attempt !== undefined && now < attempt.until) return this.#local.defer(key, { dueAt: attempt.until });
    void this.#run(request, this.#note(key, now + Math.min(freshness.loadTimeoutMs, fillLeaseMs)));
  }

  /**
   * Loads the value for its caller alone, whatever is stored: see `withoutCache`.
   *
   * @param isStoring - whether it takes the place of what is stored.
   */
  async reload<V>(request: LoadRequest<V>, isStoring: boolean): Promise<V> {
    const { loads, counters, hasRemote } = this.#options;
    const { key, options, batched } = request;
    const ticket = this.#local.begin(key);
    try {
      const lease = isStoring && hasRemote ? await this.lease({ key, youngerThanMs: 0, isOneOfMany: batched !== undefined }) : undefined;
      counters.misses += 1;
      const asked = isStoring ? request : { ...request, options: { ...options, unless: () => true } };
      return (await loads.reload(asked, ticket, lease?.kind === 'granted' ? lease : undefined)).value;
    } finally {
      this.#local.end(key, ticket);
    }
  }

  /** Begins nothing from now on. */
  stop(): void {
    this.#isStopped = true;
    for (const quiet of this.#alarms) quiet();
  }

  /** Hits are served as always until then. */
  #note(key: string, until: Milliseconds): Attempt {
    const attempt = { until };
    this.#attempts.delete(key);
    this.#attempts.set(key, attempt);
    if (this.#attempts.size > MAXIMUM_ATTEMPTS) this.#attempts.delete(this.#attempts.keys().next().value as string);
    this.#local.defer(key, { dueAt: until });
    return attempt;
  }

  async #run<V>(request: AskingRequest<V>, attempt: Attempt): Promise<void> {
    const { clock, counters, events, cache } = this.#options;
    const { key, freshness } = request;
    const context = new LimitedLoadContext();
    const ticket = this.#local.begin(key);
    let isOver = false;
    const vain = (): void => {
      isOver = true;
      if (this.#attempts.get(key) === attempt) this.#note(key, clock.now() + freshness.retryAfterMs);
    };
    const failed = (error: unknown): void => {
      counters.refreshFailures += 1;
      events.emit('refreshFailed', { cache, key, error });
      vain();
    };
    const quiet = alarm(clock, attempt.until, () => {
      const error = new CacheLoadTimeoutError(`A refresh in cache '${cache}' took too long.`, {
        hint: 'It runs on. Limits are `loadTimeout` and `fillLease`.',
      });
      context.abort(error);
      failed(error);
    });
    this.#alarms.add(quiet);
    try {
      const isDone = await this.#refresh({ ...request, context }, ticket);
      if (isDone && this.#attempts.get(key) === attempt) this.#attempts.delete(key);
      else if (!isDone && !isOver) vain();
    } catch (error) {
      if (!isOver) failed(error);
    } finally {
      quiet();
      this.#alarms.delete(quiet);
      this.#local.end(key, ticket);
    }
  }

  /** Whether there is a newer value now. */
  async #refresh<V>(request: AskingRequest<V>, ticket: ReadTicket<SharedLoad>): Promise<boolean> {
    const { loads, reads, counters, hasRemote } = this.#options;
    const { key, freshness, batched } = request;
    const youngerThanMs = freshness.refreshAfterMs;
    const lease = hasRemote ? await this.lease({ key, youngerThanMs, isOneOfMany: batched !== undefined }) : undefined;
    if (lease === undefined || lease.kind === 'granted') {
      counters.refreshes += 1;
      return (await loads.reload(request, ticket, lease)).isStored;
    }
    const entry = lease.kind === 'present' ? reads.entryIn(lease.entry) : undefined;
    if (entry === undefined) return false;
    reads.keep(key, ticket, entry, freshness);
    return true;
  }

  /** The right to refresh. A rule of its own: a spec shows what breaks without it. */
  protected async lease(request: LeaseRequest): Promise<FillLeaseReply | { readonly kind: 'none' }> {
    const { remote, reads, counters } = this.#options;
    if (!reads.allows(request.key)) return { kind: 'none' };
    try {
      return await remote.acquire(request);
    } catch {
      counters.remoteFailures += 1;
      return { kind: 'none' };
    }
  }
}
