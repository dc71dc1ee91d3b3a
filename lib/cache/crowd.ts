import type { Milliseconds } from '../time/index.js';
import { MAXIMUM_CHUNK, MAXIMUM_CHUNK_LENGTH } from './chunks.js';

/** What a {@link Crowd} is made of. */
export interface CrowdParts<I, O> {
  /** Resolves once something may be sent, or rejects after the time. */
  readonly whenFree: (waitMs: Milliseconds | undefined) => Promise<void>;
  /** Does all of it in one step; one answer for each. */
  readonly execute: (items: readonly I[]) => Promise<readonly O[]>;
  /** How many characters of one are sent. Default: hardly any. */
  readonly lengthOf?: (item: I) => number;
}

interface Batch<I, O> {
  readonly items: I[];
  readonly answers: Promise<readonly O[]>;
  length: number;
}

/**
 * Steps of one kind that would have to wait for their turn, gathered while they do and sent as one. Where nobody waits there is no crowd: at
 * low load each step goes out by itself and at once.
 */
export class Crowd<I, O> {
  readonly #parts: CrowdParts<I, O>;
  #open: Batch<I, O> | undefined;

  constructor(parts: CrowdParts<I, O>) {
    this.#parts = parts;
  }

  /** Joins those that wait. */
  async add(item: I, waitMs?: Milliseconds): Promise<O> {
    const length = this.#parts.lengthOf?.(item) ?? 0;
    let batch = this.#open;
    if (batch === undefined || batch.items.length >= MAXIMUM_CHUNK || batch.length + length > MAXIMUM_CHUNK_LENGTH) {
      this.#open = batch = this.#begin(waitMs);
    }
    const place = batch.items.push(item) - 1;
    batch.length += length;
    return (await batch.answers)[place] as O;
  }

  #begin(waitMs: Milliseconds | undefined): Batch<I, O> {
    const items: I[] = [];
    const answers = this.#parts
      .whenFree(waitMs)
      .finally(() => {
        if (this.#open?.items === items) this.#open = undefined;
      })
      .then(() => this.#parts.execute(items));
    return { items, answers, length: 0 };
  }
}
