import { afterThisTurn } from '../time/index.js';
import type { Absent, LoadedAll, LoaderOfAll } from './load-all.js';
import { MAXIMUM_BATCH, valuesOf } from './load-all.js';
import { Load } from './load.js';
import { CommonLoadContext, type LoadContext } from './load-context.js';

/** What a {@link LoadBatch} is made of. */
export interface LoadBatchOptions<K, V> {
  readonly loader: LoaderOfAll<K, V>;
  /** The most keys of one run. Default: {@link MAXIMUM_BATCH}. */
  readonly maximumBatch?: number | undefined;
  /** As what an absent value is stored. Default: it is not. */
  readonly absent?: Absent | undefined;
  /** Wraps each run of the loader. Default: nothing does. */
  readonly trace?: ((keys: readonly K[], run: () => Promise<LoadedAll<K, V>>) => Promise<LoadedAll<K, V>>) | undefined;
}

/**
 * The loads of several keys, which share the runs of one loader.
 *
 * The first run begins as soon as it is known of each key what becomes of it: it was found, another caller or
 * another instance is loading it, or the loader has to. It waits for no load of others, so two batches that
 * share keys never wait for each other.
 *
 * What comes later shares a run with what comes in the same turn of the event loop, and waits for nothing
 * else: it may hold a fill lease by then, for which others wait. It comes later because the load of others
 * has come to nothing or has taken too long, or because a value is refreshed.
 */
export class LoadBatch<K, V> {
  readonly #options: LoadBatchOptions<K, V>;
  #members = 0;
  #looking = 0;
  #hasBegun = false;
  #isDue = false;
  #asked: Asked<K, V>[] = [];

  constructor(options: LoadBatchOptions<K, V>) {
    this.#options = options;
  }

  /** As what an absent value is stored; `undefined`: it is not. */
  get absent(): Absent | undefined {
    return this.#options.absent;
  }

  /** Adds the load of a key. Add all of them before the first of them begins. */
  add(key: K): BatchedLoad<K, V> {
    this.#looking += 1;
    this.#members += 1;
    return new BatchedLoad(this, key, this.#members);
  }

  /** It is known of one more member what becomes of it. */
  left(): void {
    this.#looking -= 1;
    if (this.#looking > 0) return;
    this.#hasBegun = true;
    this.#begin();
  }

  /** Asks for a value by the next run. */
  ask(asked: Asked<K, V>): void {
    this.#asked.push(asked);
    if (!this.#hasBegun || this.#isDue) return;
    this.#isDue = true;
    afterThisTurn(() => this.#begin());
  }

  #begin(): void {
    this.#isDue = false;
    const asked = this.#asked;
    this.#asked = [];
    if (asked.length > 0) void this.#runAll(asked.sort((one, other) => one.member.place - other.member.place));
  }

  /** One run after the other. If one fails, the next ones do not begin. */
  async #runAll(asked: readonly Asked<K, V>[]): Promise<void> {
    const { maximumBatch = MAXIMUM_BATCH } = this.#options;
    for (let left = asked; left.length > 0; left = left.slice(maximumBatch)) {
      const due = left.slice(0, maximumBatch);
      try {
        const values = await this.#run(due, left);
        for (const [i, { member, resolve }] of due.entries()) resolve(member.take(values[i]));
      } catch (error) {
        for (const { reject } of left) reject(error);
        return;
      }
    }
  }

  /** @param waiting - all that wait for this run, or for one after it. */
  async #run(due: readonly Asked<K, V>[], waiting: readonly Asked<K, V>[]): Promise<readonly (V | undefined)[]> {
    const { loader, trace } = this.#options;
    const keys = due.map(({ member }) => member.key);
    const context = new CommonLoadContext(due.map((each) => each.context));
    const load = new Load(waiting.flatMap((each) => each.load ?? []));
    const run = async (): Promise<LoadedAll<K, V>> => loader(keys.slice(), context);
    try {
      return valuesOf(keys, await load.enter(() => (trace === undefined ? run() : trace(keys, run))));
    } finally {
      load.leave();
    }
  }
}

/** A key for which the loader has to run. */
interface Asked<K, V> {
  readonly member: BatchedLoad<K, V>;
  /** The load of this key, which waits for the run. */
  readonly load: Load | undefined;
  readonly context: LoadContext;
  readonly resolve: (value: V) => void;
  readonly reject: (error: unknown) => void;
}

/** The load of one key of a {@link LoadBatch}. */
export class BatchedLoad<K = unknown, V = unknown> {
  readonly key: K;
  /** Where it stands among the keys. */
  readonly place: number;
  readonly #batch: LoadBatch<K, V>;
  #isLooking = true;
  #isAbsent = false;

  constructor(batch: LoadBatch<K, V>, key: K, place: number) {
    this.#batch = batch;
    this.key = key;
    this.place = place;
  }

  /** Whether the loader has no value for the key. */
  get isAbsent(): boolean {
    return this.#isAbsent;
  }

  /** Whether that says nothing to anybody else, because it is not stored. */
  get isNothing(): boolean {
    return this.#isAbsent && this.#batch.absent === undefined;
  }

  /**
   * The first run need not wait for it: it was found, or another caller or another instance is loading it.
   */
  leaves(): void {
    if (!this.#isLooking) return;
    this.#isLooking = false;
    this.#batch.left();
  }

  /** The value, from the next run of the loader. */
  load(context: LoadContext): Promise<V> {
    const { caller } = Load;
    return new Promise((resolve, reject) => {
      this.#batch.ask({ member: this, load: caller, context, resolve, reject });
      this.leaves();
    });
  }

  /** What the loader has returned for it. */
  take(value: V | undefined): V {
    this.#isAbsent = value === undefined;
    return (value === undefined && this.#batch.absent === 'null' ? null : value) as V;
  }
}

/** What a load tells the batch that it is a part of. */
export type Batched = Pick<BatchedLoad, 'isNothing' | 'leaves'>;
