import type { RemoteTime } from '../cache/index.js';
import type { Clock, Milliseconds } from '../time/index.js';

/**
 * The most entries an embedded cache keeps in its remote tier; beyond, the oldest are dropped. The memory of
 * a process is no server.
 */
export const EMBEDDED_MAXIMUM_SIZE = 10_000;

/**
 * The clock that ends embedded entries and leases, as a server's does, for an instance with a clock of its
 * own. It is `Date`, which tests may fake.
 */
export const embeddedTime = (clock: Clock): RemoteTime => ({ earliest: (epochMs) => epochMs - Date.now() + clock.now() });

/** One cache in shared memory: raw entries, fill leases, and the numbering of its messages. */
export class EmbeddedStore {
  readonly entries = new EmbeddedEntries();
  readonly leases = new Map<string, { readonly token: string; readonly endsAt: Milliseconds }>();
  seq = 0;
}

/** Raw entries that expire by themselves. Keyv reads them as it reads a `Map`. */
class EmbeddedEntries {
  readonly #entries = new Map<string, { readonly raw: string; readonly endsAt: Milliseconds }>();

  /** Entries held, including expired ones that nobody has read since. */
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

  /** `true` if it was there, and had not expired. */
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
