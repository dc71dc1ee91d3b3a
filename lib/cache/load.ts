import { CallContext } from '../call/index.js';

/**
 * Which load the running code belongs to. One for the process, because loads wait for each other across
 * caches and containers.
 */
const loads = new CallContext<Load>();

/**
 * The distance between the ranks of a load and of those it calls, so that one can move down without the
 * others.
 */
const RANK_DISTANCE = 2 ** 20;

/** For a load that is a part of no others. Most are, so they share it. */
const NONE: readonly Load[] = [];

/**
 * One load under way: a node in the graph of who waits for whom. A load waits for every load that its loader
 * starts or joins.
 *
 * The graph never has a circle, because no load waits for one that waits for it: see {@link mayWaitFor}. The
 * graph follows the async context, so two things are hidden from it. Work that passes through a queue or an
 * emitter loses its context; its waiting is bounded by time instead (`SharedLoad`). And a load that a loader
 * starts, but does not wait for, counts as waited for; at worst it loads for itself.
 */
export class Load {
  /** The load whose loader started this one. */
  #caller: Load | undefined = Load.caller;
  /** Other loads that wait for this one from its beginning. */
  #shared: readonly Load[];
  #isOver = false;
  #rank: number;

  /** @param shared - the loads that it is a part of, beside the one whose loader starts it. Default: none. */
  constructor(shared: readonly Load[] = NONE) {
    this.#shared = shared;
    this.#rank = this.#caller === undefined ? 0 : this.#caller.#rank + RANK_DISTANCE;
    for (const load of shared) this.#rank = Math.max(this.#rank, load.#rank + RANK_DISTANCE);
  }

  /**
   * The load whose loader the running code belongs to. When that load is over, what its loader left running
   * belongs to the load around it.
   */
  static get caller(): Load | undefined {
    return Load.#underWay(loads.current);
  }

  /** Runs the loader, so that what it calls is known to be called by it. {@link leave} must follow. */
  enter<T>(loader: () => T): T {
    return loads.enter(this, loader);
  }

  /** The loader is over. */
  leave(): void {
    this.#isOver = true;
    this.#shared = NONE;
    this.#caller = Load.#underWay(this.#caller); // Otherwise work that begins the next load before it ends would make an endless chain.
    loads.leave();
  }

  /**
   * Whether this load may wait for `load`. It may not if `load` waits for this one, directly or through
   * others.
   *
   * A load ranks lower than the load it waits for, so one comparison is mostly enough. If it is not, this
   * load moves down. The loads that wait for it and would no longer rank lower move down by as much, which
   * keeps their order. (This is an incremental topological order, as in [1], that searches one way only.)
   *
   * [1] D. J. Pearce, P. H. J. Kelly: A dynamic topological sort algorithm for directed acyclic graphs, 2007.
   *
   * @param areAllRanked - `false`: {@link waiters} names some for which this method was not called.
   */
  mayWaitFor(load: Load, areAllRanked: boolean): boolean {
    const down = this.#rank - load.#rank + 1;
    if (down <= 0 && areAllRanked) return true;
    const waiting = this.findWaiting(areAllRanked ? down : Infinity);
    if (waiting.has(load)) return false;
    if (down > 0) for (const each of waiting) each.#rank -= down;
    return true;
  }

  /**
   * This load and those that wait for it, directly or through others: all of them, or those that would no
   * longer rank lower if this load moved `down`.
   */
  findWaiting(down = Infinity): ReadonlySet<Load> {
    const waiting = new Set<Load>([this]);
    for (const load of waiting) {
      for (const waiter of load.waiters()) {
        const alive = Load.#underWay(waiter);
        if (alive !== undefined && alive.#rank >= load.#rank - down) waiting.add(alive); // The loop comes to it in turn.
      }
    }
    return waiting;
  }

  /** The loads that wait for this one directly. Some may be over. */
  protected waiters(): readonly Load[] {
    return this.#caller === undefined ? this.#shared : [this.#caller, ...this.#shared];
  }

  /** `load`, or if it is over, the nearest around it that is not. */
  static #underWay(load: Load | undefined): Load | undefined {
    while (load !== undefined && load.#isOver) load = load.#caller;
    return load;
  }
}
