import { type Milliseconds, afterThisTurn } from '../../time/index.js';
import { MAXIMUM_CHUNK, MAXIMUM_CHUNK_LENGTH } from '../chunks.js';

/** What {@link StepBatches} need. */
export interface StepBatchesOptions<I, O> {
  /** Whether a step would have to wait for its turn. */
  readonly isCrowded: () => boolean;
  /**
   * Resolves once a step may be sent, or rejects when that takes too long. Called only while it is crowded.
   */
  readonly whenFree: (waitMs: Milliseconds | undefined) => Promise<void>;
  /** Executes all items in one step. Returns one answer per item, in order. */
  readonly execute: (items: readonly I[], waitMs: Milliseconds | undefined) => Promise<readonly O[]>;
  /** How many characters of one item are sent. Default: `0`, for items whose length does not matter. */
  readonly lengthOf?: ((item: I) => number) | undefined;
}

/**
 * The largest number of items of one turn that share one step. With this many, the fixed cost of a step is
 * small per item, and the first answer need not wait until many others are read.
 */
const MAXIMUM_OF_A_TURN = 16;

/** Two steps can share a batch if their `waitMs` differ by at most this much. */
const ALIKE_MS: Milliseconds = 50;

interface Batch<I, O> {
  readonly items: I[];
  most: number;
  readonly waitMs: Milliseconds | undefined;
  readonly answers: Promise<readonly O[]>;
  /** Sends it before its turn is over, unless it waits for the turn of its step. */
  readonly hurry: () => void;
  length: number;
}

/**
 * Combines steps of one kind into one. Steps share a batch if they are asked for in the same turn of the
 * event loop, or while steps have to wait for their turn.
 *
 * Clients write to the socket at the end of the turn anyway, so batching delays nobody. A single call is sent
 * on its own. (The idea comes from DataLoader.)
 */
export class StepBatches<I, O> {
  readonly #options: StepBatchesOptions<I, O>;
  #open: Batch<I, O> | undefined;

  constructor(options: StepBatchesOptions<I, O>) {
    this.#options = options;
  }

  /**
   * Adds an item to the batch of this turn, or to the batch that is waiting.
   *
   * @param most - how many may share the step. One that is asked for with many others waits for them anyway.
   */
  add(item: I, waitMs?: Milliseconds, most = MAXIMUM_OF_A_TURN): Promise<O> {
    const length = this.#options.lengthOf?.(item) ?? 0;
    let batch = this.#open;
    if (batch === undefined || !hasRoom(batch, length, most) || !isAlike(batch.waitMs, waitMs)) this.#open = batch = this.#begin(waitMs);
    batch.most = Math.max(batch.most, most);
    const place = batch.items.push(item) - 1;
    batch.length += length;
    return batch.answers.then((answers) => answers[place]!);
  }

  /** Sends what is gathered now, so that it goes before what is sent next. */
  flush(): void {
    this.#open?.hurry();
  }

  #begin(waitMs: Milliseconds | undefined): Batch<I, O> {
    const { isCrowded, whenFree, execute } = this.#options;
    const items: I[] = [];
    const close = (): void => {
      if (this.#open?.items === items) this.#open = undefined;
    };
    const isWaiting = isCrowded();
    let hurry = (): void => undefined;
    const answers = new Promise<readonly O[]>((resolve, reject) => {
      let isSent = false;
      const send = (): void => {
        if (isSent) return;
        isSent = true;
        close();
        execute(items, waitMs).then(resolve, reject);
      };
      if (!isWaiting) {
        hurry = send;
        return afterThisTurn(send);
      }
      whenFree(waitMs).then(send, (error: unknown) => {
        close();
        reject(error);
      });
    });
    return { items, most: isWaiting ? MAXIMUM_CHUNK : MAXIMUM_OF_A_TURN, waitMs, answers, hurry, length: 0 };
  }
}

const hasRoom = ({ items, most, length }: Batch<unknown, unknown>, more: number, wanted: number): boolean =>
  items.length < Math.min(MAXIMUM_CHUNK, Math.max(most, wanted)) && length + more <= MAXIMUM_CHUNK_LENGTH;

const isAlike = (one: Milliseconds | undefined, other: Milliseconds | undefined): boolean =>
  one === other || Math.abs((one ?? Infinity) - (other ?? Infinity)) <= ALIKE_MS;
