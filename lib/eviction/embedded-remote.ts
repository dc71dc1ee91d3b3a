import type { RemoteTime } from '../cache/index.js';
import type { Clock, Milliseconds } from '../time/index.js';

/** What several instances of one process share instead of Redis: one per namespace, gone with the last instance that uses it. */
export class EmbeddedRemote {
  static readonly #shared = new Map<string, EmbeddedRemote>();
  readonly #caches = new Map<string, EmbeddedStore>();
  readonly #namespace: string;
  readonly #users: string[] = [];

  private constructor(namespace: string) {
    this.#namespace = namespace;
  }

  /** The shared memory of `namespace`, for the instance of this name. Give it back with {@link release}. */
  static of(namespace: string, user: string): EmbeddedRemote {
    let remote = this.#shared.get(namespace);
    if (remote === undefined) this.#shared.set(namespace, (remote = new EmbeddedRemote(namespace)));
    remote.#users.push(user);
    return remote;
  }

  /** How many instances of this name use it. */
  usersCalled(name: string): number {
    return this.#users.filter((user) => user === name).length;
  }

  /** What is stored of one cache. */
  store(cache: string): EmbeddedStore {
    let store = this.#caches.get(cache);
    if (store === undefined) this.#caches.set(cache, (store = new EmbeddedStore()));
    return store;
  }

  /** Whether anything could be stored of this cache: an instance has made it. */
  has(cache: string): boolean {
    return this.#caches.has(cache);
  }

  /** One user less; the last one takes the memory with it. */
  release(user: string): void {
    this.#users.splice(this.#users.indexOf(user), 1);
    if (this.#users.length === 0) EmbeddedRemote.#shared.delete(this.#namespace);
  }
}

/** The most entries an embedded cache keeps in its remote tier; beyond, the oldest go. A process's memory is no server. */
export const EMBEDDED_MAXIMUM_SIZE = 10_000;

/** The clock that ends embedded entries and leases, as a server's does, for an instance with a clock of its own: `Date`, which tests may fake. */
export const embeddedTime = (clock: Clock): RemoteTime => ({ earliest: (epochMs) => epochMs - Date.now() + clock.now() });

/** One cache in shared memory: raw entries, fill leases, and the numbering of its messages. */
export class EmbeddedStore {
  readonly entries = new EmbeddedEntries();
  readonly leases = new Map<string, { readonly token: string; readonly endsAt: Milliseconds }>();
  seq = 0;
}

/** Raw entries that end by themselves; Keyv reads them as it reads a `Map`. */
export class EmbeddedEntries {
  readonly #entries = new Map<string, { readonly raw: string; readonly endsAt: Milliseconds }>();

  /** Entries held, dead ones not yet found included. */
  get size(): number {
    return this.#entries.size;
  }

  keys(): IterableIterator<string> {
    return this.#entries.keys();
  }

  get(key: string): string | undefined {
    return this.#alive(key);
  }

  /** Stores `raw` and makes room for it. @param endsAt - by `Date`. Default: never. */
  set(key: string, raw: string, endsAt: Milliseconds = Infinity): void {
    this.#entries.delete(key);
    this.#entries.set(key, { raw, endsAt });
    if (this.#entries.size > EMBEDDED_MAXIMUM_SIZE) this.#entries.delete(this.#entries.keys().next().value as string);
  }

  /** `true` if it was there, and alive. */
  delete(key: string): boolean {
    const isAlive = this.#alive(key) !== undefined;
    this.#entries.delete(key);
    return isAlive;
  }

  clear(): void {
    this.#entries.clear();
  }

  #alive(key: string): string | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.endsAt > Date.now()) return entry?.raw;
    this.#entries.delete(key);
    return undefined;
  }
}
