import type { Milliseconds } from '../../lib/time/index.js';
import { monotonicNow } from './monotonic.js';

const TICK_MS = 5;
/** A tick this late is the machine's business; later, the loop stood still. */
const LATE_MS = 5;
const KEPT_MS = 30_000;

/**
 * Knows when this process did not run: its event loop was blocked, it was stopped by a signal, or the machine had no processor for it.
 * What a caller waited then no cache could have spared it.
 */
export class StallWatch {
  #stalls: { readonly from: Milliseconds; readonly to: Milliseconds }[] = [];
  #last = monotonicNow();
  #longestMs = 0;
  readonly #timer = setInterval(() => this.#tick(), TICK_MS).unref();

  /** The longest time it stood still. */
  get longestMs(): Milliseconds {
    return this.#longestMs;
  }

  /** How much of the span from `from` to `to` the process stood still. Ask only after the loop has turned. */
  within(from: Milliseconds, to: Milliseconds): Milliseconds {
    return this.#stalls.reduce((sum, stall) => sum + Math.max(0, Math.min(to, stall.to) - Math.max(from, stall.from)), 0);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const now = monotonicNow();
    const due = this.#last + TICK_MS;
    if (now - due > LATE_MS) this.#stalls.push({ from: due, to: now });
    this.#longestMs = Math.max(this.#longestMs, now - due);
    this.#last = now;
    while (this.#stalls.length > 0 && (this.#stalls[0]?.to ?? now) < now - KEPT_MS) this.#stalls.shift();
  }
}
