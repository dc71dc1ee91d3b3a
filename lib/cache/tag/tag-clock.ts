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

/** The last eviction of a tag that was heard of. */
interface LastEviction {
  number: number;
  /** The moment at which it was heard of. */
  readonly at: number;
  /** Its number, if a reply told of it. */
  readonly replied: number | undefined;
}

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
 *
 * Of a load that took no fill lease, no reply names a number. The numbers in messages do not serve, because
 * anybody may make up a message: one from the future would hide the evictions before it. Such a load is
 * judged by what this instance has heard of since it began: see {@link moment}.
 */
export class TagClock {
  readonly #clock: Clock;
  readonly #numberNow: (() => number) | undefined;
  /** By tag, in the order in which they were heard of. */
  readonly #evicted = new Map<string, LastEviction>();
  /** Tag → the number that the remote tier has told since the clock began to be complete; `0`: none. */
  readonly #asked = new Map<string, number>();
  /** Entries from before this number count as evicted. */
  #floor = 0;
  /** What was loaded before this moment counts as evicted. */
  #momentFloor = 0;
  #moment = 0;
  /** Every eviction after this number was heard. `Infinity`: that is not known yet. */
  #knownFrom = Infinity;
  /** The highest number in a message, and in a reply. */
  #mostTold = 0;
  #mostReplied = 0;
  #servableUntil: Milliseconds = -Infinity;
  #version = 0;
  #era = 0;

  /**
   * @param clock - of the instance, for the read lease.
   * @param numberNow - the number of the last eviction, where no message is ever missed. Default:
   *   {@link heard} tells.
   */
  constructor(clock: Clock, numberNow?: () => number) {
    this.#clock = clock;
    this.#numberNow = numberNow;
    this.missed();
  }

  /** The time on the clock of the instance. */
  get now(): Milliseconds {
    return this.#clock.now();
  }

  /** Grows with every eviction of tags that is heard of. */
  get moment(): number {
    return this.#moment;
  }

  /** Changes whenever messages may have been missed. */
  get version(): number {
    return this.#version;
  }

  /** Changes with the generation: what was loaded in one cannot be judged in another. */
  get era(): number {
    return this.#era;
  }

  /**
   * These tags were evicted with this number.
   *
   * @param source - what tells so: the reply to an own eviction, its message, or (default) another message.
   */
  evicted(tags: readonly string[], number: number, source: 'reply' | 'own' | 'other' = 'other'): void {
    const replied = source === 'reply' ? number : undefined;
    if (replied === undefined) this.#mostTold = Math.max(this.#mostTold, number);
    else this.#mostReplied = Math.max(this.#mostReplied, number);
    const at = (this.#moment += 1);
    for (const tag of tags) {
      const before = this.#evicted.get(tag);
      if (source === 'own' && before?.replied === number) continue; // After the reply, the message is no news.
      this.#evicted.delete(tag);
      this.#evicted.set(tag, { number: Math.max(number, before?.number ?? 0), at, replied });
    }
    if (this.#evicted.size > MAXIMUM_TAGS_NOTED) this.#forgetSome();
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
    this.#floor = this.#momentFloor = this.#mostTold = this.#mostReplied = 0;
    this.missed();
  }

  /**
   * The instance has heard every message up to this number since {@link missed}, and hears those that follow.
   * A message that named a higher one was made up, unless a reply has named it too.
   */
  heard(number: number): void {
    if (this.#knownFrom === Infinity) this.#knownFrom = number;
    const most = Math.max(number, this.#mostReplied);
    if (this.#mostTold > most) this.#lower(most);
  }

  /** Sets the read lease of the primary. Until then, what was heard is complete within the bound. */
  holdLeaseUntil(time: Milliseconds): void {
    this.#servableUntil = time;
  }

  /** Whether one of these tags is known to have been evicted after this number. */
  isOvertaken(tags: readonly string[], since: number): boolean {
    return tags.length > 0 && (since < this.#floor || tags.some((tag) => this.#numberOf(tag) > since));
  }

  /**
   * Whether one of these tags may have been evicted after this number: as {@link isOvertaken}, and also if
   * messages may have been missed since.
   */
  mayBeOvertaken(tags: readonly string[], since: number): boolean {
    if (tags === ANY_TAG) return !this.isComplete(since) || Math.max(this.#mostTold, this.#mostReplied) > since;
    return tags.length > 0 && (!this.isComplete(since) || this.isOvertaken(tags, since));
  }

  /** Whether an eviction of one of these tags was heard of after this {@link moment}. */
  isEvictedAfter(tags: readonly string[], moment: number): boolean {
    if (tags === ANY_TAG) return this.#moment > moment;
    return tags.length > 0 && (moment < this.#momentFloor || tags.some((tag) => (this.#evicted.get(tag)?.at ?? 0) > moment));
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

  #numberOf(tag: string): number {
    return Math.max(this.#evicted.get(tag)?.number ?? 0, this.#asked.get(tag) ?? 0);
  }

  #remember(tags: readonly string[], floor: number, numbers: TagNumbers['numbers']): void {
    this.#floor = Math.max(this.#floor, floor);
    if (this.#asked.size + tags.length > MAXIMUM_TAGS_NOTED) this.#asked.clear();
    tags.forEach((tag, i) => this.#asked.set(tag, numbers[i] ?? 0));
    this.#mostReplied = Math.max(this.#mostReplied, floor, ...numbers.map((number) => number ?? 0));
  }

  /** No eviction had a number above this one. */
  #lower(most: number): void {
    for (const eviction of this.#evicted.values()) eviction.number = Math.min(eviction.number, most);
    this.#floor = Math.min(this.#floor, most);
    this.#mostTold = most;
  }

  #forgetSome(): void {
    for (const [tag, { number, at }] of this.#evicted) {
      this.#evicted.delete(tag);
      this.#floor = Math.max(this.#floor, number);
      this.#momentFloor = Math.max(this.#momentFloor, at);
      if (this.#evicted.size <= MAXIMUM_TAGS_NOTED - FORGOTTEN_AT_ONCE) break;
    }
  }
}
