import { checkLoader } from '../check-arguments.js';
import type { CacheKey } from '../key/cache-key.js';
import { optionsOfKey } from '../key-options.js';
import { answerOf, checkLoadAll, type Identity, identityOf, inParts, type LoadAllOptions, type LoadedAll } from '../load-all.js';
import { type BatchedLoad, LoadBatch } from '../load-batch.js';
import type { BatchRead } from '../load-one-by-one.js';
import { UNLIMITED } from '../load-context.js';
import { NO_VALUE } from '../local/local-entry.js';
import type { ValueWrapper } from '../value-wrapper.js';
import { uncachedCall } from '../without-cache.js';
import type { CacheParts } from './cache-parts.js';
import type { Freshness } from './freshness.js';
import type { LoadRequest } from './load-call.js';
import type { MissedReads } from './missed-reads.js';
import type { Refreshes } from './refreshes.js';
import type { RemoteReads } from './remote-reads.js';

/** What {@link BatchReads} need. */
export interface BatchReadsOptions extends CacheParts {
  readonly reads: RemoteReads;
  readonly missed: MissedReads;
  readonly refreshes: Refreshes;
}

/**
 * The reads of one cache that ask for many keys. Where they load those that are missing, each key is a load
 * of its own, with a ticket, a fill lease and a promise of its own; they share their steps, because they
 * begin in one turn of the event loop, and the runs of their loader ({@link LoadBatch}). So all that holds
 * for the read of one key holds here.
 */
export class BatchReads {
  readonly #options: BatchReadsOptions;

  constructor(options: BatchReadsOptions) {
    this.#options = options;
  }

  /** See `Cache.getAll`. */
  async get(keys: readonly string[]): Promise<(ValueWrapper<unknown> | undefined)[]> {
    const { local, reads, clock, counters } = this.#options;
    if (uncachedCall() !== undefined) {
      counters.misses += keys.length;
      return keys.map(() => undefined);
    }
    const held = keys.map((key) => local.get(key));
    counters.localHits += held.filter((entry) => entry !== undefined).length;
    if (!local.isServing(clock.now())) counters.bypassed += held.length;
    const missing = [...new Set(keys.filter((key, i) => held[i] === undefined && reads.allows(key)))];
    const remote = await reads.takeAll(missing);
    const found = held.map((entry, i) => entry ?? remote.get(keys[i] as string));
    counters.misses += found.filter((entry) => entry === undefined).length;
    return found.map((entry) => entry && { value: entry.value });
  }

  /**
   * See `Cache.getAllOrLoad`.
   *
   * @param read - whose keys nobody else has.
   */
  async load<K extends CacheKey, V>({ keys, loader, options }: BatchRead<K, V>): Promise<Map<K, V>> {
    const { tagging, freshness: policy } = this.#options;
    checkLoader(loader);
    checkLoadAll(options);
    tagging.check(options.tags);
    const freshness = policy.of(options);
    const identities = keys.map((key) => identityOf(key, options));
    const values = new Map<Identity, V | undefined>();
    const missing = this.#missing(keys, identities, values);
    await inParts([...missing], options.maximumBatch, async (part) => {
      const batch = new LoadBatch<K, V>({ ...options, loader, trace: (some, run) => this.#trace(some, run) });
      const members = part.map(([, key]) => batch.add(key));
      const loads = part.map(async ([identity], i) => {
        const member = members[i] as BatchedLoad<K, V>;
        try {
          values.set(identity, await this.#loadOne(identity, member, options, freshness));
        } finally {
          member.leaves();
        }
      });
      await Promise.all(loads);
    });
    return answerOf(keys, identities, values);
  }

  /** Those for which L1 has no value to serve at once. What it has is put into `found`. */
  #missing<K, V>(keys: readonly K[], identities: readonly Identity[], found: Map<Identity, V | undefined>): ReadonlyMap<Identity, K> {
    const { local, clock, counters } = this.#options;
    const missing = new Map<Identity, K>();
    const isCached = uncachedCall() === undefined;
    const now = clock.now();
    let hits = 0;
    for (const [i, key] of keys.entries()) {
      const identity = identities[i] as Identity;
      if (missing.has(identity)) continue;
      const value = isCached && typeof identity === 'string' ? local.valueNow(identity, now) : NO_VALUE;
      if (value === NO_VALUE) missing.set(identity, key);
      else {
        found.set(identity, value as V);
        hits += 1;
      }
    }
    counters.localHits += hits;
    return missing;
  }

  #loadOne<K, V>(id: Identity, member: BatchedLoad<K, V>, options: LoadAllOptions<K, V>, freshness: Freshness | undefined): Promise<V> {
    const { missed, refreshes, clock } = this.#options;
    if (typeof id === 'symbol') return member.load(UNLIMITED);
    const loader: LoadRequest<V>['loader'] = (context) => member.load(context);
    const own = optionsOfKey(options, member);
    const request = { key: id, loader, options: own, batched: member, freshness, context: undefined, found: undefined };
    const uncached = uncachedCall();
    return uncached === undefined ? missed.answer(request, clock.now()) : refreshes.reload(request, uncached.isStoring);
  }

  #trace<K extends CacheKey, V>(keys: readonly K[], run: () => Promise<LoadedAll<K, V>>): Promise<LoadedAll<K, V>> {
    const { events, cache } = this.#options;
    if (events.tracer === undefined) return run();
    const identities = keys.map((key) => identityOf(key, {}));
    return events.trace({ cache, step: 'load', keys: identities.filter((identity) => typeof identity === 'string') }, run);
  }
}
