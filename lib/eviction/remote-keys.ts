// The names of every key and channel on Redis, but for those of `fleet/`. Namespaces and cache names hold no
// `:`. On a Redis Cluster each bucket has a namespace of its own, `{app:0}`, `{app:1}`, …: see
// `cluster-slots.ts`.

/** The names of one cache's keys. No two caches share a key. */
export class RemoteKeys {
  readonly seq: string;
  readonly gen: string;
  readonly rid: string;
  readonly members: string;
  readonly born: string;
  readonly #prefix: string;

  constructor(namespace: string, cache: string) {
    this.#prefix = `${namespace}:${cache}`;
    this.seq = `${this.#prefix}:seq`;
    this.gen = `${this.#prefix}:gen`;
    this.rid = `${this.#prefix}:rid`;
    this.members = `${this.#prefix}:members`;
    this.born = `${this.#prefix}:born`;
  }

  /** What Keyv calls the namespace: everything before the `::` of a data key. */
  keyvNamespace(generation: string): string {
    return `${this.#prefix}:${generation}`;
  }

  /** Where the value of `key` lies: exactly where Keyv with {@link keyvNamespace} looks. */
  data(generation: string, key: string): string {
    return `${this.#prefix}:${generation}::${key}`;
  }

  /** Where the fill lease of `key` lies. */
  lease(generation: string, key: string): string {
    return `${this.#prefix}:${generation}:lease::${key}`;
  }
}

/**
 * The private channel of an instance. The echoes of its heartbeats and the acknowledgements of its evictions
 * arrive on it.
 */
export const inboxOf = (namespace: string, origin: string): string => `${namespace}:inbox:${origin}`;

/**
 * What the heartbeat of an instance without caches writes, to show that it has the right to write. The key
 * expires by itself.
 */
export const aliveKey = (namespace: string): string => `${namespace}:alive`;

/** Where the number of buckets is written down. @param namespace - of the first bucket. */
export const bucketsKey = (namespace: string): string => `${namespace}:buckets`;

/**
 * The namespace of a bucket. Redis Cluster hashes only what is between the braces, so all its keys and
 * channels are in one slot.
 */
export const bucketNamespace = (tag: string): string => `{${tag}}`;

/** The namespace of programs that choose none. */
export const DEFAULT_NAMESPACE = 'cache';

/**
 * Where the evictions of a cache are announced by default: `book-channel`. The names of other namespaces and
 * databases differ, because Redis' Pub/Sub knows neither.
 */
export function defaultTopic(namespace: string, cache: string, database: number): string {
  const prefix = namespace === DEFAULT_NAMESPACE ? '' : `${namespace}:`;
  return `${prefix}${cache}-channel${database === 0 ? '' : `@${database}`}`;
}
