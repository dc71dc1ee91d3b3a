import type { Milliseconds } from '../../time/index.js';
import type { LocalTier } from '../local/local-tier.js';
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

/** The most keys whose next refresh has to wait that are remembered. */
const MAXIMUM_WAITING = 1_000;

/**
 * The refreshes of one cache: loads that run in the background while the old value is served.
 *
 * A refresh takes the fill lease first, so there is one for all instances, and nothing is stored that an
 * eviction has overtaken. Without a lease it runs no loader: another instance does, or nobody may. One that
 * came to nothing is not repeated for `retryAfter`.
 */
export class Refreshes {
  readonly #options: RefreshesOptions;
  readonly #local: LocalTier<SharedLoad>;
  /** The keys that are being refreshed. */
  readonly #running = new Set<string>();
  /** When the keys whose refresh came to nothing may be refreshed again. */
  readonly #waiting = new Map<string, Milliseconds>();
  #isStopped = false;

  constructor(options: RefreshesOptions) {
    this.#options = options;
    this.#local = options.local;
  }

  /** Loads the value anew, unless that is under way, or has failed just now. */
  begin<V>(request: AskingRequest<V>): void {
    const { key } = request;
    if (this.#isStopped || this.#running.has(key)) return;
    const waitsUntil = this.#waiting.get(key);
    if (waitsUntil !== undefined && this.#options.clock.now() < waitsUntil) return this.#local.defer(key, waitsUntil);
    this.#waiting.delete(key);
    this.#running.add(key);
    this.#local.defer(key, Infinity); // Meanwhile hits are served as always.
    void this.#run(request);
  }

  /**
   * Loads the value for its caller alone, whatever is stored: see `withoutCache`.
   *
   * @param isStoring - whether it takes the place of what is stored.
   */
  async reload<V>(request: LoadRequest<V>, isStoring: boolean): Promise<V> {
    const { loads, counters, hasRemote } = this.#options;
    const { key, options } = request;
    const ticket = this.#local.begin(key);
    try {
      const lease = isStoring && hasRemote ? await this.lease(key, 0) : undefined;
      counters.misses += 1;
      const asked = isStoring ? request : { ...request, options: { ...options, unless: () => true } };
      return (await loads.reload(asked, ticket, lease?.kind === 'granted' ? lease : undefined, false)).value;
    } finally {
      this.#local.end(key, ticket);
    }
  }

  /** Begins nothing from now on. */
  stop(): void {
    this.#isStopped = true;
  }

  async #run<V>(request: AskingRequest<V>): Promise<void> {
    const { key } = request;
    const ticket = this.#local.begin(key);
    let isDone = false;
    try {
      isDone = await this.#refresh(request, ticket);
    } catch (error) {
      this.#options.counters.refreshFailures += 1;
      this.#options.events.emit('refreshFailed', { cache: this.#options.cache, key, error });
    } finally {
      this.#local.end(key, ticket);
      this.#running.delete(key);
      if (!isDone) this.#postpone(request);
    }
  }

  /** Whether there is a newer value now. */
  async #refresh<V>(request: AskingRequest<V>, ticket: ReturnType<LocalTier<SharedLoad>['begin']>): Promise<boolean> {
    const { loads, reads, clock, counters, hasRemote } = this.#options;
    const { key, freshness } = request;
    const lease = hasRemote ? await this.lease(key, freshness.refreshAfterMs) : undefined;
    if (lease === undefined || lease.kind === 'granted') {
      counters.refreshes += 1;
      return (await loads.reload(request, ticket, lease, this.#local.isServing(clock.now()))).isStored;
    }
    const entry = lease.kind === 'present' ? reads.entryIn(lease.entry) : undefined;
    if (entry === undefined) return false;
    reads.keep(key, ticket, entry, freshness);
    return true;
  }

  /** The right to refresh. A rule of its own: a spec shows what breaks without it. */
  protected async lease(key: string, youngerThanMs: Milliseconds): Promise<FillLeaseReply | { readonly kind: 'none' }> {
    const { remote, reads, counters } = this.#options;
    if (!reads.allows(key)) return { kind: 'none' };
    try {
      return await remote.acquire({ key, youngerThanMs });
    } catch {
      counters.remoteFailures += 1;
      return { kind: 'none' };
    }
  }

  #postpone<V>({ key, freshness }: AskingRequest<V>): void {
    const until = this.#options.clock.now() + freshness.retryAfterMs;
    if (this.#waiting.size >= MAXIMUM_WAITING) this.#waiting.clear();
    this.#waiting.set(key, until);
    this.#local.defer(key, until);
  }
}
