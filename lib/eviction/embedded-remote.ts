import { Generation, type RemoteTime } from '../cache/index.js';
import type { Clock } from '../time/index.js';
import { EMBEDDED_GENERATION, EmbeddedEvictionLog, type EmbeddedEvictionLogOptions } from './embedded-eviction-log.js';
import { EmbeddedStore, embeddedTime } from './embedded-store.js';

/** What a log in shared memory is made of, beside what the memory knows. */
type LogOptions = Omit<EmbeddedEvictionLogOptions, 'store' | 'namespace'>;

/**
 * What several instances of one process share instead of Redis: one per namespace, gone with the last
 * instance that uses it.
 */
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

  /** Of the keys of a cache. It never changes. */
  static generation(): Generation {
    return new Generation(EMBEDDED_GENERATION);
  }

  /** When entries end, for an instance with this clock. */
  static time(clock: Clock): RemoteTime {
    return embeddedTime(clock);
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

  /** Whether an instance has made this cache. Only then anything can be stored of it. */
  has(cache: string): boolean {
    return this.#caches.has(cache);
  }

  /** Writes and announces for a cache that the instance keeps. */
  log(options: LogOptions): EmbeddedEvictionLog {
    return new EmbeddedEvictionLog({ ...options, namespace: this.#namespace, store: this.store(options.cache) });
  }

  /**
   * The same for a cache that the instance does not keep. If no instance keeps it, there is nothing to evict,
   * and an eviction must not create it.
   */
  passingLog(options: LogOptions): EmbeddedEvictionLog {
    const nothing = new EmbeddedStore();
    const find = (): EmbeddedStore => (this.has(options.cache) ? this.store(options.cache) : nothing);
    return new EmbeddedEvictionLog({
      ...options,
      namespace: this.#namespace,
      get store() {
        return find();
      },
    });
  }

  /** One user less. The last one takes the memory with it. */
  release(user: string): void {
    this.#users.splice(this.#users.indexOf(user), 1);
    if (this.#users.length === 0) EmbeddedRemote.#shared.delete(this.#namespace);
  }
}
