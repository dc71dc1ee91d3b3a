import type { Milliseconds } from '../../lib/time/index.js';

/** What the database and both tiers hold: which commit of which key. */
export interface Stored {
  readonly key: string;
  readonly version: number;
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

  /** Commits another version. */
  commit(key: string): Stored {
    const version = this.newest(key) + 1;
    this.#database.set(key, version);
    return { key, version };
  }

  /** `evict`, `put` or `clear` was called in an instance. */
  begun(instance: string, { key, version }: Stored): void {
    raise(this.#begun, `${instance} ${key}`, version);
  }

  /** What an eviction of `keys` stands for that `origin` has sent. */
  announcedBy(origin: string, keys: readonly string[]): Announced {
    return new Map(keys.map((key) => [key, this.#begun.get(`${origin} ${key}`) ?? 0]));
  }

  /** The server executed an eviction, or a put. */
  executed(at: Milliseconds, announced: Announced): void {
    this.#executed.push({ at, announced });
    for (const [key, version] of announced) raise(this.#remote, key, version);
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

  /** What L2 must at least hold. */
  remoteFloor(key: string): number {
    return this.#remote.get(key) ?? 0;
  }
}

function raise(floors: Map<string, number>, key: string, version: number): void {
  floors.set(key, Math.max(floors.get(key) ?? 0, version));
}
