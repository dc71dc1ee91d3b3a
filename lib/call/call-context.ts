import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * What a call carries, each value at the place of its {@link CallContext}. Never changed: a nested call
 * carries a copy.
 */
type Carried = readonly unknown[];

/** One for the process, because loads and transactions cross caches and containers. */
const storage = new AsyncLocalStorage<Carried>();

/** How many kinds of things there are to carry. */
let kinds = 0;

/** How many calls carry something, of whatever kind. */
let carrying = 0;

/**
 * One kind of thing that follows a call: whatever `work` calls, awaits or schedules finds the value as well.
 * A nested call that enters one context keeps the values of all others.
 *
 * The storage is off while no call carries anything, because it adds 40 ns to every `await` of the process on
 * Node 20 and 22 while it is on. Each context also counts its own calls, so that {@link current} costs one
 * comparison while nobody uses this kind: every hit asks for the transaction, and loads are under way most of
 * the time.
 *
 * Work that outlives its call can still find the value, as long as another call carries one of this kind. So
 * the value itself has to know whether it is over.
 */
export class CallContext<T> {
  readonly #place = kinds++;
  #carrying = 0;

  /** What the running code carries; `undefined` if it carries nothing of this kind. */
  get current(): T | undefined {
    return this.#carrying === 0 ? undefined : (storage.getStore()?.[this.#place] as T | undefined);
  }

  /** Calls `work`, which carries `value` from now on. One {@link leave} must follow once the work is over. */
  enter<R>(value: T, work: () => R): R {
    this.#carrying += 1;
    carrying += 1;
    const carried = storage.getStore()?.slice() ?? [];
    carried[this.#place] = value;
    return storage.run(carried, work);
  }

  /** The work of one {@link enter} is over. */
  leave(): void {
    this.#carrying -= 1;
    carrying -= 1;
    if (carrying === 0) storage.disable();
  }

  /**
   * Calls `work`, which carries `value` until its promise settles. What `work` throws at once is a rejection
   * too.
   */
  async run<R>(value: T, work: () => R | Promise<R>): Promise<R> {
    try {
      return await this.enter(value, async () => work());
    } finally {
      this.leave();
    }
  }
}
