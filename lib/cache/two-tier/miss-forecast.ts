/** How many keys that are known to be gone are remembered. */
const MAXIMUM_GONE = 1_000;
/** How much one look-up counts, in comparison with all before it. */
const WEIGHT = 1 / 16;
/**
 * From this share of misses on, asking for the fill lease at once saves more round trips than it costs the
 * server.
 */
const THRESHOLD = 0.25;

/**
 * Guesses whether the remote tier holds a key, to save a round trip.
 *
 * A plain GET is the cheapest way to a hit. After a miss, the fill lease must be asked for as well. The
 * script for the lease also returns the value if there is one, in one round trip too, but it costs the server
 * as much again as the GET. So a GET comes first, unless the key is known to be gone (an eviction has just
 * removed it, or its copy in the local tier has ended) or misses prevail.
 *
 * Measured: with an expected miss, a load takes 1.32 times as long as two raw round trips, and 1.82 times as
 * long without (p50).
 *
 * A wrong guess costs a round trip or a little of the server's time. It never makes an answer wrong.
 */
export class MissForecast {
  readonly #gone = new Set<string>();
  #rate = 0;

  /** Whether a miss is to be expected. */
  expectsMiss(key: string): boolean {
    return this.#rate > THRESHOLD || this.#gone.has(key);
  }

  /** Reports how a look-up came out. */
  saw(key: string, isMiss: boolean): void {
    if (this.#gone.delete(key)) return; // This tells nothing about other keys.
    this.#rate += ((isMiss ? 1 : 0) - this.#rate) * WEIGHT;
  }

  /** The remote tier no longer holds these keys: they were evicted, or their life has ended. */
  gone(keys: readonly string[]): void {
    if (this.#gone.size + keys.length > MAXIMUM_GONE) this.#gone.clear();
    for (const key of keys.slice(0, MAXIMUM_GONE)) this.#gone.add(key);
  }
}
