import {
  ALL_KEYS,
  type IntentChange,
  MAXIMUM_TAGS_NOTED,
  placeOf,
  placesOf,
  type RemoteTime,
  type TagNumbers,
  type Withheld,
} from '../cache/index.js';
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
  readonly leases = new Map<string, { readonly token: string; readonly since: number; readonly endsAt: Milliseconds }>();
  readonly intents = new EmbeddedIntents();
  readonly tags = new EmbeddedTags();
  seq = 0;
  /** Whether only instances with tags were allowed to store something since it was cleared. */
  isPure = true;
}

/** When the tags of one cache were evicted last. */
class EmbeddedTags {
  readonly #numbers = new Map<string, number>();
  #floor = 0;

  evicted(tags: readonly string[], number: number): void {
    for (const tag of tags) {
      this.#numbers.delete(tag);
      this.#numbers.set(tag, number);
    }
    if (this.#numbers.size <= MAXIMUM_TAGS_NOTED) return;
    for (const [tag, oldest] of this.#numbers) {
      this.#numbers.delete(tag);
      this.#floor = oldest;
      if (this.#numbers.size <= 0.9 * MAXIMUM_TAGS_NOTED) break;
    }
  }

  numbersOf(tags: readonly string[]): TagNumbers {
    return { floor: this.#floor, numbers: tags.map((tag) => this.#numbers.get(tag)) };
  }
}

/** The write intents of one cache, by place. */
class EmbeddedIntents {
  readonly #intents = new Map<string, Map<string, Milliseconds>>();

  /** Whether a write of the key, or of everything, is under way. */
  withholds(key: string): boolean {
    return this.#intents.size > 0 && (this.#isSet(ALL_KEYS) || this.#isSet(placeOf(key)));
  }

  /** Whether this intent holds on all that is evicted. */
  has(eviction: Withheld, token: string): boolean {
    return placesOf(eviction).every((place) => (this.#intents.get(place)?.get(token) ?? 0) > Date.now());
  }

  change(eviction: Withheld, { token, until }: IntentChange): void {
    for (const place of placesOf(eviction)) {
      const intents = this.#intents.get(place) ?? new Map<string, Milliseconds>();
      if (until === 'end') intents.delete(token);
      else intents.set(token, Date.now() + until);
      this.#intents.set(place, intents);
      this.#isSet(place); // Forgets what has ended.
    }
  }

  #isSet(place: string): boolean {
    const intents = this.#intents.get(place);
    if (intents === undefined) return false;
    for (const [token, endsAt] of intents) if (endsAt <= Date.now()) intents.delete(token);
    if (intents.size === 0) this.#intents.delete(place);
    return intents.size > 0;
  }
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
