import { throwFirst } from '../../errors/index.js';
import type { Milliseconds } from '../../time/index.js';
import type { Reading } from './entry-codec.js';
import { type Eviction, hasTags, type Withheld } from '../eviction.js';
import type { EvictionReceipt, FillEntry, HeldLease, IntentChange, LeaseRequest, PutEntry, PutReceipt } from './eviction-log.js';
import type { FillLeaseReply, RemoteCache, RemoteTier } from './remote-cache.js';
import type { TagClock } from '../tag/tag-clock.js';
import type { Life } from '../value/envelope.js';

/**
 * L2 over several primaries. Each key belongs to one bucket, and each bucket lies on one primary.
 *
 * An operation on one key is one step, as with a single primary. An operation on several keys is one step per
 * bucket, and the steps run concurrently. Each step is atomic; the operation as a whole is not.
 */
export class BucketedRemoteCache implements RemoteTier {
  readonly #buckets: readonly RemoteCache[];
  readonly #bucketOf: (key: string) => number;

  constructor(buckets: readonly RemoteCache[], bucketOf: (key: string) => number) {
    this.#buckets = buckets;
    this.#bucketOf = bucketOf;
  }

  get acceptsSteps(): boolean {
    return this.#buckets.some(({ acceptsSteps }) => acceptsSteps);
  }

  get isTripped(): boolean {
    return this.#buckets.some(({ isTripped }) => isTripped);
  }

  /** The newest generation of all buckets; each bucket has its own. */
  get generation(): string | undefined {
    const known = this.#buckets.flatMap(({ generation }) => (generation === undefined ? [] : [generation]));
    return known.sort((a, b) => Number(b) - Number(a))[0];
  }

  get(key: string, askUntil?: Milliseconds, isOneOfMany?: boolean): Promise<Reading> {
    return this.#of(key).get(key, askUntil, isOneOfMany);
  }

  getCurrent(key: string, askUntil?: Milliseconds, isOneOfMany?: boolean): Promise<Reading> {
    return this.#of(key).getCurrent(key, askUntil, isOneOfMany);
  }

  getAll(keys: string[]): Promise<Reading[]> {
    return this.#gather(keys, (bucket, own) => bucket.getAll(own));
  }

  getAllCurrent(keys: readonly string[], waitMs?: Milliseconds, askUntil?: Milliseconds): Promise<Reading[]> {
    return this.#gather(keys, (bucket, own) => bucket.getAllCurrent(own, waitMs, askUntil));
  }

  acquire(request: LeaseRequest, waitMs?: Milliseconds, askUntil?: Milliseconds): Promise<FillLeaseReply> {
    return this.#of(request.key).acquire(request, waitMs, askUntil);
  }

  fill(entry: FillEntry, waitMs?: Milliseconds): Promise<boolean> {
    return this.#of(entry.key).fill(entry, waitMs);
  }

  async release(lease: HeldLease): Promise<void> {
    const bucket = this.#of(lease.key);
    if (bucket.acceptsSteps) await bucket.release(lease);
  }

  encode(value: unknown, life: Life, tags?: readonly string[]): string {
    return (this.#buckets[0] as RemoteCache).encode(value, life, tags);
  }

  tagClock(key: string): TagClock | undefined {
    return this.#of(key).tagClock(key);
  }

  async put(entries: readonly PutEntry[]): Promise<PutReceipt> {
    const split = this.#split(entries, ({ key }) => key);
    const outcomes = await Promise.allSettled([...split].map(([bucket, own]) => bucket.put(own)));
    throwFirst(outcomes);
    const receipts = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    return {
      refusal: receipts.find(({ refusal }) => refusal !== undefined)?.refusal,
      withheld: receipts.reduce((sum, { withheld }) => sum + withheld, 0),
    };
  }

  putIfAbsent(entry: PutEntry): Promise<Reading> {
    return this.#of(entry.key).putIfAbsent(entry);
  }

  async evict(eviction: Eviction, acks: boolean, intent?: IntentChange): Promise<EvictionReceipt> {
    const receipt = await whole(this.#sharesOf(eviction).map(([bucket, share]) => bucket.evict(share, acks, intent)));
    return eviction === 'all' || hasTags(eviction) ? { ...receipt, removed: -1 } : receipt;
  }

  async renewIntent(eviction: Withheld, intent: IntentChange): Promise<boolean> {
    const outcomes = await Promise.allSettled(this.#sharesOf(eviction).map(([bucket, share]) => bucket.renewIntent(share, intent)));
    throwFirst(outcomes);
    return outcomes.every((outcome) => outcome.status === 'fulfilled' && outcome.value);
  }

  isWithheld(key: string): Promise<boolean> {
    return this.#of(key).isWithheld(key);
  }

  /** Each bucket with its share of an eviction. Entries of one tag may lie in all of them. */
  #sharesOf(eviction: Withheld): [RemoteCache, Withheld][];
  #sharesOf(eviction: Eviction): [RemoteCache, Eviction][];
  #sharesOf(eviction: Eviction): [RemoteCache, Eviction][] {
    if (eviction === 'all' || hasTags(eviction)) return this.#buckets.map((bucket) => [bucket, eviction]);
    return [...this.#split(eviction.keys, itself)].map(([bucket, keys]) => [bucket, { keys }]);
  }

  #of(key: string): RemoteCache {
    return this.#buckets[this.#bucketOf(key)] as RemoteCache;
  }

  /** Each bucket with its share of what belongs to these keys. */
  #split<T>(items: readonly T[], keyOf: (item: T) => string): Map<RemoteCache, T[]> {
    const split = new Map<RemoteCache, T[]>();
    for (const item of items) {
      const bucket = this.#of(keyOf(item));
      const own = split.get(bucket);
      if (own === undefined) split.set(bucket, [item]);
      else own.push(item);
    }
    return split;
  }

  /** Asks each bucket for its share of the keys, and returns the answers in the order of `keys`. */
  async #gather(keys: readonly string[], read: (bucket: RemoteCache, own: string[]) => Promise<Reading[]>): Promise<Reading[]> {
    const entries = new Map<string, Reading>();
    const asked = [...this.#split(keys, itself)].map(async ([bucket, own]) => {
      const found = await read(bucket, own);
      own.forEach((key, i) => entries.set(key, found[i]));
    });
    const outcomes = await Promise.allSettled(asked);
    throwFirst(outcomes);
    return keys.map((key) => entries.get(key));
  }
}

/**
 * Makes one receipt of all. Waits until every part is answered, also when one has failed, so that a second
 * attempt cannot overtake the remaining steps of the first.
 */
async function whole(parts: readonly Promise<EvictionReceipt>[]): Promise<EvictionReceipt> {
  const outcomes = await Promise.allSettled(parts);
  throwFirst(outcomes);
  const receipts = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const waits = receipts.flatMap(({ acknowledged }) => (acknowledged === undefined ? [] : [acknowledged]));
  return {
    removed: receipts.reduce((sum, { removed }) => sum + removed, 0),
    acknowledged: waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined),
  };
}

const itself = (key: string): string => key;
