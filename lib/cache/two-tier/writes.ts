import type { Milliseconds } from '../../time/index.js';
import { throwFirst } from '../../errors/index.js';
import type { PutOptions } from '../cache.js';
import type { EvictOptions, Unacknowledged } from '../evict-options.js';
import { type CallsUnderWay, stopped } from '../calls-under-way.js';
import { begunAt, wantsAcks } from '../check-arguments.js';
import type { Eviction, Withheld } from '../eviction.js';
import { noIntents } from '../no-intents.js';
import type { EvictionReceipt, IntentChange } from '../remote/eviction-log.js';
import { keptMs, type Life } from '../value/envelope.js';
import type { ValueWrapper } from '../value-wrapper.js';
import type { WriteIntent } from '../write-intent.js';
import type { CacheParts } from './cache-parts.js';
import type { EntryLife } from './entry-life.js';
import { EvictionBatches } from './eviction-batches.js';
import type { MissForecast } from './miss-forecast.js';
import type { OwnWrites } from './own-writes.js';
import { inWords } from './pending-evictions.js';
import { Puts } from './puts.js';
import type { RemoteReads } from './remote-reads.js';
import { reporting } from './reporting.js';
import { WriteIntents } from './write-intents.js';

/** What {@link Writes} need. */
export interface WritesOptions extends CacheParts {
  readonly reads: RemoteReads;
  readonly ownWrites: OwnWrites;
  readonly life: EntryLife;
  readonly forecast: MissForecast;
  readonly calls: CallsUnderWay;
  /** What writes do by default when an eviction is not acknowledged. */
  readonly unacknowledged: Unacknowledged;
  /** How long a write intent protects after its writer has died. */
  readonly intentLeaseMs: Milliseconds;
}

/**
 * The writes of one cache (puts, evictions and clears), on encoded keys. Each write fences L1 twice: before
 * anything is sent, and again when Redis has answered.
 */
export class Writes {
  readonly #options: WritesOptions;
  readonly #puts: Puts;
  readonly #evictions: EvictionBatches;
  readonly #tagEvictions: EvictionBatches;
  readonly #intents: WriteIntents;
  #isStopped = false;

  constructor(options: WritesOptions) {
    this.#options = options;
    this.#puts = new Puts(options);
    this.#evictions = new EvictionBatches((keys, acks) => options.pending.submit({ keys }, acks));
    this.#tagEvictions = new EvictionBatches((tags, acks) => options.pending.submit({ tags }, acks));
    const execute = (eviction: Withheld, intent: IntentChange, evictOptions: EvictOptions): Promise<void> =>
      this.#evictWith(intent, eviction, evictOptions);
    this.#intents = new WriteIntents({
      ...options,
      set: (eviction, intent) => execute(eviction, intent, { unacknowledged: 'throw' }),
      end: (eviction, intent, evictOptions) => {
        if (intent === undefined) return eviction === 'all' ? this.clear(evictOptions) : this.evict(eviction.keys, evictOptions);
        options.counters.evictions += eviction === 'all' ? 0 : eviction.keys.length;
        options.counters.clears += eviction === 'all' ? 1 : 0;
        return reporting(evictOptions, options, () => execute(eviction, intent, evictOptions));
      },
    });
  }

  /** Keys that are withheld from all instances, because this one is writing them. */
  get withheldKeys(): number {
    return this.#intents.size;
  }

  /** Renews the write intents: all of them, or those that could not be renewed before. */
  renewIntents(which: 'all' | 'failed'): void {
    if (which === 'all') this.#intents.renewNow();
    else this.#intents.renewFailed();
  }

  /** See {@link Cache.put}. */
  put(key: string, value: unknown, options: PutOptions): Promise<void> {
    const { life, tagging, counters, clock } = this.#options;
    return this.#tell(options, 'putting', { keys: [key] }, async () => {
      tagging.check(options.tags);
      life.refuseNull(value);
      let ofValue: Life;
      let tags: readonly string[];
      try {
        ofValue = life.of(value, options.ttl);
        tags = tagging.of(options.tags);
      } catch (error) {
        // The stored value is out of date, even if the new one cannot be stored.
        await this.evict([key], { waitedMs: options.waitedMs, unacknowledged: 'throw' });
        throw error;
      }
      counters.puts += 1;
      await this.#puts.store({ key, value, life: ofValue, tags }, begunAt(options, clock));
    });
  }

  /** See {@link Cache.putAll}. Those of one turn share their round trips. */
  async putAll(entries: ReadonlyMap<string, unknown>, options: PutOptions): Promise<void> {
    throwFirst(await Promise.allSettled([...entries].map(([key, value]) => this.put(key, value, options))));
  }

  /** See {@link Cache.putIfAbsent}. */
  async putIfAbsent<V>(key: string, value: V, options: PutOptions): Promise<ValueWrapper<V> | undefined> {
    const { local, remote, reads, life, tagging, ownWrites, counters, clock, hasRemote, sharing } = this.#options;
    const ofValue = life.of(value, options.ttl);
    const tags = tagging.of(options.tags);
    life.refuseNull(value);
    return this.#run('putting', { keys: [key] }, async () => {
      if (!hasRemote) {
        const hit = local.get(key);
        if (hit !== undefined) return { value: hit.value as V };
        counters.puts += 1;
        await this.#puts.store({ key, value, life: ofValue, tags }, begunAt(options, clock));
        return undefined;
      }
      const raw = remote.encode(value, ofValue, tags);
      return ownWrites.run([key], async () => {
        const reading = await remote.putIfAbsent({ key, raw, ttlMs: keptMs(ofValue) });
        // What is there is in doubt, as a whole or by a tag, and counts as absent.
        const present = reads.allows(key) ? reads.entryIn(reading) : undefined;
        if (present !== undefined) return { value: sharing.handOutDecoded(present.value as V) };
        if (typeof reading === 'object') await this.#puts.store({ key, value, life: ofValue, tags }, begunAt(options, clock));
        counters.puts += 1;
        local.fence([key], 'replaced');
        return undefined;
      });
    });
  }

  /** See {@link Cache.evictAll}. */
  async evict(keys: readonly string[], options: EvictOptions): Promise<void> {
    const { local, pending, ownWrites, forecast, counters, clock } = this.#options;
    const acks = wantsAcks(options);
    if (keys.length === 0) return;
    return this.#tell(options, 'evicting', { keys }, async () => {
      counters.evictions += keys.length;
      local.fence(keys, 'explicit');
      const since = begunAt(options, clock);
      // A caller that has already waited has less time left, so its eviction does not join a batch.
      const submit = (): Promise<EvictionReceipt> =>
        since === undefined ? this.#evictions.add(keys, acks) : pending.submit({ keys }, acks, since);
      const receipt = await ownWrites.run(keys, submit);
      forecast.gone(keys);
      await pending.acknowledged(receipt);
    });
  }

  /**
   * See {@link Cache.evictTagged}. Entries in the remote tier are not touched: readers see that they are
   * dead.
   */
  async evictTagged(tags: readonly string[], options: EvictOptions): Promise<void> {
    const { local, pending, tagging, counters, clock } = this.#options;
    const acks = wantsAcks(options);
    tagging.check(tags);
    if (tags.length === 0) return;
    return this.#tell(options, 'evicting', { tags }, async () => {
      counters.tagEvictions += tags.length;
      local.fenceOf({ tags });
      const since = begunAt(options, clock);
      const receipt = await (since === undefined ? this.#tagEvictions.add(tags, acks) : pending.submit({ tags }, acks, since));
      await pending.acknowledged(receipt);
    });
  }

  /**
   * See {@link Cache.intend}.
   *
   * @throws {CacheConfigurationError} for `tiers: 'local'`.
   */
  async intend(eviction: Withheld): Promise<WriteIntent> {
    const { cache, hasRemote } = this.#options;
    if (!hasRemote) throw noIntents(cache);
    if (eviction !== 'all' && eviction.keys.length === 0) return { end: () => Promise.resolve() };
    return this.#intents.begin(eviction);
  }

  /** Evicts, or clears, and changes a write intent in the same step. */
  async #evictWith(intent: IntentChange, eviction: Withheld, options: EvictOptions): Promise<void> {
    const { local, pending, ownWrites, forecast, clock } = this.#options;
    const acks = wantsAcks(options);
    const submit = (): Promise<EvictionReceipt> => pending.submit(eviction, acks, begunAt(options, clock), intent);
    if (eviction === 'all') {
      local.fenceAll('explicit');
      return pending.acknowledged(await submit());
    }
    local.fence(eviction.keys, 'explicit');
    const receipt = await ownWrites.run(eviction.keys, submit);
    forecast.gone(eviction.keys);
    return pending.acknowledged(receipt);
  }

  /** See {@link Cache.evictIfPresent}. */
  async evictIfPresent(key: string, options: EvictOptions): Promise<boolean> {
    const { local, pending, ownWrites, counters, clock, hasRemote } = this.#options;
    const acks = wantsAcks(options);
    return this.#run('evicting', { keys: [key] }, async () => {
      const wasLocal = local.get(key) !== undefined;
      counters.evictions += 1;
      local.fence([key], 'explicit');
      // Not in a batch: the receipt of a batch does not tell whether one particular key was removed.
      const receipt = await ownWrites.run([key], () => pending.submit({ keys: [key] }, acks, begunAt(options, clock)));
      await pending.acknowledged(receipt);
      return hasRemote ? receipt.removed > 0 : wasLocal;
    });
  }

  /** See {@link Cache.clear}. */
  async clear(options: EvictOptions): Promise<void> {
    const { local, pending, counters, clock } = this.#options;
    const acks = wantsAcks(options);
    return this.#tell(options, 'evicting', 'all', async () => {
      counters.clears += 1;
      local.fenceAll('explicit');
      await pending.acknowledged(await pending.submit('all', acks, begunAt(options, clock)));
    });
  }

  /**
   * Runs a write, and tells its caller of an eviction that is not acknowledged, if he wants to hear of it by
   * an error. The event tells of it in any case.
   */
  async #tell(options: EvictOptions, verb: 'evicting' | 'putting', eviction: Eviction, write: () => Promise<void>): Promise<void> {
    await reporting(options, this.#options, () => this.#run(verb, eviction, write));
  }

  /** From now on, refuses every write. */
  stop(): void {
    this.#isStopped = true;
    this.#intents.stop();
  }

  /**
   * Runs a write. A shutdown waits for it.
   *
   * @throws {CacheStoppedError} once the cache has stopped.
   */
  #run<T>(verb: 'evicting' | 'putting', eviction: Eviction, write: () => Promise<T>): Promise<T> {
    const refusal = (): Error => stopped(this.#options.cache, `${inWords(verb, eviction)} was refused`);
    return this.#isStopped ? Promise.reject(refusal()) : this.#options.calls.run(write, refusal);
  }
}
