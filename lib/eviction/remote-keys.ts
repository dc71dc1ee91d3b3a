/** The names of one cache's keys on Redis. Namespace and cache names hold no `:`, so no two caches can share a key. */
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

  /** Where the right to fill `key` lies. */
  lease(generation: string, key: string): string {
    return `${this.#prefix}:${generation}:lease::${key}`;
  }
}

/** The private channel of an instance: its heartbeats come back, and acknowledgements come in, on it. */
export const inboxOf = (namespace: string, origin: string): string => `${namespace}:inbox:${origin}`;

/** What an instance without caches writes, so that its heartbeat proves its rights. It ends by itself. */
export const aliveKey = (namespace: string): string => `${namespace}:alive`;

/** The namespace of those who choose none. */
export const DEFAULT_NAMESPACE = 'cache';

/** Where evictions are announced by default: `book-channel`; other namespaces and databases keep out of its way, for Pub/Sub knows neither. */
export function defaultTopic(namespace: string, cache: string, database: number): string {
  const prefix = namespace === DEFAULT_NAMESPACE ? '' : `${namespace}:`;
  return `${prefix}${cache}-channel${database === 0 ? '' : `@${database}`}`;
}
