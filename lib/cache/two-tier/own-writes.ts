import { TransientMap } from '../transient-map.js';

/**
 * The writes of this instance that Redis has not answered yet, by key. An answered write has set its fences already; its message, late by a
 * moment, would hit what was read or put since, and is ignored. The message of an unanswered one must be applied: reads go on meanwhile,
 * and the bound counts from when Redis executed the write.
 */
export class OwnWrites {
  /** How many of each key. */
  readonly #unanswered = new TransientMap<string, number>();

  /** Runs a write of `keys`, which sets its fences when it is answered. */
  async run<T>(keys: readonly string[], write: () => Promise<T>): Promise<T> {
    for (const key of keys) this.#unanswered.set(key, (this.#unanswered.get(key) ?? 0) + 1);
    try {
      return await write();
    } finally {
      for (const key of keys) {
        const others = (this.#unanswered.get(key) as number) - 1;
        if (others === 0) this.#unanswered.remove(key);
        else this.#unanswered.set(key, others);
      }
    }
  }

  /** The keys whose message of this instance's own is to be applied. */
  toApply(keys: readonly string[]): readonly string[] {
    return keys.filter((key) => this.#unanswered.has(key));
  }
}
