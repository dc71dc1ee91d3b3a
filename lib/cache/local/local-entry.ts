import type { Milliseconds } from '../../time/index.js';

/** An entry, as a read finds it. */
export interface LocalEntry {
  readonly value: unknown;
  /** On the scale of the {@link Clock}. `Infinity`: never. */
  readonly expiresAt: Milliseconds;
}

/** Of an entry that somebody has to look at before its end. */
export interface EntryTimes {
  /** An estimate. */
  readonly writtenAt: Milliseconds;
  /**
   * The end of its life. It may be over: such an entry is not served unless somebody looks
   * (`LocalCache.held`).
   */
  readonly freshUntil: Milliseconds;
  /**
   * From then on it is not served without a look: another value is due. While it is fresh, that is at the end
   * of its life at the latest.
   */
  readonly dueAt: Milliseconds;
  /** It is held until then. */
  readonly keptUntil: Milliseconds;
}

/** An entry of any age, as somebody finds it who looks. */
export interface HeldEntry {
  readonly value: unknown;
  readonly times: EntryTimes;
}
