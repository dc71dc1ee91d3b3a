import type { Clock, Milliseconds } from '../../time/index.js';
import { UNREADABLE, type ValueCodec } from '../value/codec.js';
import type { Life } from '../value/envelope.js';
import type { TagClock } from '../tag/tag-clock.js';
import { type StampedTags, Tagged } from '../tag/tagged.js';

/** An entry of the remote tier, as one instance reads it. */
export interface RemoteEntry {
  readonly value: unknown;
  /**
   * The latest time at which its life ends, on the instance's clock. `undefined`: the end is not known, so
   * the local tier must not keep the entry.
   */
  readonly endsAt: Milliseconds | undefined;
  /** How long its life was when it was written. `undefined`: not known. */
  readonly lifeMs?: Milliseconds | undefined;
  /** How long it is kept after the end of its life, in case that its method fails. */
  readonly staleMs?: Milliseconds | undefined;
  /** In a cache with tags. */
  readonly tagged?: StampedTags | undefined;
  /** What it takes in the remote tier. */
  readonly bytes?: number | undefined;
}

/** In place of an entry that carries a tag which was evicted since its load began. */
export const OVERTAKEN = Symbol('overtaken');

/** In place of an entry whose value has another shape: its writer names another `version`. */
export const OTHER_VERSION = Symbol('other version');

/** What a read finds under a key: an entry, nothing, or an entry that cannot be used. */
export type Reading = RemoteEntry | typeof UNREADABLE | typeof OVERTAKEN | typeof OTHER_VERSION | undefined;

/** The clock by which entries end: the server's clock, as far as an instance knows it. */
export interface RemoteTime {
  /**
   * The earliest time, on the instance's clock, at which the server's clock will show `epochMs`. `undefined`:
   * not known.
   */
  earliest(epochMs: Milliseconds): Milliseconds | undefined;
}

/** What an {@link EntryCodec} needs. */
export interface EntryCodecOptions {
  readonly codec: ValueCodec;
  /** The instance's clock. */
  readonly clock: Clock;
  readonly time: RemoteTime;
  /** Of a cache with tags: entries that say nothing of tags are unreadable then. Default: the others are. */
  readonly tags?: TagClock | undefined;
  /** Of the shape of the values. Default: none, which is a version as well. */
  readonly version?: string | undefined;
}

/**
 * Encodes and decodes values with their lives, between one instance and one server.
 *
 * No wall clock of an instance is used, neither the writer's nor the reader's. The server writes the end of
 * each entry by its own clock, which is also the clock by which it removes the entry. A reader translates
 * this end to its own monotonic clock, using its estimate of the server's clock.
 *
 * The estimate can be wrong: the server's clock is set, or a machine sleeps. Even then, an entry never has
 * more than its whole life left from the moment it was read.
 */
export class EntryCodec {
  readonly #codec: ValueCodec;
  readonly #clock: Clock;
  readonly #time: RemoteTime;
  readonly #tags: TagClock | undefined;
  readonly #version: string | undefined;

  constructor({ codec, clock, time, tags, version }: EntryCodecOptions) {
    this.#codec = codec;
    this.#clock = clock;
    this.#time = time;
    this.#tags = tags;
    this.#version = version;
  }

  /** Like {@link ValueCodec.encode}, for a value that lives for `life` after it is stored. */
  encode(value: unknown, life: Life, tags: readonly string[] = []): string {
    return this.#codec.encode(value, { life, tags: this.#tags && tags, version: this.#version });
  }

  /** Decodes an entry that has just arrived; see {@link ValueCodec.read}. */
  read(raw: string): RemoteEntry | typeof UNREADABLE | typeof OTHER_VERSION {
    const entry = this.#codec.read(raw);
    if (entry === UNREADABLE) return entry;
    const { value, life, stale: staleMs = 0, end, version, tagged } = entry;
    if (version !== this.#version) return OTHER_VERSION;
    const tags = this.#tags;
    if ((tags === undefined) !== (tagged === undefined)) return UNREADABLE;
    const own = tagged === undefined ? undefined : (new Tagged(tagged.tags, tagged.since, tags as TagClock) as StampedTags);
    if (life === undefined) return { value, endsAt: undefined, tagged: own };
    const lifeMs = life - staleMs;
    const earliest = end === undefined ? undefined : this.#time.earliest(end - staleMs);
    const endsAt = earliest === undefined ? undefined : Math.min(earliest, this.#clock.now() + lifeMs);
    return { value, endsAt, lifeMs, staleMs, tagged: own, bytes: Buffer.byteLength(raw) };
  }
}
