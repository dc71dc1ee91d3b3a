import type { Clock, Milliseconds } from '../../time/index.js';

/**
 * How many tags are remembered with the number of their last eviction, on the server and by each instance.
 * What is older than those forgotten counts as evicted.
 */
export const MAXIMUM_TAGS_NOTED = 10_000;

/** The part of the tags that gives way when there are too many. */
const FORGOTTEN_AT_ONCE = MAXIMUM_TAGS_NOTED / 10;

/** Stands for tags that are not known: they may be any. Compared by identity. */
export const ANY_TAG: readonly string[] = Object.freeze(['']);

/** When tags were evicted last, as the remote tier knows it. */
export interface TagNumbers {
  /** Entries from before this number count as evicted. `undefined`: nothing is known, so all do. */
  readonly floor: number | undefined;
  /** The number of the last eviction of each tag; `undefined`: it was not evicted since the floor. */
  readonly numbers: readonly (number | undefined)[];
}

/**
 * When tags were evicted last, as one instance knows it of one primary: by the numbers of eviction messages,
 * not by any time. An entry notes the number of the last eviction before its load began. If one of its tags
 * was evicted with a higher number, it is out of date.
 *
 * The clock is complete from the moment on at which the instance began to hear every message. Of what was
 * evicted before, only the remote tier knows. After a gap, or a lost connection, it begins to be complete
 * anew, and forgets nothing: it may know of an own eviction whose message has not come. In a new generation,
 * all begins anew: numbers of two generations cannot be compared.
 */
export class TagClock {
  readonly #clock: Clock;
  readonly #numberNow: (() => number) | undefined;
  /** Tag → the number of its last eviction. Those that were evicted last come last. */
  readonly #evicted = new Map<string, number>();
  /** Tags whose last eviction the remote tier has told since the clock began. */
  readonly #asked = new Set<string>();
  /** Entries from before this number count as evicted. */
  #floor = 0;
  /** Every eviction after this number was heard. `Infinity`: that is not known yet. */
  #knownFrom = Infinity;
  #latest = 0;
  #lastEvicted = 0;
  #servableUntil: Milliseconds = -Infinity;
  #version = 0;
  #era = 0;

  /**
   * @param clock - of the instance, for the read lease.
   * @param numberNow - the number of the last eviction, where that can be read at any time and no message is
   *   ever missed. Default: {@link heard} tells.
   */
  constructor(clock: Clock, numberNow?: () => number) {
    this.#clock = clock;
    this.#numberNow = numberNow;
    this.missed();
  }

  /**
   * The number of the last eviction, of whatever kind, that was heard of: a load that begins now is newer.
   */
  get latest(): number {
    return this.#numberNow?.() ?? this.#latest;
  }

  /** Changes whenever messages may have been missed. */
  get version(): number {
    return this.#version;
  }

  /** Changes with the generation: what was loaded in one cannot be judged in another. */
  get era(): number {
    return this.#era;
  }

  /** These tags were evicted with this number. */
  evicted(tags: readonly string[], number: number): void {
    this.#latest = Math.max(this.#latest, number);
    this.#lastEvicted = Math.max(this.#lastEvicted, number);
    for (const tag of tags) this.#note(tag, number);
  }

  /** Messages may have been missed: what is known is no longer complete. */
  missed(): void {
    this.#version += 1;
    this.#asked.clear();
    this.#knownFrom = this.#numberNow?.() ?? Infinity;
  }

  /** Another generation begins: its numbers have nothing to do with those before. */
  restart(): void {
    this.#era += 1;
    this.#evicted.clear();
    this.#floor = this.#latest = this.#lastEvicted = 0;
    this.missed();
  }

  /**
   * The instance has heard every message up to this number since {@link missed}, and hears those that follow.
   */
  heard(number: number): void {
    if (this.#knownFrom === Infinity) this.#knownFrom = number;
    this.#latest = Math.max(this.#latest, number);
  }

  /** Sets the read lease of the primary. Until then, what was heard is complete within the bound. */
  holdLeaseUntil(time: Milliseconds): void {
    this.#servableUntil = time;
  }

  /** Whether one of these tags is known to have been evicted after this number. */
  isOvertaken(tags: readonly string[], since: number): boolean {
    return tags.length > 0 && (since < this.#floor || tags.some((tag) => (this.#evicted.get(tag) ?? 0) > since));
  }

  /**
   * Whether one of these tags may have been evicted after this number: as {@link isOvertaken}, and also if
   * messages may have been missed since.
   */
  mayBeOvertaken(tags: readonly string[], since: number): boolean {
    if (tags === ANY_TAG) return !this.isComplete(since) || this.#lastEvicted > since;
    return tags.length > 0 && (!this.isComplete(since) || this.isOvertaken(tags, since));
  }

  /** Whether the remote tier need not be asked which of these tags were evicted after this number. */
  knows(tags: readonly string[], since: number): boolean {
    if (tags.length === 0) return true;
    if (this.#clock.now() > this.#servableUntil) return false;
    return this.isComplete(since) || tags.every((tag) => this.#asked.has(tag));
  }

  /**
   * The remote tier has told when these tags were evicted last. Returns whether an entry of this number is
   * alive.
   *
   * @param version - the {@link version} at which it was asked.
   */
  told(tags: readonly string[], since: number, { floor, numbers }: TagNumbers, version: number): boolean {
    if (floor === undefined) return false;
    if (version === this.#version) this.#remember(tags, floor, numbers);
    if (since < floor || numbers.some((number) => number !== undefined && number > since)) return false;
    return !this.isOvertaken(tags, since); // One may have been evicted after the answer.
  }

  /** Whether every eviction after this number was heard. A spec shows what breaks without this rule. */
  protected isComplete(since: number): boolean {
    return since >= this.#knownFrom;
  }

  #remember(tags: readonly string[], floor: number, numbers: TagNumbers['numbers']): void {
    this.#floor = Math.max(this.#floor, floor);
    if (this.#asked.size + tags.length > MAXIMUM_TAGS_NOTED) this.#asked.clear();
    tags.forEach((tag, i) => {
      this.#asked.add(tag);
      this.#note(tag, numbers[i] ?? 0);
    });
  }

  #note(tag: string, number: number): void {
    if (number <= (this.#evicted.get(tag) ?? 0)) return;
    this.#evicted.delete(tag);
    this.#evicted.set(tag, number);
    if (this.#evicted.size > MAXIMUM_TAGS_NOTED) this.#forgetSome();
  }

  #forgetSome(): void {
    for (const [tag, number] of this.#evicted) {
      this.#evicted.delete(tag);
      this.#floor = Math.max(this.#floor, number);
      if (this.#evicted.size <= MAXIMUM_TAGS_NOTED - FORGOTTEN_AT_ONCE) break;
    }
  }
}
