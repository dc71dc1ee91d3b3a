import { MAXIMUM_WAIT_MS, type Milliseconds } from '../time/index.js';

/** Who was alive when an eviction was executed, by the server's clock. */
export interface Audience {
  readonly now: Milliseconds;
  /** When the list of members was begun; `undefined` when that is not known. */
  readonly born: Milliseconds | undefined;
  /** Instance id → when its read lease runs out at the latest. */
  readonly members: ReadonlyMap<string, Milliseconds>;
}

interface Waiting {
  readonly missing: Map<string, Milliseconds>;
  readonly done: () => void;
}

/** Server clocks are stepped now and then; what is derived from them gets this much air (see `docs/coherence.md`). */
const MARGIN = 1.1;

/**
 * Waits until every instance that was alive has applied an eviction, or its read lease has run out.
 *
 * A list of members that is younger than the bound proves nothing: the server may have lost it together with its data while an instance
 * was cut off, still holding a lease. So the rest of one bound is waited for first.
 */
export class Acknowledgements {
  readonly #boundMs: Milliseconds;
  readonly #self: string;
  readonly #waiting = new Map<string, Waiting>();
  /** An acknowledgement may overtake the reply of the script that asked for it: kept while any script is under way. */
  readonly #early = new Map<string, Set<string>>();
  #underWay = 0;

  constructor(self: string, boundMs: Milliseconds) {
    this.#self = self;
    this.#boundMs = boundMs;
  }

  /** Runs `script`, during which acknowledgements of a number not yet known are kept. */
  async expect<T>(script: () => Promise<T>): Promise<T> {
    this.#underWay += 1;
    try {
      return await script();
    } finally {
      this.#underWay -= 1;
      if (this.#underWay === 0) queueMicrotask(() => this.#underWay === 0 && this.#early.clear());
    }
  }

  /** Settles once nobody in `audience` can serve what eviction `seq` of `cache` removed. Never rejects. */
  wait(cache: string, seq: number, audience: Audience): Promise<void> {
    const id = `${cache}#${seq}`;
    const age = audience.born === undefined ? 0 : Math.max(0, audience.now - audience.born);
    const youth = age < this.#boundMs ? (this.#boundMs - age) * MARGIN : 0;
    const missing = new Map<string, Milliseconds>();
    for (const [member, until] of audience.members) {
      if (member !== this.#self && this.#early.get(id)?.has(member) !== true)
        missing.set(member, Math.min(MAXIMUM_WAIT_MS, (until - audience.now) * MARGIN));
    }
    const acknowledged = missing.size === 0 ? Promise.resolve() : this.#allOf(id, missing);
    return youth === 0 ? acknowledged : Promise.all([acknowledged, delay(youth)]).then(() => undefined);
  }

  /** An instance has applied an eviction. */
  received(cache: string, seq: number, from: string): void {
    const id = `${cache}#${seq}`;
    const waiting = this.#waiting.get(id);
    if (waiting !== undefined) {
      waiting.missing.delete(from);
      if (waiting.missing.size === 0) waiting.done();
    } else if (this.#underWay > 0) {
      let early = this.#early.get(id);
      if (early === undefined) this.#early.set(id, (early = new Set()));
      early.add(from);
    }
  }

  /** Lets everybody go who still waits. */
  close(): void {
    for (const waiting of [...this.#waiting.values()]) waiting.done();
  }

  #allOf(id: string, missing: Map<string, Milliseconds>): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => done(), Math.max(...missing.values()));
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve();
      };
      this.#waiting.set(id, { missing, done });
    });
  }
}

/** It keeps the process alive: somebody waits for it. */
const delay = (ms: Milliseconds): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));
