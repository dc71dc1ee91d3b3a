/** Keys known to be gone that are remembered by name. */
const MAXIMUM_GONE = 1_000;
/** How much of the past one look-up takes the place of. */
const WEIGHT = 1 / 16;
/** With this share of misses, asking for the fill lease at once saves more round trips than it costs the server. */
const THRESHOLD = 0.25;

/**
 * Guesses whether the remote tier holds a key, to save a round trip. A hit is cheapest as a plain GET; a miss is not: after a GET in vain
 * the fill lease must be asked for. That script answers a value as well if there is one, in one round trip too, but costs the server
 * as much again as the GET. So a GET comes first unless the key is known to be gone (an eviction just removed it, or its copy in the
 * local tier has ended) or misses prevail.
 *
 * A wrong guess costs a round trip or a little of the server's time, and is never wrong about what is stored.
 */
export class MissForecast {
  readonly #gone = new Set<string>();
  #rate = 0;

  /** Whether a miss is to be expected. */
  expectsMiss(key: string): boolean {
    return this.#rate > THRESHOLD || this.#gone.has(key);
  }

  /** How a look-up came out. */
  saw(key: string, isMiss: boolean): void {
    if (this.#gone.delete(key)) return; // Says nothing about the others.
    this.#rate += ((isMiss ? 1 : 0) - this.#rate) * WEIGHT;
  }

  /** The remote tier has these keys no longer: they were evicted, or have ended. */
  gone(keys: readonly string[]): void {
    if (this.#gone.size + keys.length > MAXIMUM_GONE) this.#gone.clear();
    for (const key of keys.slice(0, MAXIMUM_GONE)) this.#gone.add(key);
  }
}
