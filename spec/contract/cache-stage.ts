import type { CacheKey, TwoTierCache } from '../../lib/cache/index.js';
import type { CacheOptions } from '../../lib/instance/options.js';
import { waitFor } from '../support/wait.js';
import type { Fleet, Instance } from './fleet.js';

/** What the specs of the cache contract stand on: a fleet with one instance, set up anew for each spec, and which tiers it has. */
export class CacheStage {
  readonly hasLocal: boolean;
  readonly hasRemote: boolean;
  readonly tiers: 'both' | 'local' | 'remote';
  readonly #makeFleet: () => Fleet | Promise<Fleet>;
  #fleet!: Fleet;
  #here!: Instance;

  constructor(tiers: 'both' | 'local' | 'remote', makeFleet: () => Fleet | Promise<Fleet>) {
    this.tiers = tiers;
    this.hasLocal = tiers !== 'remote';
    this.hasRemote = tiers !== 'local';
    this.#makeFleet = makeFleet;
  }

  get fleet(): Fleet {
    return this.#fleet;
  }

  /** The instance that {@link use} made last, or {@link setUp}. */
  get here(): Instance {
    return this.#here;
  }

  /** Its cache. */
  get cache(): TwoTierCache {
    return this.#here.cache;
  }

  async setUp(): Promise<void> {
    await this.renewFleet();
    await this.use({});
  }

  async tearDown(): Promise<void> {
    await this.#fleet.stop();
  }

  /** An empty fleet, in place of the one there was. */
  async renewFleet(): Promise<Fleet> {
    return (this.#fleet = await this.#makeFleet());
  }

  /** One more instance. */
  join(options: CacheOptions = {}): Promise<Instance> {
    return this.#fleet.join({ tiers: this.tiers, ...options });
  }

  /** One more instance, which is {@link here} from now on. */
  async use(options: CacheOptions): Promise<void> {
    this.#here = await this.join(options);
  }

  load<V>(key: CacheKey, value: V): Promise<V> {
    return this.cache.getOrLoad(key, () => value);
  }

  /** Waits until `instance` has applied an eviction or clear, from the moment of the call. */
  applied(instance: Instance): Promise<void> {
    const before = instance.cache.statistics().messagesApplied;
    return waitFor(() => instance.cache.statistics().messagesApplied > before, { what: 'a message to be applied' });
  }
}
