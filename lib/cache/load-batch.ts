import { afterThisTurn } from '../time/index.js';
import { type Absent, type LoadedAll, type LoaderOfAll, valuesOf } from './load-all.js';
import { Load } from './load.js';
import { CommonLoadContext, type LoadContext } from './load-context.js';

/** What a {@link LoadBatch} is made of. */
export interface LoadBatchOptions<K, V> {
  readonly loader: LoaderOfAll<K, V>;
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
 * has come to nothing or has taken too long, or because a value is refreshed, for which nobody waits.
 */
export class LoadBatch<K, V> {
  readonly #options: LoadBatchOptions<K, V>;
  #members = 0;
  #looking = 0;
  /** For the first run. */
  #asked: Asked<K, V>[] = [];
  /** For the next run after that. */
  #late: Asked<K, V>[] = [];

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
    const asked = this.#asked;
    this.#asked = [];
    this.#begin(asked);
  }

  /** Asks for a value: by the first run, if that waits for the member, else by a later one. */
  ask(asked: Asked<K, V>, isLooking: boolean): void {
    if (isLooking) {
      this.#asked.push(asked);
      return;
    }
    this.#late.push(asked);
    if (this.#late.length > 1) return;
    afterThisTurn(() => {
      const late = this.#late;
      this.#late = [];
      this.#begin(late);
    });
  }

  #begin(asked: Asked<K, V>[]): void {
    if (asked.length > 0) void this.#run(asked.sort((one, other) => one.member.place - other.member.place));
  }

  async #run(asked: readonly Asked<K, V>[]): Promise<void> {
    try {
      const values = await this.#load(asked);
      for (const [i, { member, resolve }] of asked.entries()) resolve(member.take(values[i]));
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }

  async #load(asked: readonly Asked<K, V>[]): Promise<readonly (V | undefined)[]> {
    const { loader, trace } = this.#options;
    const keys = asked.map(({ member }) => member.key);
    const context = new CommonLoadContext(asked.map((each) => each.context));
    const load = new Load(asked.flatMap((each) => each.load ?? []));
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
      this.#batch.ask({ member: this, load: caller, context, resolve, reject }, this.#isLooking);
      this.leaves();
    });
  }

  /** What the loader has returned for it. */
  take(value: V | undefined): V {
    this.#isAbsent = value === undefined;
    return (value === undefined && this.#batch.absent === 'null' ? null : value) as V;
  }
}
