import { TransientMap } from '../transient-map.js';

/**
 * The writes of this instance that Redis has not answered yet, by key. They decide what happens to this
 * instance's own messages:
 * - The message of an *answered* write is ignored. The write has already set its fences. Its message may
 *   arrive a moment later, and would remove values that were read or put since.
 * - The message of an *unanswered* write is applied. Reads continue in the meantime, and the bound counts
 *   from the moment Redis executed the write.
 */
export class OwnWrites {
  /** The number of unanswered writes per key. */
  readonly #unanswered = new TransientMap<string, number>();

  /** Runs a write of `keys`. The write sets its fences when it is answered. */
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

  /** Of the keys in a message of this instance, those to which the message must be applied. */
  toApply(keys: readonly string[]): readonly string[] {
    return keys.filter((key) => this.#unanswered.has(key));
  }
}
