import { type Milliseconds, afterThisTurn } from '../../time/index.js';
import { MAXIMUM_CHUNK, MAXIMUM_CHUNK_LENGTH } from '../chunks.js';

/** What {@link StepBatches} are made of. */
export interface StepBatchesParts<I, O> {
  /** Whether a step would have to wait for its turn. */
  readonly isCrowded: () => boolean;
  /** Resolves once something may be sent, or rejects after the time. Asked only while it is crowded. */
  readonly whenFree: (waitMs: Milliseconds | undefined) => Promise<void>;
  /** Does all of it in one step; one answer for each. */
  readonly execute: (items: readonly I[], waitMs: Milliseconds | undefined) => Promise<readonly O[]>;
  /** How many characters of one are sent. Default: hardly any. */
  readonly lengthOf?: (item: I) => number;
}

/**
 * The most of one turn that travel in one step. What a step costs by itself is spread thin by then, and the answer to the first need not
 * wait for many others to be read.
 */
const MAXIMUM_OF_A_TURN = 16;

/** Steps share a batch if they may wait for about as long. */
const ALIKE_MS: Milliseconds = 50;

interface Batch<I, O> {
  readonly items: I[];
  readonly most: number;
  readonly waitMs: Milliseconds | undefined;
  readonly answers: Promise<readonly O[]>;
  length: number;
}

/**
 * Steps of one kind that are asked for in the same turn of the event loop, or while others have to wait for their turn, as one. Clients write
 * at the end of the turn, so nobody waits for it; a call by itself goes out by itself. (The idea is DataLoader's.)
 */
export class StepBatches<I, O> {
  readonly #parts: StepBatchesParts<I, O>;
  #open: Batch<I, O> | undefined;

  constructor(parts: StepBatchesParts<I, O>) {
    this.#parts = parts;
  }

  /** Adds to the batch of this turn, or to the one that waits. */
  add(item: I, waitMs?: Milliseconds): Promise<O> {
    const length = this.#parts.lengthOf?.(item) ?? 0;
    let batch = this.#open;
    if (batch === undefined || !hasRoom(batch, length) || !isAlike(batch.waitMs, waitMs)) this.#open = batch = this.#begin(waitMs);
    const place = batch.items.push(item) - 1;
    batch.length += length;
    return batch.answers.then((answers) => answers[place]!);
  }

  #begin(waitMs: Milliseconds | undefined): Batch<I, O> {
    const { isCrowded, whenFree, execute } = this.#parts;
    const items: I[] = [];
    const close = (): void => {
      if (this.#open?.items === items) this.#open = undefined;
    };
    const isWaiting = isCrowded();
    const answers = new Promise<readonly O[]>((resolve, reject) => {
      const send = (): void => {
        close();
        execute(items, waitMs).then(resolve, reject);
      };
      if (!isWaiting) return afterThisTurn(send);
      whenFree(waitMs).then(send, (error: unknown) => {
        close();
        reject(error);
      });
    });
    return { items, most: isWaiting ? MAXIMUM_CHUNK : MAXIMUM_OF_A_TURN, waitMs, answers, length: 0 };
  }
}

const hasRoom = ({ items, most, length }: Batch<unknown, unknown>, more: number): boolean =>
  items.length < most && length + more <= MAXIMUM_CHUNK_LENGTH;

const isAlike = (one: Milliseconds | undefined, other: Milliseconds | undefined): boolean =>
  one === other || Math.abs((one ?? Infinity) - (other ?? Infinity)) <= ALIKE_MS;
