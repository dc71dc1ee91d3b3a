import { CacheLoadTimeoutError } from '../../errors/index.js';
import type { Milliseconds } from '../../time/index.js';
import type { LoadOptions } from '../cache.js';
import { Load } from '../load.js';
import { UNLIMITED } from '../load-context.js';
import type { LocalTier } from '../local/local-tier.js';
import type { ReadTicket } from '../local/read-tickets.js';
import { OTHER_VERSION, type RemoteEntry } from '../remote/entry-codec.js';
import type { FillLeaseReply } from '../remote/remote-cache.js';
import { ANY_TAG } from '../tag/tag-clock.js';
import { momentOf } from '../tag/tagged.js';
import { Copies } from '../value/value-sharing.js';
import { Fills, type FillsOptions } from './fills.js';
import type { FillLeases } from './fill-leases.js';
import type { Granted, LoadCall, LoadRequest } from './load-call.js';
import type { MissForecast } from './miss-forecast.js';
import type { RemoteReads } from './remote-reads.js';
import { type Found, LATE, SharedLoad } from './shared-load.js';

/** What {@link Loads} need. */
export interface LoadsOptions extends FillsOptions {
  readonly reads: RemoteReads;
  readonly leases: FillLeases;
  readonly forecast: MissForecast;
}

/** L2 may not be read. */
const NOT_LOOKED = Symbol('not looked');
/** L2 was not read, because a miss was expected. */
const EXPECTED = Symbol('expected to be a miss');
/** L2 has an entry, which cannot be used. */
const USELESS = Symbol('useless');
/** L2 has an entry that others can use. */
const UNWANTED = Symbol('unwanted');
/** Why no entry was found in L2. */
type Looked = typeof NOT_LOOKED | typeof EXPECTED | typeof USELESS | typeof UNWANTED | undefined | { readonly error: unknown };

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
  readonly #fills: Fills;

  constructor(options: LoadsOptions) {
    this.#options = options;
    this.#local = options.local;
    this.#reads = options.reads;
    this.#forecast = options.forecast;
    this.#fills = new Fills(options);
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
      request.batched?.leaves();
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

  #begin<V>(request: LoadRequest<V>, begunAt: Milliseconds, isJoinable: boolean): SharedLoad {
    const call = this.#call(request, this.#local.begin(request.key), begunAt);
    const { load, ticket } = call;
    if (request.freshness !== undefined) request.found = load.found = {};
    load.promise = this.#look(call);
    if (isJoinable) ticket.load = load;
    return load;
  }

  #call<V>(
    { key, loader, options, batched, freshness, context }: LoadRequest<V>,
    ticket: LoadCall<V>['ticket'],
    begunAt: Milliseconds,
  ): LoadCall<V> {
    const { remote, tagging, cache } = this.#options;
    const clock = tagging.isOn ? remote.tagClock(key) : undefined;
    const tagsAt = clock && { clock, begun: momentOf(clock) };
    const load = new SharedLoad(cache, key, begunAt, batched);
    return { key, loader, options, batched, freshness, context: context ?? UNLIMITED, ticket, load, begunAt, tagsAt };
  }

  /**
   * Runs the loader whatever is stored, and stores its value in the place of that, if the lease allows it.
   * Nobody joins: what is stored may be fresh, and better than waiting, or than an error.
   *
   * @param lease - the fill lease of the key. `undefined`: there is none, so only a local tier is filled.
   * @returns the value, and whether it was stored.
   */
  async reload<V>(
    request: LoadRequest<V>,
    ticket: ReadTicket<SharedLoad>,
    lease: Granted | undefined,
  ): Promise<{ readonly value: V; readonly isStored: boolean }> {
    const call = this.#call(request, ticket, this.#options.clock.now());
    try {
      const value = await this.#loadUnder(call, lease);
      return { value, isStored: call.isStored === true };
    } finally {
      call.load.end();
    }
  }

  // Not `async`, to keep a hit in L2 cheap: one GET, one callback.
  #look<V>(call: LoadCall<V>): Promise<V> {
    const { key, ticket, load, begunAt, batched, freshness } = call;
    if (!this.#reads.allows(key)) return this.#loadMissed(call, NOT_LOOKED);
    if (this.#forecast.expectsMiss(key)) return this.#loadMissed(call, EXPECTED);
    return this.#reads.get(key, begunAt, batched !== undefined).then(
      (reading) => {
        const entry = this.#reads.entryIn(reading);
        const isFresh = entry !== undefined && this.#reads.isFresh(entry);
        this.#forecast.saw(key, !isFresh);
        if (load.found !== undefined) this.#note(load.found, entry, call);
        if (!isFresh)
          return this.#loadMissed(call, reading === OTHER_VERSION ? UNWANTED : typeof reading === 'symbol' ? USELESS : undefined);
        try {
          return this.#settled(load, this.#reads.take(key, ticket, entry, freshness) as V);
        } finally {
          this.#local.end(key, ticket);
          load.end();
        }
      },
      (error: unknown) => this.#loadMissed(call, { error }),
    );
  }

  /** Remembers an entry that may be served if the loader fails, or one that is to be loaded anew. */
  #note<V>(found: Found, entry: RemoteEntry | undefined, { freshness }: LoadCall<V>): void {
    if (entry === undefined) return;
    const { endsAt, lifeMs } = entry;
    if (!this.#reads.isFresh(entry)) found.old = entry;
    else if (freshness !== undefined && endsAt !== undefined && lifeMs !== undefined)
      found.isDue = this.#options.clock.now() >= freshness.dueAt(endsAt - lifeMs, endsAt);
  }

  /** The value for the caller of a load that is about to settle. Those who joined it may need copies. */
  #settled<V>(load: SharedLoad, value: V): V {
    if (load.isJoined) load.copies = this.#options.sharing.copiesOf(value);
    return value;
  }

  /** @param looked - why no entry was found in L2. */
  async #loadMissed<V>(call: LoadCall<V>, looked: Looked): Promise<V> {
    const { key, ticket, load, freshness } = call;
    try {
      const lease = looked === NOT_LOOKED ? undefined : await this.#takeLease(call, looked);
      const found = lease?.kind === 'present' ? this.#reads.entryIn(lease.entry) : undefined;
      if (found !== undefined) return this.#settled(load, this.#reads.take(key, ticket, found, freshness) as V);
      if (lease?.kind === 'withheld') this.#options.counters.withheld += 1;
      this.#options.counters.misses += 1;
      return await this.#loadUnder(call, lease?.kind === 'granted' ? lease : undefined);
    } finally {
      this.#local.end(key, ticket);
      load.end();
    }
  }

  /**
   * Runs the loader, and stores its value if the fill lease allows it. Gives back a lease that was not used.
   */
  async #loadUnder<V>(call: LoadCall<V>, lease: Granted | undefined): Promise<V> {
    const { key, load, options, batched } = call;
    let token = lease?.token;
    try {
      const value = await this.#run(call, load);
      const isVetoed = options.unless?.(value) === true;
      const tagged = this.#fills.tag(call, value, lease?.since, isVetoed);
      const mayStore = this.#fills.mayHandOut(value, options) && !isVetoed && tagged?.tags !== ANY_TAG;
      if (mayStore && (await this.#fills.store(call, token, value, tagged))) token = undefined;
      return this.#settled(load, value);
    } finally {
      if (token !== undefined) this.#options.leases.giveBack({ key, token, isOneOfMany: batched !== undefined });
    }
  }

  /** Takes the fill lease. `undefined`: Redis did not say whether this instance may fill. */
  async #takeLease<V>(
    { key, load, options, begunAt, batched, freshness }: LoadCall<V>,
    looked: Looked,
  ): Promise<FillLeaseReply | undefined> {
    try {
      if (typeof looked === 'object') throw looked.error;
      const { found } = load;
      const wantsOld = freshness?.stale !== undefined && found?.old === undefined;
      const youngerThanMs = looked === UNWANTED ? 0 : undefined;
      const wish = { key, drops: looked === USELESS, youngerThanMs, wantsOld, isOneOfMany: batched !== undefined };
      const lease = await this.#options.leases.take(load, wish, begunAt);
      if (looked === EXPECTED) this.#forecast.saw(key, lease.kind !== 'present');
      if (found !== undefined && 'old' in lease) found.old ??= this.#reads.entryIn(lease.old);
      return lease;
    } catch (error) {
      this.#options.counters.remoteFailures += 1;
      options.onError?.('get', error);
      return undefined;
    }
  }

  async #run<V>({ key, loader, batched, context = UNLIMITED }: LoadRequest<V>, load: Load): Promise<V> {
    const { clock, counters, events, cache } = this.#options;
    const begun = clock.now();
    counters.loads += 1;
    try {
      if (batched !== undefined) return await load.enter(() => loader(context)); // Its batch traces the run.
      return await load.enter(() => events.trace({ cache, step: 'load', keys: [key] }, () => loader(context)));
    } catch (error) {
      counters.loadFailures += 1;
      throw error;
    } finally {
      load.leave();
      counters.loaded(clock.now() - begun);
    }
  }

  /**
   * Runs the loader for this caller alone. Used when the running load of the key waits for this caller: if
   * the caller joined that load, both would wait for ever. The fill lease stays with the running load, so
   * nothing is stored here.
   */
  async #loadAlone<V>(request: LoadRequest<V>): Promise<V> {
    this.#options.counters.misses += 1;
    const value = await this.#run(request, new Load());
    this.#fills.mayHandOut(value, request.options);
    return value;
  }

  /**
   * Waits for another caller's load, for as long as that is allowed. A wait can end without a value for these
   * reasons:
   * - The load lasted too long.
   * - The value carries a tag that was evicted since the load began, perhaps before this caller came: its
   *   tags were not known then.
   * - The caller who ran the load was aborted. This says nothing about the value, so it counts only the first
   *   time (`isSecond` is `false`).
   * - Of the two loaders, one is of a single key and one of several. They need not say the same of a key that
   *   does not exist, or cannot be loaded.
   *
   * All callers whose wait ended like this share one new load, which began after each of them had come.
   *
   * @param isNewer - whether the load began after this caller had come.
   */
  #join<V>(request: LoadRequest<V>, load: SharedLoad, isSecond = false, isNewer = false): Promise<V> {
    const { clock, fillLeaseMs } = this.#options;
    if (request.freshness !== undefined) request.found = load.found ??= {};
    if (load.found !== undefined) load.found.isShared = true;
    return load.join(clock, fillLeaseMs).then(
      (value) => {
        if (value === LATE) return this.#succeed(request, load, isSecond);
        if (load.isNothing && !isAlike(request, load)) return this.#succeed(request, load, isSecond, true);
        if (!isNewer && this.mayBeOvertaken(load)) return this.#reload(request, load, isSecond);
        return (value instanceof Copies ? value.make() : value) as V;
      },
      (error: unknown) => {
        if (!isAlike(request, load)) return this.#succeed(request, load, isSecond, true);
        if (isSecond || !isAbort(error)) throw error;
        return this.#succeed(request, load, true);
      },
    );
  }

  /**
   * Joins the load that comes after `load`, or starts it. Joining is safe even without a read lease: the new
   * load began after all callers who had joined `load` made their calls.
   *
   * @param mustBeAlike - whether that must be one by a loader of the same kind.
   */
  #succeed<V>(request: LoadRequest<V>, load: SharedLoad, isSecond: boolean, mustBeAlike = false): Promise<V> {
    const { clock, fillLeaseMs } = this.#options;
    const now = clock.now();
    const isServing = this.#local.isServing(now);
    const next = load.successor ?? (isServing ? this.#local.joinable(request.key, now, fillLeaseMs) : undefined);
    const running = next === undefined || (mustBeAlike && !isAlike(request, next)) ? undefined : next;
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

/** Whether a request and a load have loaders of the same kind: of one key, or of several. */
const isAlike = ({ batched }: Pick<LoadCall<never>, 'batched'>, { isBatched }: SharedLoad): boolean =>
  (batched !== undefined) === isBatched;

/**
 * Whether the caller who ran the load gave up: usually through an `AbortSignal` of `fetch`, of Node or of a
 * library, or at its own `loadTimeout`, which is what the signal of its loader gives as the reason.
 */
const isAbort = (error: unknown): boolean =>
  error instanceof CacheLoadTimeoutError || (typeof error === 'object' && error !== null && 'name' in error && error.name === 'AbortError');
