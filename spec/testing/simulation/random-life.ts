import { type Cache, type EvictOptions, runInTransaction, withoutCache } from '../../../lib/index.js';
import type { SimulatedCachingOptions } from '../../../lib/testing/index.js';
import type { RedisSnapshot } from '../../../lib/testing/simulation/simulated-redis.js';
import type { SimulatedFleet } from '../../../lib/testing/simulation/simulated-fleet.js';
import type { SimulatedInstance } from '../../../lib/testing/simulation/simulated-instance.js';
import { Random } from '../../support/random.js';

class Price {
  constructor(public amount: number) {}
}

const chance = (random: Random, of: number): boolean => random.next() < of;

const KEYS = ['a', 'b', 3, ['c', 4]] as const;
const TAGS = ['x', 'y', 7] as const;

/** What a load or a put has: few values, so that the same one comes again and again, in many forms. */
const VALUES: readonly ((random: Random) => unknown)[] = [
  (random) => random.below(3),
  (random) => ({ n: random.below(3) }),
  (random) => ({ n: String(random.below(3)) }),
  (random) => new Price(random.below(3)),
  (random) => ({ n: random.below(3), absent: undefined }),
  (random) => [new Date(random.below(3)), new Set([random.below(2)])],
  () => null,
  () => undefined,
  () => '',
];

/** The options of one instance. */
export function anyOptions(random: Random): SimulatedCachingOptions {
  const { tags } = { tags: chance(random, 0.5) };
  return {
    logger: false,
    bound: random.pick(['50ms', '500ms', '1s', '3s'] as const),
    failFast: chance(random, 0.8),
    caches: {
      book: {
        tags,
        tiers: random.pick(['both', 'both', 'both', 'local', 'remote'] as const),
        copy: random.pick(['freeze', 'clone', 'share'] as const),
        whenDisconnected: random.pick(['bypass', 'bypass', 'serve'] as const),
        unacknowledged: random.pick(['throw', 'report'] as const),
        maximumSize: random.pick([2, 100] as const),
        ttl: random.pick(['400ms', '5s', '1m'] as const),
        type: { Price },
        ...(chance(random, 0.3) ? { staleIfError: '10s' as const } : {}),
        ...(chance(random, 0.3) ? { refreshAfter: '200ms' as const } : {}),
        ...(chance(random, 0.2) ? { version: random.below(2) } : {}),
        ...(chance(random, 0.2) ? { localTtl: '100ms' as const } : {}),
      },
    },
  };
}

type Act = (fleet: SimulatedFleet, random: Random) => unknown;

/** A life in calls and faults, none of which knows of the others. */
export class RandomLife {
  readonly #random: Random;
  readonly #fleet: SimulatedFleet;
  #snapshot: RedisSnapshot | undefined;

  constructor(fleet: SimulatedFleet, random: Random) {
    this.#fleet = fleet;
    this.#random = random;
  }

  /** Lives on, and ends what is under way. */
  async live(steps: number): Promise<void> {
    const random = this.#random;
    const under = new Set<Promise<unknown>>();
    for (let i = 0; i < steps; i += 1) {
      const act = random.pick(chance(random, 0.85) ? this.#calls : this.#faults);
      const call = Promise.resolve()
        .then(() => act(this.#fleet, random))
        .then(
          () => undefined,
          () => undefined,
        );
      under.add(call);
      void call.then(() => under.delete(call));
      if (chance(random, 0.3)) await this.#fleet.settle();
      if (chance(random, 0.3)) await this.#fleet.elapse(random.pick([1, 10, 100, 600, 1_500, 4_000]));
      if (chance(random, 0.1)) this.#fleet.assertCoherent();
    }
    this.#fleet.redis.up();
    this.#fleet.heal();
    await this.#fleet.elapse('40s');
  }

  readonly #cacheOf = (fleet: SimulatedFleet, random: Random): Cache => this.#one(fleet, random).cache('book');

  readonly #one = (fleet: SimulatedFleet, random: Random): SimulatedInstance => fleet[random.below(fleet.length)] as SimulatedInstance;

  readonly #value = (random: Random): unknown => random.pick(VALUES)(random);

  readonly #tags = (random: Random): readonly (string | number)[] => TAGS.filter(() => chance(random, 0.3));

  readonly #evicting = (random: Random): EvictOptions => ({
    ...(chance(random, 0.3) ? { acks: 'all' as const } : {}),
    ...(chance(random, 0.2) ? { unacknowledged: random.pick(['throw', 'report'] as const) } : {}),
  });

  readonly #load = async (fleet: SimulatedFleet, random: Random): Promise<unknown> => {
    if (chance(random, 0.5)) await fleet.clock.sleep(random.pick([1, 50, 700, 2_000]));
    if (chance(random, 0.2)) throw new Error('The database is away.');
    if (chance(random, 0.2)) await this.#cacheOf(fleet, random).getOrLoad(random.pick(KEYS), () => this.#value(random));
    return this.#value(random);
  };

  readonly #read: Act = async (fleet, random) => {
    const tags = this.#tags(random);
    const value: unknown = await this.#cacheOf(fleet, random).getOrLoad(random.pick(KEYS), () => this.#load(fleet, random), {
      ...(chance(random, 0.3) ? { tags: chance(random, 0.5) ? tags : () => tags } : {}),
      ...(chance(random, 0.1) ? { unless: () => true } : {}),
    });
    if (chance(random, 0.3) && typeof value === 'object' && value !== null) Object.assign(value, { n: random.below(3) });
  };

  readonly #readAll: Act = async (fleet, random) => {
    const keys = KEYS.filter(() => chance(random, 0.5));
    await this.#cacheOf(fleet, random).getAllOrLoad(
      keys,
      async (missing) => {
        const values = new Map<unknown, unknown>();
        for (const key of missing) if (chance(random, 0.8)) values.set(key, await this.#load(fleet, random));
        return chance(random, 0.5) ? values : missing.map((key) => values.get(key));
      },
      {
        ...(chance(random, 0.5) ? { absent: random.pick(['null', 'undefined'] as const) } : {}),
        ...(chance(random, 0.3) ? { tags: (_value: unknown, key: unknown) => (key === 'a' ? ['x'] : ['y', 7]) } : {}),
      },
    );
  };

  readonly #put: Act = async (fleet, random) => {
    const cache = this.#cacheOf(fleet, random);
    const options = chance(random, 0.3) ? { tags: this.#tags(random) } : {};
    const value = this.#value(random);
    const key = random.pick(KEYS);
    if (chance(random, 0.3))
      await cache.putAll(
        KEYS.map((each) => [each, this.#value(random)] as const),
        options,
      );
    else if (chance(random, 0.5)) await cache.putIfAbsent(key, value, options);
    else await cache.put(key, value, options);
    if (chance(random, 0.5) && typeof value === 'object' && value !== null) Object.assign(value, { n: random.below(3) });
  };

  readonly #evict: Act = async (fleet, random) => {
    const cache = this.#cacheOf(fleet, random);
    const options = this.#evicting(random);
    switch (random.below(6)) {
      case 0:
        return cache.clear(options);
      case 1:
        return cache.invalidate(options);
      case 2:
        return cache.evictIfPresent(random.pick(KEYS), options);
      case 3:
        return cache.evictTagged(this.#tags(random), options);
      case 4:
        return cache.evictAll(KEYS.slice(random.below(4)), options);
      default:
        return cache.evict(random.pick(KEYS), options);
    }
  };

  readonly #intend: Act = async (fleet, random) => {
    const intent = await this.#cacheOf(fleet, random).intend(chance(random, 0.8) ? [random.pick(KEYS)] : 'all');
    await fleet.clock.sleep(random.pick([1, 100, 1_000]));
    if (chance(random, 0.9)) await intent.end(this.#evicting(random));
  };

  readonly #calls: readonly Act[] = [
    this.#read,
    this.#read,
    this.#read,
    this.#readAll,
    this.#put,
    this.#evict,
    this.#evict,
    this.#intend,
    (fleet, random) => this.#cacheOf(fleet, random).get(random.pick(KEYS)),
    (fleet, random) => this.#cacheOf(fleet, random).getAll(KEYS),
    (fleet, random) => withoutCache(() => this.#read(fleet, random) as Promise<void>, { store: chance(random, 0.5) }),
    (fleet, random) =>
      runInTransaction(async () => {
        await this.#read(fleet, random);
        await random.pick([this.#evict, this.#put])(fleet, random);
        await this.#read(fleet, random);
        if (chance(random, 0.2)) throw new Error('It rolls back.');
      }),
  ];

  readonly #faults: readonly Act[] = [
    (fleet, random) => this.#one(fleet, random).partition(),
    (fleet, random) => this.#one(fleet, random).subscriber.halfOpen(),
    (fleet, random) => this.#one(fleet, random).command.halfOpen(),
    (fleet, random) => this.#one(fleet, random).heal(),
    (fleet, random) => this.#one(fleet, random).heal(),
    (fleet, random) => this.#one(fleet, random).subscriber.cut(),
    (fleet, random) => this.#one(fleet, random).command.cut(chance(random, 0.5)),
    (fleet, random) => this.#one(fleet, random).subscriber.dropNext(1 + random.below(3)),
    (fleet) => fleet.heal(),
    (fleet) => fleet.redis.flush(),
    (fleet) => fleet.redis.down(),
    (fleet) => fleet.redis.up(),
    (fleet) => fleet.redis.up(),
    (fleet) => void (this.#snapshot = fleet.redis.snapshot()),
    (fleet, random) => fleet.redis.restart(chance(random, 0.5) ? this.#snapshot : undefined),
    (fleet, random) => (chance(random, 0.3) ? this.#one(fleet, random).kill(chance(random, 0.5)) : undefined),
    (fleet, random) => (chance(random, 0.3) ? fleet.restart(random.below(fleet.length)) : undefined),
  ];
}
