import { isGeneration } from '../../eviction/index.js';
import type { Milliseconds } from '../../time/index.js';
import type { Memory } from './fake-memory.js';
import { FakeTags, type Mark } from './fake-tags.js';

/** Number, generation, run id and mark of a cache. `seq`: none yet. */
export interface FakeState {
  readonly seq: string | undefined;
  readonly gen: string;
  readonly run: string;
  readonly mark: Mark;
}

const nothing = (): Memory => ({ strings: new Map(), sets: new Map(), hashes: new Map(), ends: new Map() });

/** What a {@link FakeRedis} keeps, and its clock. */
export class FakeStore {
  memory: Memory = nothing();
  runId = 'a1';
  /** By how much its clock was set, since the beginning. */
  clockOffsetMs: Milliseconds = 0;
  /** Grows with every request: generations and numbers are made of it. */
  protected micros = 0;
  protected readonly tags = new FakeTags(() => this.memory);
  /** Milliseconds since 1970, whatever its clock was set to. */
  protected readonly time: () => Milliseconds;

  /** @param time - milliseconds since 1970. Default: as the process has them. */
  constructor(time: () => Milliseconds = Date.now) {
    this.time = time;
  }

  /** What lies under `key` now, as GET answers. */
  get(key: string): string | null {
    const held = this.memory.strings.get(key);
    if (held === undefined || held.endsAt <= this.time()) return null;
    return held.value;
  }

  /**
   * Number, generation and run id of a cache; `undefined` if there are none, or what is there cannot be that.
   */
  state(key: string): FakeState | undefined {
    const [, seq, gen, run, mark = ''] = /^(\d+):(\d+):([0-9a-f]{1,12})(:t)?$/.exec(this.get(key) ?? '') ?? [];
    return isGeneration(seq) && isGeneration(gen) && run !== undefined ? { seq, gen, run, mark: mark as Mark } : undefined;
  }

  /** A copy of everything, to {@link restart} with. */
  snapshot(): Memory {
    const { strings, sets, hashes, ends } = this.memory;
    return {
      strings: new Map(strings),
      sets: new Map([...sets].map(([key, set]) => [key, new Map(set)])),
      hashes: new Map([...hashes].map(([key, hash]) => [key, new Map(hash)])),
      ends: new Map(ends),
    };
  }

  /**
   * Comes back as another process: with nothing, or with what a snapshot holds. Connections are the caller's
   * business.
   */
  restart(memory: Memory = nothing()): void {
    this.memory = memory;
    this.runId = `${(Number.parseInt(this.runId, 16) + 1).toString(16)}`;
  }

  /** Another program writes a key, or (`undefined`) removes it. */
  overwrite(key: string, value: string | undefined): void {
    if (value === undefined) this.memory.strings.delete(key);
    else this.set(key, value, 0);
  }

  /** Loses one of the lists of a namespace. */
  lose(key: string): void {
    this.memory.sets.delete(key);
    this.memory.ends.delete(key);
    this.memory.hashes.delete(key);
  }

  /** FLUSHALL. */
  flush(): void {
    this.memory = nothing();
  }

  /** What its clock says. Generations and numbers, which only ever grow, do not follow when it is set. */
  protected now(): Milliseconds {
    return Math.floor(this.micros / 1_000) + this.clockOffsetMs;
  }

  protected hosts(key: string): Map<string, string> {
    let hash = this.memory.hashes.get(key);
    if (hash === undefined) this.memory.hashes.set(key, (hash = new Map<string, string>()));
    return hash;
  }

  protected members(key: string): Map<string, Milliseconds> {
    let set = this.memory.sets.get(key);
    if (set === undefined) this.memory.sets.set(key, (set = new Map<string, Milliseconds>()));
    return set;
  }

  protected set(key: string, value: string, ttlMs: Milliseconds): void {
    this.memory.strings.set(key, { value, endsAt: ttlMs === 0 ? Infinity : this.time() + ttlMs });
  }

  protected unlink(keys: readonly string[]): number {
    return keys.filter((key) => this.memory.strings.delete(key)).length;
  }

  protected rewrite(key: string, { seq, gen, run, mark }: FakeState): void {
    const endsAt = this.memory.strings.get(key)?.endsAt ?? Infinity; // KEEPTTL
    this.memory.strings.set(key, { value: `${seq}:${gen}:${run}${mark}`, endsAt });
  }

  protected persist(key: string): void {
    this.memory.ends.delete(key);
    const value = this.get(key);
    if (value !== null) this.set(key, value, 0);
  }
}
