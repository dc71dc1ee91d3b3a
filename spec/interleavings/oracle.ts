import type { Milliseconds } from '../../lib/time/index.js';

/** What the database and both tiers hold: which commit of which key. */
export interface Stored {
  readonly key: string;
  readonly version: number;
  /** Which time the database was read, or written to. */
  readonly run: number;
}

/** The versions that an eviction message stands for: those committed before the call. No older one may be seen after it. */
export type Announced = ReadonlyMap<string, number>;

/** The least version that a read may return, and the clause of the contract that says so. */
export interface Floor {
  readonly version: number;
  readonly because: string;
}

/** A database with one version per key, and the account of what the contract has promised about them. */
export class Oracle {
  readonly #boundOf: (instance: string) => Milliseconds;
  readonly #database = new Map<string, number>();
  /** What L2 may hold, by evictions executed. */
  readonly #remote = new Map<string, number>();
  /** What every instance may return, by evictions resolved with `acks: 'all'`. */
  readonly #everywhere = new Map<string, number>();
  /** The same for one instance, by its own evictions settled. */
  readonly #settled = new Map<string, number>();
  /** The same, by messages applied. */
  readonly #applied = new Map<string, number>();
  /** What was committed before an instance's newest call of `evict`, `put` or `clear`. */
  readonly #begun = new Map<string, number>();
  /** Commits whose eviction has not resolved yet, by instance. `isSafe`: the key was withheld when the commit landed. */
  readonly #open = new Map<string, { readonly commit: Stored; readonly isSafe: boolean }[]>();
  /** Versions that nobody has evicted or will evict, because their writer died, and that no intent protected. */
  readonly #lost = new Map<string, Set<number>>();
  /** The newest commit of a writer that died, and whose intent protected it. */
  readonly #safe = new Map<string, number>();
  /** The intents that the server has acknowledged and not lost: until when each holds, by key and token. */
  readonly #intents = new Map<string, Map<string, Milliseconds>>();
  #runs = 0;
  readonly #executed: { readonly at: Milliseconds; readonly announced: Announced }[] = [];

  constructor(boundOf: (instance: string) => Milliseconds, keys: readonly string[]) {
    this.#boundOf = boundOf;
    for (const key of keys) this.#database.set(key, 0);
  }

  get keys(): readonly string[] {
    return [...this.#database.keys()];
  }

  /** The newest committed version. */
  newest(key: string): number {
    return this.#database.get(key) as number;
  }

  /** Reads the newest committed version. */
  read(key: string): Stored {
    return { key, version: this.newest(key), run: (this.#runs += 1) };
  }

  /** Commits another version. */
  commit(key: string): Stored {
    const version = this.newest(key) + 1;
    this.#database.set(key, version);
    return { key, version, run: (this.#runs += 1) };
  }

  /** A version was committed, and an instance has to evict the key now. */
  opened(instance: string, commit: Stored, isSafe: boolean): void {
    const open = this.#open.get(instance) ?? [];
    this.#open.set(instance, [...open, { commit, isSafe }]);
  }

  /** It has: the server acknowledged the eviction. */
  closed(instance: string, commit: Stored): void {
    this.#open.set(instance, this.#open.get(instance)?.filter((each) => each.commit !== commit) ?? []);
  }

  /** It never will: its process has died. What it committed without an intent may stay in the tiers, which is not promised otherwise. */
  died(instance: string): void {
    for (const { commit, isSafe } of this.#open.get(instance) ?? []) {
      if (isSafe) raise(this.#safe, commit.key, commit.version);
      else this.#lost.set(commit.key, (this.#lost.get(commit.key) ?? new Set()).add(commit.version));
    }
    this.#open.delete(instance);
  }

  /** The server executed a step that sets an intent, or renews it, or (`until` is `undefined`) ends it. */
  intended(key: string, token: string, until: Milliseconds | undefined): void {
    const intents = this.#intents.get(key) ?? new Map<string, Milliseconds>();
    this.#intents.set(key, intents);
    if (until === undefined) intents.delete(token);
    else intents.set(token, until);
  }

  /** The server has lost them, or nobody knows when they end. */
  intentsLost(): void {
    this.#intents.clear();
  }

  /** Whether a write is known to be under way, so that nobody may store a value. */
  isWithheld(key: string, now: Milliseconds): boolean {
    return [...(this.#intents.get(key)?.values() ?? [])].some((until) => until > now);
  }

  /** What a read must return once all is healed and at rest. */
  floorsAtRest(key: string): Floor[] {
    let version = this.newest(key);
    while (this.#lost.get(key)?.has(version) === true || this.#safe.get(key) === version) version -= 1;
    return [
      { version, because: 'C6: all is healed and at rest' },
      { version: this.#safe.get(key) ?? 0, because: 'Crash: a writer died in a crash-safe write, all is healed and at rest' },
    ];
  }

  /** `evict`, `put` or `clear` was called in an instance. */
  begun(instance: string, { key, version }: Stored): void {
    raise(this.#begun, `${instance} ${key}`, version);
  }

  /** What an eviction of `keys` stands for that `origin` has sent. */
  announcedBy(origin: string, keys: readonly string[]): Announced {
    return new Map(keys.map((key) => [key, this.#begun.get(`${origin} ${key}`) ?? 0]));
  }

  /**
   * The server executed an eviction, or a put.
   *
   * @param isRemoved - whether it has taken the entries away. An eviction of tags has not: nobody serves them any more.
   */
  executed(at: Milliseconds, announced: Announced, isRemoved: boolean): void {
    this.#executed.push({ at, announced });
    for (const [key, version] of isRemoved ? announced : []) raise(this.#remote, key, version);
  }

  /** An instance has handled the message of it. */
  applied(instance: string, announced: Announced): void {
    for (const [key, version] of announced) raise(this.#applied, `${instance} ${key}`, version);
  }

  /** `evict`, `put` or `clear` settled in an instance: resolved or, in doubt, rejected. */
  settled(instance: string, { key, version }: Stored): void {
    raise(this.#settled, `${instance} ${key}`, version);
  }

  /** It resolved and `acks: 'all'` was asked for. */
  acknowledged({ key, version }: Stored): void {
    raise(this.#everywhere, key, version);
  }

  /** What a read that begins now in this instance must at least return. */
  floors(instance: string, key: string, now: Milliseconds): Floor[] {
    const overdue = this.#executed.filter(({ at }) => at < now - this.#boundOf(instance)).map(({ announced }) => announced.get(key) ?? 0);
    return [
      { version: this.#settled.get(`${instance} ${key}`) ?? 0, because: 'C1/C6: its own eviction has settled' },
      { version: Math.max(0, ...overdue), because: 'C2: an eviction was executed longer ago than the bound' },
      { version: this.#everywhere.get(key) ?? 0, because: 'C4: an eviction was acknowledged by all' },
      { version: this.#applied.get(`${instance} ${key}`) ?? 0, because: 'C5: an eviction was delivered' },
    ];
  }

  /** What L1 of this instance must at least hold, served or not. */
  localFloor(instance: string, key: string): number {
    return Math.max(this.#applied.get(`${instance} ${key}`) ?? 0, this.#settled.get(`${instance} ${key}`) ?? 0);
  }

  /** What every instance must at least return. */
  everywhereFloor(key: string): number {
    return this.#everywhere.get(key) ?? 0;
  }

  /** What the evictions leave that were executed before then. */
  floorBefore(key: string, time: Milliseconds): number {
    return Math.max(0, ...this.#executed.filter(({ at }) => at < time).map(({ announced }) => announced.get(key) ?? 0));
  }

  /** What L2 must at least hold. */
  remoteFloor(key: string): number {
    return this.#remote.get(key) ?? 0;
  }
}

function raise(floors: Map<string, number>, key: string, version: number): void {
  floors.set(key, Math.max(floors.get(key) ?? 0, version));
}
