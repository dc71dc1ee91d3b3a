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

/** One cache in shared memory: raw entries as Keyv keeps them in a Map, fill leases, and the numbering of its messages. */
export class EmbeddedStore {
  readonly entries = new Map<string, string>();
  readonly leases = new Map<string, { readonly token: string; readonly untilEpochMs: number }>();
  seq = 0;

  /** Stores `raw` and makes room for it. */
  set(key: string, raw: string): void {
    this.entries.delete(key);
    this.entries.set(key, raw);
    if (this.entries.size > EMBEDDED_MAXIMUM_SIZE) this.entries.delete(this.entries.keys().next().value as string);
  }
}
