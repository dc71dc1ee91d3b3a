import type { Milliseconds } from '../time/index.js';

/** How many lags the percentile is computed from. */
export const LAG_WINDOW = 1_024;

/**
 * The lags of the newest messages. Noting one costs one store; the percentile is computed when somebody asks.
 */
export class LagWindow {
  #lags = new Float64Array(0);
  #count = 0;

  /** Notes the lag of one more message. */
  add(lagMs: Milliseconds): void {
    if (this.#lags.length === 0) this.#lags = new Float64Array(LAG_WINDOW);
    this.#lags[this.#count % LAG_WINDOW] = lagMs;
    this.#count += 1;
  }

  /** The newest; `undefined` before the first. */
  get last(): Milliseconds | undefined {
    return this.#count === 0 ? undefined : this.#lags[(this.#count - 1) % LAG_WINDOW];
  }

  /**
   * The smallest lag that at least this share of the newest {@link LAG_WINDOW} messages did not exceed
   * (nearest rank). `undefined` before the first.
   */
  quantile(share: number): Milliseconds | undefined {
    const held = Math.min(this.#count, LAG_WINDOW);
    if (held === 0) return undefined;
    const sorted = this.#lags.slice(0, held).sort();
    return sorted[Math.max(0, Math.ceil(share * held) - 1)];
  }

  /** Forgets all of them. */
  clear(): void {
    this.#count = 0;
  }
}
