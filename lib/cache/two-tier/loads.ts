import { RemoteCacheError } from '../../errors/index.js';
import type { Milliseconds } from '../../time/index.js';
import type { LoadOptions } from '../cache.js';
import { Load } from '../load.js';
import type { LocalTier } from '../local/local-tier.js';
import type { ReadTicket } from '../local/read-tickets.js';
import { OVERTAKEN } from '../remote/entry-codec.js';
import type { FillLeaseReply } from '../remote/remote-cache.js';
import { ANY_TAG, type TagClock } from '../tag/tag-clock.js';
import { momentOf, Tagged, type TagMoment } from '../tag/tagged.js';
import { UNREADABLE } from '../value/codec.js';
import { Copies } from '../value/value-sharing.js';
import type { CacheParts } from './cache-parts.js';
import type { EntryLife } from './entry-life.js';
import type { FillLeases } from './fill-leases.js';
import type { MissForecast } from './miss-forecast.js';
import type { RemoteReads } from './remote-reads.js';
import { LATE, SharedLoad } from './shared-load.js';

/** What {@link Loads} need. */
export interface LoadsOptions extends CacheParts {
  readonly reads: RemoteReads;
  readonly leases: FillLeases;
  readonly life: EntryLife;
  readonly forecast: MissForecast;
}

/** One call of `getOrLoad` for which L1 has no value. */
interface LoadRequest<V> {
  readonly key: string;
  readonly loader: () => V | Promise<V>;
  readonly options: LoadOptions<V>;
}

/** A load that was started for a request. */
interface LoadCall<V> extends LoadRequest<V> {
  readonly ticket: ReadTicket<SharedLoad>;
  readonly load: SharedLoad;
  readonly begunAt: Milliseconds;
  /** In a cache with tags: what their clock showed when it began. */
  readonly tagsAt: { readonly clock: TagClock; readonly begun: TagMoment } | undefined;
}

/** L2 may not be read. */
const NOT_LOOKED = Symbol('not looked');
/** L2 was not read, because a miss was expected. */
const EXPECTED = Symbol('expected to be a miss');
/** L2 has an entry, which cannot be used. */
const USELESS = Symbol('useless');
/** Why no entry was found in L2. */
type Looked = typeof NOT_LOOKED | typeof EXPECTED | typeof USELESS | undefined | { readonly error: unknown };

/**
 * The loads of one cache. A read for which L1 has no value joins a running load of its key, or starts a new
 * one.
 *
 * A new load takes these steps:
 * 1. Look into L2.
 * 2. On a miss, take the fill lease.
 * 3. Run the loader.
 * 4. Store the value in L2, then in L1.
 * 5. Give the fill lease back if it was not used.
 */
export class Loads {
  readonly #options: LoadsOptions;
  readonly #local: LocalTier<SharedLoad>;
  readonly #reads: RemoteReads;
  readonly #forecast: MissForecast;

  constructor(options: LoadsOptions) {
    this.#options = options;
    this.#local = options.local;
    this.#reads = options.reads;
    this.#forecast = options.forecast;
  }

  /** The value of `key`, from a load that is already running or from a new one. */
  load<V>(request: LoadRequest<V>, now: Milliseconds): Promise<V> {
    const { counters, fillLeaseMs } = this.#options;
    const { key } = request;
    const isServing = this.#local.isServing(now);
    if (!isServing) counters.bypassed += 1;
    const running = this.#local.joinable(key, now, fillLeaseMs);
    if (running?.needsCaller === true) return this.#loadAlone(request);
    const mayJoin = this.mayJoin(isServing, request.options);
    if (mayJoin && running !== undefined) {
      counters.joined += 1;
      return this.#join(request, running);
    }
    return this.#begin(request, now, mayJoin).promise as Promise<V>;
  }

  /**
   * Without a read lease a caller joins no load: the load may be older than an eviction that this instance
   * has not yet received.
   */
  protected mayJoin(isServing: boolean, options: LoadOptions<never>): boolean {
    return isServing && options.join !== false;
  }

  #begin<V>({ key, loader, options }: LoadRequest<V>, begunAt: Milliseconds, isJoinable: boolean): SharedLoad {
    const load = new SharedLoad(this.#options.cache, key, begunAt);
    const ticket = this.#local.begin(key);
    const { remote, tagging } = this.#options;
    const clock = tagging.isOn ? remote.tagClock(key) : undefined;
    const tagsAt = clock && { clock, begun: momentOf(clock) };
    load.promise = this.#look({ key, loader, options, ticket, load, begunAt, tagsAt });
    if (isJoinable) ticket.load = load;
    return load;
  }

  // Not `async`, to keep a hit in L2 cheap: one GET, one callback.
  #look<V>(call: LoadCall<V>): Promise<V> {
    const { key, ticket, load, begunAt } = call;
    if (!this.#reads.allows(key)) return this.#loadMissed(call, NOT_LOOKED);
    if (this.#forecast.expectsMiss(key)) return this.#loadMissed(call, EXPECTED);
    return this.#reads.get(key, begunAt).then(
      (reading) => {
        const entry = this.#reads.entryIn(reading);
        this.#forecast.saw(key, entry === undefined);
        if (entry === undefined) return this.#loadMissed(call, reading === UNREADABLE || reading === OVERTAKEN ? USELESS : undefined);
        try {
          return this.#settled(load, this.#reads.take(key, ticket, entry) as V);
        } finally {
          this.#local.end(key, ticket);
          load.end();
        }
      },
      (error: unknown) => this.#loadMissed(call, { error }),
    );
  }

  /** The value for the caller of a load that is about to settle. Those who joined it may need copies. */
  #settled<V>(load: SharedLoad, value: V): V {
    if (load.isJoined) load.copies = this.#options.sharing.copiesOf(value);
    return value;
  }

  /** @param looked - why no entry was found in L2. */
  async #loadMissed<V>(call: LoadCall<V>, looked: Looked): Promise<V> {
    const { key, ticket, load, loader, options } = call;
    let token: string | undefined;
    try {
      const lease = looked === NOT_LOOKED ? undefined : await this.#takeLease(call, looked);
      const found = lease?.kind === 'present' ? this.#reads.entryIn(lease.entry) : undefined;
      if (found !== undefined) return this.#settled(load, this.#reads.take(key, ticket, found) as V);
      if (lease?.kind === 'granted') token = lease.token;
      if (lease?.kind === 'withheld') this.#options.counters.withheld += 1;
      this.#options.counters.misses += 1;
      const value = await this.#run(key, load, loader);
      const isVetoed = options.unless?.(value) === true;
      const tagged = this.#tag(call, value, lease?.kind === 'granted' ? lease.since : undefined, isVetoed);
      const mayStore = this.#mayHandOut(value, options) && !isVetoed && tagged?.tags !== ANY_TAG;
      if (mayStore && (await this.#store(call, token, value, tagged))) token = undefined;
      return this.#settled(load, value);
    } finally {
      if (token !== undefined) this.#options.leases.giveBack(key, token);
      this.#local.end(key, ticket);
      load.end();
    }
  }

  /**
   * The tags of a loaded value, in a cache with tags, for those who joined and for the tiers. Nobody asks for
   * the tags of a value that is not stored: it counts as if it carried any.
   *
   * @param since - the number of the last eviction when the fill lease was granted. Default: it was not.
   */
  #tag<V>({ load, options, tagsAt }: LoadCall<V>, value: V, since: number | undefined, isVetoed: boolean): Tagged | undefined {
    if (tagsAt === undefined) return undefined;
    const { clock, begun } = tagsAt;
    const tags = isVetoed ? undefined : this.#options.tagging.ofLoaded(value, options.tags);
    return (load.tagged = new Tagged(tags ?? ANY_TAG, since, clock, begun));
  }

  /** Makes a loaded value fit for several readers. Returns whether that was possible. */
  #mayHandOut<V>(value: V, options: LoadOptions<V>): boolean {
    try {
      this.#options.sharing.handOut(value);
      return true;
    } catch (error) {
      options.onError?.('put', error, value);
      return false;
    }
  }

  /** Takes the fill lease. `undefined`: Redis did not say whether this instance may fill. */
  async #takeLease<V>({ key, load, options, begunAt }: LoadCall<V>, looked: Looked): Promise<FillLeaseReply | undefined> {
    try {
      if (typeof looked === 'object') throw looked.error;
      const lease = await this.#options.leases.take(key, load, looked === USELESS, begunAt);
      if (looked === EXPECTED) this.#forecast.saw(key, lease.kind !== 'present');
      return lease;
    } catch (error) {
      this.#options.counters.remoteFailures += 1;
      options.onError?.('get', error);
      return undefined;
    }
  }

  async #run<V>(key: string, load: Load, loader: () => V | Promise<V>): Promise<V> {
    const { clock, counters, events, cache } = this.#options;
    const begun = clock.now();
    counters.loads += 1;
    try {
      return await load.enter(() => events.trace({ cache, step: 'load', keys: [key] }, loader));
    } catch (error) {
      counters.loadFailures += 1;
      throw error;
    } finally {
      load.leave();
      counters.loadTimeMs += clock.now() - begun;
    }
  }

  /** Stores a loaded value if that is allowed. Returns whether the fill lease is used up. */
  async #store<V>(
    { key, ticket, options }: LoadCall<V>,
    token: string | undefined,
    value: V,
    tagged: Tagged | undefined,
  ): Promise<boolean> {
    const { life, counters, clock, pending, remote, timeoutMs, hasRemote } = this.#options;
    const isDoubtful = (): boolean => pending.isDoubtful(key) || (tagged !== undefined && pending.hasDoubtful(tagged.tags));
    try {
      const ttlMs = life.ofLoaded(value, options.ttl);
      if (ttlMs === undefined) return false;
      life.refuseNull(value);
      if (!hasRemote) {
        if (!isDoubtful()) this.#local.keep(key, ticket, { value, endsAt: clock.now() + ttlMs, tagged });
        return true;
      }
      if (token === undefined) return true;
      if (!this.#local.isValid(ticket) || isDoubtful() || tagged?.isOvertaken === true) {
        counters.refusedFills += 1;
        return false;
      }
      const raw = remote.encode(value, ttlMs, tagged?.tags);
      // The life in L2 begins later than now, so the entry in L1 cannot outlive the one in L2.
      const now = clock.now();
      if (await remote.fill({ key, token, raw, ttlMs }, timeoutMs)) {
        counters.fills += 1;
        if (!isDoubtful()) this.#local.keep(key, ticket, { value, endsAt: now + ttlMs, tagged });
      } else {
        counters.refusedFills += 1;
      }
      return true;
    } catch (error) {
      if (error instanceof RemoteCacheError) counters.remoteFailures += 1;
      options.onError?.('put', error, value);
      return false;
    }
  }

  /**
   * Runs the loader for this caller alone. Used when the running load of the key waits for this caller: if
   * the caller joined that load, both would wait for ever. The fill lease stays with the running load, so
   * nothing is stored here.
   */
  async #loadAlone<V>({ key, loader, options }: LoadRequest<V>): Promise<V> {
    this.#options.counters.misses += 1;
    const value = await this.#run(key, new Load(), loader);
    this.#mayHandOut(value, options);
    return value;
  }

  /**
   * Waits for another caller's load, for as long as that is allowed. A wait can end without a value for three
   * reasons:
   * - The load lasted too long.
   * - The value carries a tag that was evicted since the load began, perhaps before this caller came: its
   *   tags were not known then.
   * - The caller who ran the load was aborted. This says nothing about the value, so it counts only the first
   *   time (`isSecond` is `false`).
   *
   * All callers whose wait ended like this share one new load, which began after each of them had come.
   *
   * @param isNewer - whether the load began after this caller had come.
   */
  #join<V>(request: LoadRequest<V>, load: SharedLoad, isSecond = false, isNewer = false): Promise<V> {
    const { clock, fillLeaseMs } = this.#options;
    return load.join(clock, fillLeaseMs).then(
      (value) => {
        if (value === LATE) return this.#succeed(request, load, isSecond);
        if (!isNewer && this.mayBeOvertaken(load)) return this.#reload(request, load, isSecond);
        return (value instanceof Copies ? value.make() : value) as V;
      },
      (error: unknown) => {
        if (isSecond || !isAbort(error)) throw error;
        return this.#succeed(request, load, true);
      },
    );
  }

  /**
   * Joins the load that comes after `load`, or starts it. Joining is safe even without a read lease: the new
   * load began after all callers who had joined `load` made their calls.
   */
  #succeed<V>(request: LoadRequest<V>, load: SharedLoad, isSecond: boolean): Promise<V> {
    const { clock, fillLeaseMs } = this.#options;
    const now = clock.now();
    const isServing = this.#local.isServing(now);
    const running = load.successor ?? (isServing ? this.#local.joinable(request.key, now, fillLeaseMs) : undefined);
    if (running?.needsCaller === true) return this.#loadAlone(request);
    load.successor = running ?? this.#begin(request, now, isServing);
    return running === undefined ? (load.successor.promise as Promise<V>) : this.#join(request, running, isSecond);
  }

  /** Joins the new load of those for whom `load` was overtaken, or starts it. */
  #reload<V>(request: LoadRequest<V>, load: SharedLoad, isSecond: boolean): Promise<V> {
    const running = load.reload;
    if (running?.needsCaller === true) return this.#loadAlone(request);
    if (running !== undefined) return this.#join(request, running, isSecond, true);
    const now = this.#options.clock.now();
    load.reload = this.#begin(request, now, this.#local.isServing(now));
    return load.reload.promise as Promise<V>;
  }

  /** Whether a tag of the value may have been evicted since its load began. A rule of its own, for specs. */
  protected mayBeOvertaken({ tagged }: SharedLoad): boolean {
    return tagged !== undefined && (tagged.mayBeOvertaken || this.#options.pending.hasDoubtful(tagged.tags));
  }
}

/**
 * Whether the caller who ran the load gave up, usually through an `AbortSignal` of `fetch`, of Node or of a
 * library.
 */
const isAbort = (error: unknown): boolean => typeof error === 'object' && error !== null && 'name' in error && error.name === 'AbortError';
