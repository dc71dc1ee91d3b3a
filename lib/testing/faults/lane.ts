import { clearTimeout, setTimeout } from 'node:timers';
import type { Milliseconds } from '../../time/index.js';

/** What is wrong with one direction of a connection. */
export interface LaneTrouble {
  /** Whether what is sent is lost. */
  isSilent: boolean;
  /** Whether what is sent has to wait. */
  isHolding: boolean;
  /** By how much it comes later. */
  delayMs: Milliseconds;
}

interface Held {
  dueAt: number;
  readonly action: () => void;
}

// Taken at load: fake timers of a test do not stop the proxy.
const now = performance.now.bind(performance);

/**
 * One direction of a connection. What is passed comes out in order, however the trouble changes and
 * whatever a timer does.
 */
export class Lane {
  readonly #trouble: () => LaneTrouble;
  readonly #held: Held[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  /** @param trouble - asked anew for each piece. */
  constructor(trouble: () => LaneTrouble) {
    this.#trouble = trouble;
  }

  /** Runs `action` in its turn: now, later, or never. */
  pass(action: () => void): void {
    if (this.#isOver) return;
    const { isHolding, delayMs } = this.#trouble();
    if (!isHolding && delayMs === 0 && this.#held.length === 0) return action();
    this.#held.push({ dueAt: isHolding ? Infinity : now() + delayMs, action });
    if (this.#held.length === 1) this.#run();
  }

  /** What is held back goes on now. */
  release(): void {
    for (const held of this.#held) held.dueAt = 0;
    this.#run();
  }

  /** Nothing is passed any more, not even what is held back. */
  end(): void {
    this.#isOver = true;
    this.#held.length = 0;
    clearTimeout(this.#timer);
  }

  #run(): void {
    clearTimeout(this.#timer);
    for (let first = this.#held[0]; first !== undefined; first = this.#held[0]) {
      const leftMs = first.dueAt - now();
      if (leftMs > 0) {
        if (leftMs !== Infinity) this.#timer = setTimeout(() => this.#run(), leftMs);
        return;
      }
      this.#held.shift();
      first.action();
    }
  }
}
