import { PURE } from '../../eviction/index.js';
import type { Memory } from './fake-memory.js';

/**
 * Behind the run id of a state: whether only instances with tags were allowed to store something in its
 * generation.
 */
export type Mark = typeof PURE | '';

/**
 * The sets that say when the tags of a cache were evicted, as the Lua functions about them do (`TAGS` in
 * `lib/eviction/script-prelude.ts`). No schedule has so many tags that the oldest must give way.
 */
export class FakeTags {
  readonly #memory: () => Memory;

  constructor(memory: () => Memory) {
    this.#memory = memory;
  }

  /** Whether there is such a set. */
  has(key: string): boolean {
    return this.#memory().sets.has(key);
  }

  /** Everything that was known is lost. What is older than `seq` counts as evicted in the new generation. */
  begin(key: string, gen: string, seq: string | number): void {
    this.#memory().sets.set(key, new Map([[`*${gen}`, -Number(seq)]]));
    this.#memory().ends.delete(key);
  }

  /** What is older counts as evicted. `undefined`: what is known is not of this generation. */
  floor(key: string, gen: string): number | undefined {
    const score = this.#memory().sets.get(key)?.get(`*${gen}`);
    return score === undefined ? undefined : -score;
  }

  /** These tags were evicted. */
  note(key: string, number: number, tags: readonly string[]): void {
    const set = this.#memory().sets.get(key);
    for (const tag of tags) set?.set(`:${tag}`, number);
  }

  /** ZMSCORE. */
  scores(key: string, members: readonly string[]): (number | null)[] {
    const set = this.#memory().sets.get(key);
    return members.map((member) => set?.get(member) ?? null);
  }
}
