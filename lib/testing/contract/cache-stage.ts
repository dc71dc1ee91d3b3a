import type { Cache } from '../../cache/index.js';
import type { CacheContractOptions, MakeCache } from './cache-contract-options.js';
import type { Need } from './cache-features.js';
import { CacheTrial } from './cache-trial.js';
import { endTest, leaveOut } from './test-runner.js';
import { settled } from './waits.js';

/** What the tests of a cache stand on. Each test gets a cache of its own, which ends with it. */
export class CacheStage {
  readonly #make: MakeCache<Cache>;
  readonly #options: CacheContractOptions<Cache>;

  constructor(make: MakeCache<Cache>, options: CacheContractOptions<Cache>) {
    this.#make = make;
    this.#options = options;
  }

  /** Groups tests. */
  describe(title: string, body: () => void): void {
    this.#options.describe(title, body);
  }

  /** Declares one test. */
  it(title: string, test: (trial: CacheTrial) => Promise<void>): void {
    this.itNeeds([], title, test);
  }

  /** Declares a test that is left out for a cache that lacks something. Its title says so. */
  itNeeds(needs: readonly Need[], title: string, test: (trial: CacheTrial) => Promise<void>): void {
    const lacking = needs.find((need) => !this.has(need));
    if (lacking === undefined) this.#options.it(title, () => this.#run(test, needs));
    else leaveOut(this.#options, title, lacking === 'join' || lacking === 'elapse' ? `needs \`${lacking}\`` : `no ${lacking}`);
  }

  has(need: Need): boolean {
    if (need === 'join' || need === 'elapse') return this.#options[need] !== undefined;
    return this.#options.features?.[need] !== false;
  }

  async #run(test: (trial: CacheTrial) => Promise<void>, needs: readonly Need[]): Promise<void> {
    const { join, elapse, stop } = this.#options;
    const cache = await this.#make({ tags: needs.includes('tags') });
    const joined: Cache[] = [];
    const trial = new CacheTrial(cache, {
      has: (need) => this.has(need),
      join: async () => {
        const other = await join?.(cache);
        if (other === undefined) throw new Error('This test needs the option `join`.');
        joined.push(other);
        return other;
      },
      elapse: async (ms) => void (await elapse?.(ms, cache)),
    });
    try {
      await settled(test(trial), 'the end of the test: a call of the cache does not return', this.#options.timeout);
    } finally {
      for (const each of [...joined, cache]) await endTest(each, stop);
    }
  }
}
