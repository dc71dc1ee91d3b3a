import type { Clock, Milliseconds } from '../../time/index.js';
import { UNREADABLE, type ValueCodec } from '../value/codec.js';

/** An entry of the remote tier, as one instance reads it. */
export interface RemoteEntry {
  readonly value: unknown;
  /** When its life is over at the latest, on the instance's clock. `undefined`: nobody can say, so the local tier must not keep it. */
  readonly endsAt: Milliseconds | undefined;
}

/** What is found under a key: an entry, nothing, or something that is no entry. */
export type Reading = RemoteEntry | typeof UNREADABLE | undefined;

/** The clock that ends entries: the server's, as far as an instance knows it. */
export interface RemoteTime {
  /** When that clock will show `epochMs`, on the instance's clock and at the earliest. `undefined`: not known. */
  earliest(epochMs: Milliseconds): Milliseconds | undefined;
}

/** What an {@link EntryCodec} is made of. */
export interface EntryCodecParts {
  readonly codec: ValueCodec;
  /** The instance's. */
  readonly clock: Clock;
  readonly time: RemoteTime;
}

/**
 * Values with their lives, between one instance and one server.
 *
 * No wall clock of an instance occurs in it, neither the writer's nor the reader's. The server writes when an entry ends, by the clock that
 * ends it there; a reader translates that to its own monotonic clock, by its estimate of the server's. Whatever becomes of the estimate
 * (a server's clock is set, a machine sleeps), from the moment it was read an entry has never more than its whole life left.
 */
export class EntryCodec {
  readonly #codec: ValueCodec;
  readonly #clock: Clock;
  readonly #time: RemoteTime;

  constructor({ codec, clock, time }: EntryCodecParts) {
    this.#codec = codec;
    this.#clock = clock;
    this.#time = time;
  }

  /** As {@link ValueCodec.encode}, of a value that is to live so long from when it is stored. */
  encode(value: unknown, life: Milliseconds): string {
    return this.#codec.encode(value, life);
  }

  /** An entry that has just arrived; as {@link ValueCodec.read}. */
  read(raw: string): RemoteEntry | typeof UNREADABLE {
    const entry = this.#codec.read(raw);
    if (entry === UNREADABLE) return entry;
    const { value, life, end } = entry;
    const endsAt = life === undefined || end === undefined ? undefined : this.#time.earliest(end);
    return { value, endsAt: endsAt === undefined ? undefined : Math.min(endsAt, this.#clock.now() + (life as Milliseconds)) };
  }
}
