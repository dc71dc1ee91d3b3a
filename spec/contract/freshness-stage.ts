import type { CacheKey, Loader, LoadOptions, TwoTierCache } from '../../lib/cache/index.js';
import type { CacheEventMap } from '../../lib/event/index.js';
import type { CacheOptions } from '../../lib/instance/options.js';
import type { Milliseconds } from '../../lib/time/index.js';
import { gate } from '../support/promises.js';
import { waitFor } from '../support/wait.js';
import type { CacheStage } from './cache-stage.js';
import type { Instance } from './fleet.js';

export const MINUTE: Milliseconds = 60_000;

/** What a method fails with. */
export const AWAY = new Error('The database is away.');

/** A method that fails. */
export const failing = (): never => {
  throw AWAY;
};

/** A load that runs until a spec ends it. */
export interface SlowLoad<V> {
  /** What its caller gets. */
  readonly result: Promise<V>;
  readonly succeed: (value: V) => void;
  readonly fail: (error?: unknown) => void;
}

/** Two instances on a fleet of their own. Lives are minutes, so that the time a spec takes is no part of them. */
export class FreshnessStage {
  readonly stage: CacheStage;
  #here!: Instance;
  #there!: Instance;

  constructor(stage: CacheStage) {
    this.stage = stage;
  }

  get here(): TwoTierCache {
    return this.#here.cache;
  }

  get there(): TwoTierCache {
    return this.#there.cache;
  }

  get both(): readonly [Instance, Instance] {
    return [this.#here, this.#there];
  }

  /** Instances with these options; the other one may have others. */
  async setUp(options: CacheOptions, ofThere: CacheOptions = options): Promise<void> {
    await this.stage.fleet.stop();
    await this.stage.renewFleet();
    this.#here = await this.#join(options);
    this.#there = await this.#join(ofThere);
    await this.pass(0); // From now on it stands still.
  }

  #join(options: CacheOptions): Promise<Instance> {
    // No lease lapses in the time that passes.
    return this.stage.fleet.join({ tiers: this.stage.tiers, ttl: 10 * MINUTE, ...options }, { bound: '10h', fillLease: '10h' });
  }

  /** Lets so many minutes pass. */
  pass(minutes: number): Promise<void> {
    return this.stage.fleet.pass(minutes * MINUTE);
  }

  /** Waits until an instance has heard of what `write` evicts in the other one. */
  async heard(by: 'here' | 'there', write: () => Promise<unknown>): Promise<void> {
    const told = this.stage.applied(by === 'here' ? this.#here : this.#there);
    await write();
    await told;
  }

  /** A load by an instance that has begun, and runs until it is told to end. */
  async slowly<V>(key: CacheKey, options?: LoadOptions<V>, by = this.here): Promise<SlowLoad<V>> {
    const begun = gate();
    const { promise, open } = gate<() => V>();
    const loader: Loader<V> = () => {
      begun.open();
      return promise.then((outcome) => outcome());
    };
    const result = by.getOrLoad(key, loader, options);
    result.catch(() => undefined); // A spec looks at it later.
    await Promise.race([begun.promise, result.then(() => undefined, () => undefined)]); // prettier-ignore
    return {
      result,
      succeed: (value) => open(() => value),
      fail: (error = AWAY) =>
        open(() => {
          throw error;
        }),
    };
  }

  /** What is told from now on by one event of the first instance. */
  told<K extends keyof CacheEventMap>(event: K): CacheEventMap[K][] {
    const told: CacheEventMap[K][] = [];
    this.#here.runtime.events.on(event, (each: CacheEventMap[K]) => void told.push(each));
    return told;
  }

  /** Waits until an instance has counted so many of something. */
  counted(
    what: 'refreshes' | 'refreshFailures' | 'loadTimeouts' | 'loads' | 'fills' | 'loadFailures',
    count: number,
    by = this.here,
  ): Promise<void> {
    return waitFor(() => by.statistics()[what] === count, { what: `${count} ${what}` });
  }
}
