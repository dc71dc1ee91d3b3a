import type { Clock, Milliseconds } from '../../time/index.js';
import { UNREADABLE, type ValueCodec } from '../value/codec.js';

/** An entry of the remote tier, as one instance reads it. */
export interface RemoteEntry {
  readonly value: unknown;
  /**
   * The latest time at which its life ends, on the instance's clock. `undefined`: the end is not known, so
   * the local tier must not keep the entry.
   */
  readonly endsAt: Milliseconds | undefined;
}

/** What a read finds under a key: an entry, nothing, or an entry that cannot be read. */
export type Reading = RemoteEntry | typeof UNREADABLE | undefined;

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

  constructor({ codec, clock, time }: EntryCodecOptions) {
    this.#codec = codec;
    this.#clock = clock;
    this.#time = time;
  }

  /** Like {@link ValueCodec.encode}, for a value that lives for `life` after it is stored. */
  encode(value: unknown, life: Milliseconds): string {
    return this.#codec.encode(value, life);
  }

  /** Decodes an entry that has just arrived; see {@link ValueCodec.read}. */
  read(raw: string): RemoteEntry | typeof UNREADABLE {
    const entry = this.#codec.read(raw);
    if (entry === UNREADABLE) return entry;
    const { value, life, end } = entry;
    const endsAt = life === undefined || end === undefined ? undefined : this.#time.earliest(end);
    return { value, endsAt: endsAt === undefined ? undefined : Math.min(endsAt, this.#clock.now() + (life as Milliseconds)) };
  }
}
