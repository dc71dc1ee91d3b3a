import type { Clock, Milliseconds } from '../time/index.js';

interface Sample {
  readonly roundTripMs: Milliseconds;
  /** Server's time minus ours, if the answer was made half-way between question and receipt. */
  readonly offsetMs: Milliseconds;
}

/**
 * How many of the newest samples the best is chosen from: 16 seconds of heartbeats at the default bound.
 * Clocks drift, so old samples are dropped.
 */
const WINDOW = 64;

/**
 * Two samples that contradict each other by more than this show that a clock was set, or that a machine
 * slept.
 */
const DRIFT_MS: Milliseconds = 1;

/**
 * An estimate of the server's clock, from the answers to heartbeats. Of the newest samples, the one with the
 * shortest round trip is believed: its error is at most half of that (Cristian [1]; NTP's clock filter [2]
 * chooses likewise). A sample that contradicts the best one discards all earlier ones: a clock was set, or
 * the machine slept.
 *
 * It serves figures for people (how late a message was applied), and tells when entries of the remote tier
 * end. The bound on the age of a read does not rest on it. Nor does the rule that an entry that was read
 * lives no longer than its life from then on (see `EntryCodec`).
 *
 * [1] F. Cristian, "Probabilistic clock synchronization", Distributed Computing 3 (1989)
 * [2] RFC 5905, section 10
 */
export class ServerClock {
  readonly #clock: Clock;
  #samples: Sample[] = [];
  #best: Sample | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Inside one process sender and receiver read the same clock. */
  static ofThisProcess(): ServerClock {
    const clock = new ServerClock({ now: Date.now });
    clock.sample(0, 0, 0);
    return clock;
  }

  /** The server answered a question with its time. @param sentAt - by our clock, as is `receivedAt`. */
  sample(sentAt: Milliseconds, receivedAt: Milliseconds, serverMs: Milliseconds): void {
    const roundTripMs = receivedAt - sentAt;
    if (!Number.isFinite(serverMs) || roundTripMs < 0) return;
    const offsetMs = serverMs - (sentAt + roundTripMs / 2);
    const best = this.#best;
    if (best !== undefined && Math.abs(offsetMs - best.offsetMs) > (roundTripMs + best.roundTripMs) / 2 + DRIFT_MS) this.reset();
    this.#samples.push({ roundTripMs, offsetMs });
    if (this.#samples.length > WINDOW) this.#samples.shift();
    this.#best = this.#samples.reduce((best, next) => (next.roundTripMs <= best.roundTripMs ? next : best));
  }

  /** Forgets everything: from now on another server, with another clock, may answer. */
  reset(): void {
    this.#samples = [];
    this.#best = undefined;
  }

  /** The server's time now, since the epoch; `undefined` before the first sample. */
  now(): Milliseconds | undefined {
    return this.#best === undefined ? undefined : this.#clock.now() + this.#best.offsetMs;
  }

  /**
   * When the server's clock will show `serverMs`, on ours and at the earliest. `undefined` before the first
   * sample.
   */
  earliest(serverMs: Milliseconds): Milliseconds | undefined {
    const best = this.#best;
    return best === undefined ? undefined : serverMs - best.offsetMs - best.roundTripMs / 2;
  }

  /** The estimate can be wrong by this much in either direction. `undefined` before the first sample. */
  get uncertaintyMs(): Milliseconds | undefined {
    return this.#best === undefined ? undefined : this.#best.roundTripMs / 2;
  }

  /** How long ago `micros` of the server's clock was; never negative. `undefined` when it is not known. */
  lagOf(micros: number | undefined): Milliseconds | undefined {
    const now = this.now();
    return now === undefined || micros === undefined ? undefined : Math.max(0, now - micros / 1_000);
  }
}
