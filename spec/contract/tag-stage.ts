import type { CacheKey, TwoTierCache } from '../../lib/cache/index.js';
import type { CacheStage } from './cache-stage.js';
import type { Instance } from './fleet.js';

/** Two instances with tags, on a fleet of their own. */
export class TagStage {
  readonly stage: CacheStage;
  #there!: Instance;

  constructor(stage: CacheStage) {
    this.stage = stage;
  }

  get here(): TwoTierCache {
    return this.stage.cache;
  }

  get there(): TwoTierCache {
    return this.#there.cache;
  }

  get both(): readonly Instance[] {
    return [this.stage.here, this.#there];
  }

  async setUp(): Promise<void> {
    await this.stage.fleet.stop();
    await this.stage.renewFleet();
    await this.stage.use({ tags: true });
    this.#there = await this.stage.join({ tags: true });
  }

  /** Evicts tags, and waits until the other instance has heard of it. */
  async evict(tags: readonly CacheKey[], by: 'here' | 'there' = 'here'): Promise<void> {
    const [own, other] = by === 'here' ? [this.here, this.#there] : [this.there, this.stage.here];
    const told = this.stage.applied(other);
    await own.evictTagged(tags);
    await told;
  }

  /** The keys of these that an instance has a value for, in either tier. */
  async held(keys: readonly CacheKey[], by = this.here): Promise<readonly CacheKey[]> {
    const found = await by.getAll(keys);
    return keys.filter((_, i) => found[i] !== undefined);
  }
}
