import type { Milliseconds } from '../time/index.js';
import type { Reading } from './entry-codec.js';
import type { EvictionReceipt, PutEntry } from './eviction-log.js';
import type { LoadPermit, RemoteCache, RemoteTier } from './remote-cache.js';

/**
 * L2 over several primaries: each key lies in one of the buckets, each bucket on one primary. Whatever concerns one key is one step, as with
 * one primary; what concerns several is one step for each of their buckets, side by side: each of them atomic, together they are not.
 */
export class BucketedRemoteCache implements RemoteTier {
  readonly #buckets: readonly RemoteCache[];
  readonly #bucketOf: (key: string) => number;

  constructor(buckets: readonly RemoteCache[], bucketOf: (key: string) => number) {
    this.#buckets = buckets;
    this.#bucketOf = bucketOf;
  }

  get isUsable(): boolean {
    return this.#buckets.some(({ isUsable }) => isUsable);
  }

  get isBroken(): boolean {
    return this.#buckets.some(({ isBroken }) => isBroken);
  }

  /** The newest; each bucket has its own. */
  get generation(): string | undefined {
    const known = this.#buckets.flatMap(({ generation }) => (generation === undefined ? [] : [generation]));
    return known.sort((a, b) => Number(b) - Number(a))[0];
  }

  /** Moves every bucket that is behind. */
  useGeneration(generation: string, isReplacement = false): boolean {
    return this.#buckets.map((bucket) => bucket.useGeneration(generation, isReplacement)).includes(true);
  }

  doubtGeneration(generation: string): void {
    for (const bucket of this.#buckets) bucket.doubtGeneration(generation);
  }

  trustGeneration(): void {
    for (const bucket of this.#buckets) bucket.trustGeneration();
  }

  get(key: string, waitMs?: Milliseconds): Promise<Reading> {
    return this.#of(key).get(key, waitMs);
  }

  getAll(keys: string[]): Promise<Reading[]> {
    return this.#gather(keys, (bucket, own) => bucket.getAll(own));
  }

  getAllCurrent(keys: readonly string[], waitMs?: Milliseconds): Promise<Reading[]> {
    return this.#gather(keys, (bucket, own) => bucket.getAllCurrent(own, waitMs));
  }

  acquire(key: string, replace: boolean, waitMs?: Milliseconds): Promise<LoadPermit> {
    return this.#of(key).acquire(key, replace, waitMs);
  }

  fill(key: string, token: string, raw: string, ttlMs: Milliseconds, waitMs?: Milliseconds): Promise<boolean> {
    return this.#of(key).fill(key, token, raw, ttlMs, waitMs);
  }

  async release(key: string, token: string): Promise<void> {
    const bucket = this.#of(key);
    if (bucket.isUsable) await bucket.release(key, token);
  }

  encode(value: unknown, ttlMs: Milliseconds): string {
    return (this.#buckets[0] as RemoteCache).encode(value, ttlMs);
  }

  async put(entries: readonly PutEntry[]): Promise<string | undefined> {
    const split = new Map<RemoteCache, PutEntry[]>();
    for (const entry of entries) {
      const bucket = this.#of(entry.key);
      const own = split.get(bucket);
      if (own === undefined) split.set(bucket, [entry]);
      else own.push(entry);
    }
    const outcomes = await Promise.allSettled([...split].map(([bucket, own]) => bucket.put(own)));
    throwFirst(outcomes);
    return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' && outcome.value !== undefined ? [outcome.value] : []))[0];
  }

  putIfAbsent(key: string, raw: string, ttlMs: Milliseconds): Promise<Reading> {
    return this.#of(key).putIfAbsent(key, raw, ttlMs);
  }

  evict(keys: readonly string[], acks: boolean): Promise<EvictionReceipt> {
    return whole([...this.#split(keys)].map(([bucket, own]) => bucket.evict(own, acks)));
  }

  async clear(acks: boolean): Promise<EvictionReceipt> {
    return { ...(await whole(this.#buckets.map((bucket) => bucket.clear(acks)))), removed: -1 };
  }

  #of(key: string): RemoteCache {
    return this.#buckets[this.#bucketOf(key)] as RemoteCache;
  }

  #split(keys: readonly string[]): Map<RemoteCache, string[]> {
    const split = new Map<RemoteCache, string[]>();
    for (const key of keys) {
      const bucket = this.#of(key);
      const own = split.get(bucket);
      if (own === undefined) split.set(bucket, [key]);
      else own.push(key);
    }
    return split;
  }

  /** Asks each bucket for its own of the keys, and puts the answers into the order of the keys. */
  async #gather(keys: readonly string[], read: (bucket: RemoteCache, own: string[]) => Promise<Reading[]>): Promise<Reading[]> {
    const entries = new Map<string, Reading>();
    const asked = [...this.#split(keys)].map(async ([bucket, own]) => {
      const found = await read(bucket, own);
      own.forEach((key, i) => entries.set(key, found[i]));
    });
    const outcomes = await Promise.allSettled(asked);
    throwFirst(outcomes);
    return keys.map((key) => entries.get(key));
  }
}

/** One receipt for all; only when every part is answered, lest a second attempt overtake the rest of the first. */
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

function throwFirst(outcomes: readonly PromiseSettledResult<unknown>[]): void {
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
