// The names of every key and channel on Redis, but for those of `fleet/`. Namespaces and cache names hold no
// `:`. On a Redis Cluster each bucket has a namespace of its own, `{app:0}`, `{app:1}`, …: see
// `cluster-slots.ts`.

/**
 * The edition of the protocol. It is part of every key, and of every message, so two editions never read each
 * other's data. To be raised when an older reader would misread what a newer one writes.
 */
export const EDITION = 2;

/** The names of one cache's keys. No two caches share a key. */
export class RemoteKeys {
  /** Number, generation and run id: see `CacheState`. */
  readonly state: string;
  /** Of the namespace: which instances are alive, and since when that is known. */
  readonly members: string;
  /** Of the namespace: which of them has which caches. */
  readonly hosts: string;
  /**
   * Which keys are being written, and by whom. Outside of the generation, so that a clear by somebody else
   * leaves them there.
   */
  readonly intents: string;
  /** When each tag was evicted last: see `TAGS` in `script-prelude.ts`. */
  readonly tags: string;
  readonly #prefix: string;

  constructor(namespace: string, cache: string) {
    this.#prefix = `${namespace}:${EDITION}:${cache}`;
    this.state = `${this.#prefix}:state`;
    this.members = membersKey(namespace);
    this.hosts = hostsKey(namespace);
    this.intents = `${this.#prefix}:intents`;
    this.tags = `${this.#prefix}:tags`;
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

/** Matches the states of all caches of all namespaces, as SCAN matches. */
export const ALL_STATES = `*:${EDITION}:*:state`;

/** Whose state lies under `key`. `undefined`: it is no state. */
export function ownerOfState(key: string): { readonly namespace: string; readonly cache: string } | undefined {
  const [namespace, edition, cache, kind, ...more] = key.split(':');
  if (namespace === undefined || edition !== String(EDITION) || cache === undefined || kind !== 'state' || more.length > 0)
    return undefined;
  return { namespace, cache };
}

/** Where the list of the living is kept. Each of them writes to it with every heartbeat. */
export const membersKey = (namespace: string): string => `${namespace}:${EDITION}:members`;

/** Where each instance says which caches it has. */
export const hostsKey = (namespace: string): string => `${namespace}:${EDITION}:hosts`;

/** Where the number of buckets is written down. @param namespace - of the first bucket. */
export const bucketsKey = (namespace: string): string => `${namespace}:${EDITION}:buckets`;

/**
 * The private channel of an instance. The echoes of its heartbeats and the acknowledgements of its evictions
 * arrive on it.
 */
export const inboxOf = (namespace: string, origin: string): string => `${namespace}:inbox:${origin}`;

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
