import type { Milliseconds } from '../../time/index.js';

/** An entry, as a read finds it. */
export interface LocalEntry {
  readonly value: unknown;
  /** On the scale of the {@link Clock}. `Infinity`: never. */
  readonly expiresAt: Milliseconds;
}

/** In place of a value, where there is none to serve. */
export const NO_VALUE = Symbol('no value');

/** Of an entry that somebody has to look at before its end. */
export interface EntryTimes {
  /** An estimate. */
  readonly writtenAt: Milliseconds;
  /**
   * The end of its life. It may be over: such an entry is not served unless somebody looks
   * (`LocalCache.held`).
   */
  readonly freshUntil: Milliseconds;
  /** From then on it is not served without a look: another value is due. */
  readonly dueAt: Milliseconds;
  /** Until then it is served although its life is over: the last attempt to load another value has failed. */
  readonly retryAt: Milliseconds;
  /** It is held until then. */
  readonly keptUntil: Milliseconds;
}

/** An entry of any age, as somebody finds it who looks. */
export interface HeldEntry {
  readonly value: unknown;
  readonly times: EntryTimes;
}
