import {
  ended,
  type Eviction,
  type EvictionLog,
  type EvictionReceipt,
  type FillEntry,
  type FillLease,
  hasTags,
  type HeldLease,
  type IntentChange,
  type LeaseRequest,
  livesIn,
  type PutEntry,
  type PutReceipt,
  stamped,
  type TagClock,
  type TagNumbers,
  type Withheld,
} from '../cache/index.js';
import type { Milliseconds } from '../time/index.js';
import type { EmbeddedStore } from './embedded-store.js';
import { formatMessage, type EvictionMessage } from './messages.js';

/** What an {@link EmbeddedEvictionLog} is made of. */
export interface EmbeddedEvictionLogOptions {
  readonly store: EmbeddedStore;
  readonly namespace: string;
  readonly cache: string;
  readonly channel: string;
  /** The instance's {@link originOf origin}. */
  readonly origin: string;
  readonly fillLeaseMs: Milliseconds;
  /** Publishes to every instance of the process. Delivers before it returns. */
  readonly publish: (channel: string, body: string) => unknown;
  /** Of a cache with tags. It is told of the tags that this instance evicts. Default: the cache has none. */
  readonly tags?: TagClock | undefined;
}

/** Inside one process nothing is ever lost, so the generation never changes. */
export const EMBEDDED_GENERATION = '1';

let tokens = 0;

/**
 * The {@link EvictionLog} of one cache in shared memory. Each method runs without a pause from its first look
 * at the store to its announcement, as a script on Redis does. A message has reached every instance when
 * publishing returns, so acknowledgements need no waiting.
 */
export class EmbeddedEvictionLog implements EvictionLog {
  readonly #options: EmbeddedEvictionLogOptions;

  constructor(options: EmbeddedEvictionLogOptions) {
    this.#options = options;
  }

  async acquire(requests: readonly LeaseRequest[]): Promise<readonly FillLease[]> {
    return requests.map((request) => this.#acquire(request));
  }

  #acquire({ key, drops, youngerThanMs, wantsOld }: LeaseRequest): FillLease {
    const { store, origin, fillLeaseMs } = this.#options;
    if (drops === true) store.entries.delete(key);
    const raw = store.entries.get(key);
    if (raw !== undefined && counts(raw, youngerThanMs)) return { kind: 'present', entry: raw };
    if (store.intents.withholds(key)) return { kind: 'withheld' };
    const old = wantsOld === true && raw !== undefined ? { old: raw } : {};
    const held = store.leases.get(key);
    if (held !== undefined && held.endsAt > Date.now()) return { kind: 'busy', ...old };
    const token = `${origin}|${(tokens += 1).toString(36)}`;
    const since = store.seq;
    store.leases.set(key, { token, since, endsAt: Date.now() + fillLeaseMs });
    this.#fills();
    return { kind: 'granted', token, since, ...old };
  }

  async fill(entries: readonly FillEntry[]): Promise<readonly boolean[]> {
    return entries.map((entry) => this.#fill(entry));
  }

  #fill({ key, token, raw, ttlMs }: FillEntry): boolean {
    const { store } = this.#options;
    const held = store.leases.get(key);
    if (held?.token !== token || held.endsAt <= Date.now()) return false;
    store.leases.delete(key);
    this.#store({ key, raw, ttlMs }, held.since);
    return true;
  }

  /** Stores the entry with its end, as the script on the server does. */
  #store({ key, raw, ttlMs }: PutEntry, since: number): void {
    const { store, tags } = this.#options;
    const end = Date.now() + ttlMs;
    store.entries.set(key, ended(tags === undefined ? raw : stamped(raw, since), end), end);
  }

  /** An instance without tags is allowed to store something. */
  #fills(): void {
    if (this.#options.tags === undefined) this.#options.store.isPure = false;
  }

  async release(held: readonly HeldLease[]): Promise<void> {
    const { leases } = this.#options.store;
    for (const { key, token } of held) if (leases.get(key)?.token === token) leases.delete(key);
  }

  async put(entries: readonly PutEntry[]): Promise<PutReceipt> {
    const { store } = this.#options;
    let withheld = 0;
    for (const entry of entries) {
      const { key } = entry;
      store.leases.delete(key);
      store.entries.delete(key);
      if (store.intents.withholds(key)) withheld += 1;
      else this.#store(entry, store.seq + 1);
    }
    this.#fills();
    await this.#announce(
      'put',
      entries.map(({ key }) => key),
    );
    return { withheld };
  }

  async putIfAbsent(entry: PutEntry): Promise<string | undefined> {
    const present = this.#options.store.entries.get(entry.key);
    if (present !== undefined && counts(present)) return present;
    await this.put([entry]);
    return undefined;
  }

  async evict(eviction: Eviction, acks: boolean, intent?: IntentChange): Promise<EvictionReceipt> {
    if (eviction !== 'all' && hasTags(eviction)) {
      await this.#evictTags(eviction.tags);
      return { removed: -1, acknowledged: acks ? Promise.resolve() : undefined };
    }
    if (intent !== undefined) this.#options.store.intents.change(eviction, intent);
    const removed = eviction === 'all' ? this.#removeAll() : this.#remove(eviction.keys);
    await (eviction === 'all' ? this.#announce('clear', []) : this.#announce('evict', eviction.keys));
    return { removed, acknowledged: acks ? Promise.resolve() : undefined };
  }

  async renewIntent(eviction: Withheld, intent: IntentChange): Promise<boolean> {
    const { intents } = this.#options.store;
    if (!intents.has(eviction, intent.token)) return false;
    intents.change(eviction, intent);
    return true;
  }

  async isWithheld(key: string): Promise<boolean> {
    return this.#options.store.intents.withholds(key);
  }

  #remove(keys: readonly string[]): number {
    const { entries, leases } = this.#options.store;
    let removed = 0;
    for (const key of keys) {
      if (entries.delete(key)) removed += 1;
      leases.delete(key);
    }
    return removed;
  }

  #removeAll(): number {
    const { store } = this.#options;
    store.entries.clear();
    store.leases.clear();
    store.isPure = true;
    return -1;
  }

  #evictTags(tags: readonly string[]): Promise<void> {
    const { store } = this.#options;
    if (!store.isPure) this.#removeAll(); // What instances without tags have stored says nothing of tags.
    store.tags.evicted(tags, store.seq + 1);
    this.#options.tags?.evicted(tags, store.seq + 1, 'reply');
    return this.#announce('evictTagged', [], tags);
  }

  async readTags(tags: readonly string[]): Promise<TagNumbers> {
    return this.#options.store.tags.numbersOf(tags);
  }

  async readCurrent(keys: readonly string[]): Promise<(string | undefined)[]> {
    return keys.map((key) => this.#options.store.entries.get(key));
  }

  /**
   * Delivers before its first pause. Rejects after the instance was stopped, because it can no longer tell
   * the others.
   */
  async #announce(op: EvictionMessage['op'], keys: readonly string[], tags?: readonly string[]): Promise<void> {
    const { store, namespace, cache, channel, origin, publish } = this.#options;
    const seq = (store.seq += 1);
    const at = Date.now() * 1_000;
    await publish(channel, formatMessage({ ns: namespace, cache, seq, gen: EMBEDDED_GENERATION, at, op, keys, tags, origin }));
  }
}

/** Whether an entry counts as present, as on the server: its life has not ended, and it is young enough. */
function counts(raw: string, ageMs?: Milliseconds): boolean {
  if (ageMs === 0) return false;
  const lives = livesIn(raw);
  if (lives === undefined) return true;
  const now = Date.now();
  return now < lives.freshUntil && (ageMs === undefined || now - lives.writtenAt < ageMs);
}
