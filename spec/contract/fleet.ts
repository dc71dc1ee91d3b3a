import type { TwoTierCache } from '../../lib/cache/index.js';
import type { CacheOptions, CachingOptions } from '../../lib/instance/options.js';
import { type CacheInstance, createInstance } from '../../lib/instance/cache-instance.js';
import type { Milliseconds } from '../../lib/time/index.js';
import { FakeClock } from '../support/fake-clock.js';
import type { FleetTime } from './fleet-time.js';

/** One instance of a fleet, started, with the cache `book`. */
export interface Instance {
  readonly runtime: CacheInstance;
  readonly cache: TwoTierCache;
  readonly clock: FakeClock;
}

/**
 * Instances that share a namespace: all embedded, or all on one Redis. Their clocks stand still and the bound is long, so that no lease
 * lapses and no heartbeat falls into a spec unless the spec wants it; a load waits for nobody (`deadline` is its least).
 */
export class Fleet {
  readonly #options: CachingOptions;
  readonly #time: FleetTime | undefined;
  readonly #runtimes: CacheInstance[] = [];
  readonly #clocks: FakeClock[] = [];

  /** @param time - that of its entries, for specs that let some {@link pass}. */
  constructor(options: CachingOptions, time?: FleetTime) {
    this.#options = { timeout: '2s', deadline: '4s', bound: '60s', ...options };
    this.#time = time;
  }

  /** One more instance, connected and subscribed. */
  async join(book: CacheOptions = {}, options: CachingOptions = {}): Promise<Instance> {
    const clock = new FakeClock();
    const runtime = createInstance({ clock, caches: { book }, ...this.#options, ...options });
    this.#runtimes.push(runtime);
    this.#clocks.push(clock);
    await runtime.start();
    return { runtime, cache: runtime.manager.getCache('book') as TwoTierCache, clock };
  }

  /** Lets time pass for all instances, and for the entries that they share. */
  async pass(ms: Milliseconds): Promise<void> {
    await this.#time?.pass(ms);
    for (const clock of this.#clocks) clock.advance(ms);
  }

  /** Stops every instance. */
  async stop(): Promise<void> {
    await Promise.all(this.#runtimes.splice(0).map((runtime) => runtime.stop()));
    this.#time?.end();
  }
}
