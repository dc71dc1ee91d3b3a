import { AssertionError } from 'node:assert';
import { unbindEverything } from '../../inversify/index.js';
import { type Duration, parseDuration } from '../../time/index.js';
import type { Course } from './course.js';
import type { Schedule } from './schedule.js';
import type { ServiceClass, SimulatedInstance } from './simulated-instance.js';
import type { SimulatedRedis } from './simulated-redis.js';
import type { VirtualClock } from './virtual-clock.js';

/** What a {@link SimulatedFleet} is made of. */
export interface FleetParts {
  readonly instances: readonly SimulatedInstance[];
  /** Starts another instance in the place of one that has ended. */
  readonly start: (index: number) => Promise<SimulatedInstance>;
  readonly redis: SimulatedRedis;
  readonly clock: VirtualClock;
  readonly course: Course;
  readonly schedule: Schedule;
}

/**
 * Several servers and their Redis in one process, in virtual time. `fleet[0]` is the first of them.
 *
 * Every request, reply and message takes its own time to arrive; in which order is decided by the seed. Time
 * stands still, except in {@link elapse}, and where an awaited call waits for time itself.
 */
export class SimulatedFleet implements Iterable<SimulatedInstance>, AsyncDisposable {
  readonly 0: SimulatedInstance;
  readonly 1: SimulatedInstance;
  readonly 2: SimulatedInstance;
  readonly 3: SimulatedInstance;
  readonly 4: SimulatedInstance;
  readonly [index: number]: SimulatedInstance;
  /** The number of instances. */
  readonly length: number;
  readonly redis: SimulatedRedis;
  /** The time in this fleet, for methods that take a while: `await clock.sleep('20ms')`. */
  readonly clock: VirtualClock;
  readonly #parts: FleetParts;
  readonly #instances: SimulatedInstance[];
  #ended: Promise<void> | undefined;

  /** @internal Made by {@link simulateFleet}. */
  constructor(parts: FleetParts) {
    this.#parts = parts;
    this.#instances = [...parts.instances];
    this.length = parts.instances.length;
    this.redis = parts.redis;
    this.clock = parts.clock;
    Object.assign(this, parts.instances);
  }

  /** What decides in which order things arrive. */
  get seed(): number {
    return this.#parts.schedule.seed;
  }

  /** What has happened so far, one line each, with the time. */
  get schedule(): readonly string[] {
    return this.#parts.schedule.lines;
  }

  /** All instances, from the first on. */
  [Symbol.iterator](): Iterator<SimulatedInstance> {
    return this.#instances[Symbol.iterator]();
  }

  /**
   * Lets time pass. Each timer rings in its turn, and all that follows from it happens before the next one.
   * At the end nothing is on its way that can arrive.
   *
   * @throws {CacheConfigurationError} for what is no duration.
   */
  async elapse(duration: Duration): Promise<void> {
    this.#parts.schedule.tell(`elapse(${typeof duration === 'number' ? duration : `'${duration}'`})`);
    await this.#parts.course.elapse(parseDuration('duration', duration));
  }

  /** Resolves when nothing is on its way any more that can arrive without time passing. */
  async settle(): Promise<void> {
    await this.#parts.course.settle();
  }

  /** Heals every link, and lets Redis be reached again. */
  heal(): void {
    for (const instance of this.#instances) if (instance.isAlive) instance.heal();
    this.redis.up();
  }

  /**
   * Starts an instance anew, as a deployment does: it ends in order, unless it was killed, and another one
   * takes its place. From then on `fleet[index]` is the new one, whose methods have not run yet.
   *
   * @throws {RangeError} if there is no such instance.
   * @throws what `enableCaching` throws, as while Redis is away: there is no instance in its place then.
   */
  async restart(index: number): Promise<void> {
    const { course, schedule, start } = this.#parts;
    const before = this.#instances[index];
    if (before === undefined) throw new RangeError(`This fleet has instances 0 to ${this.length - 1}, and no ${index}.`);
    schedule.tell(`i${index}: restart()`);
    if (before.isAlive) await course.call(unbindEverything(before.container));
    const instance = await start(index);
    this.#instances[index] = instance;
    Object.assign(this, { [index]: instance });
  }

  /**
   * How often a decorated method ran, in all instances together: calls that a cache has answered do not
   * count.
   *
   * @throws {CacheConfigurationError} `CACHE_OPERATION_INVALID` if the class has no such decorated method.
   */
  runs(service: ServiceClass, method: string): number {
    return this.#instances.reduce((sum, instance) => sum + instance.runs(service, method), 0);
  }

  /**
   * Holds against the contract (`docs/coherence.md`, C1 to C5) every answer that a cache of this fleet has
   * given, and every answer that a local tier would give now.
   *
   * It tells what the library promises: that no eviction is overlooked. It cannot tell whether your methods
   * evict all that they should.
   *
   * @throws {AssertionError} which tells the first answer that should not have been given, the seed, and the
   *   schedule.
   */
  assertCoherent(): void {
    const { schedule } = this.#parts;
    for (const instance of this.#instances) instance.check();
    const { violation } = schedule;
    if (violation === undefined) return;
    throw new AssertionError({ message: `${violation}\nSeed ${schedule.seed}. ${schedule.text()}` });
  }

  /** @internal What has happened, for people. */
  told(): string {
    return this.#parts.schedule.text();
  }

  /**
   * Ends every instance, as an orderly shutdown does. Idempotent. A fleet that is not ended holds nothing but
   * memory.
   */
  async stop(): Promise<void> {
    await (this.#ended ??= this.#end());
  }

  async #end(): Promise<void> {
    this.heal();
    await this.#parts.course.call(Promise.all(this.#instances.map(({ container }) => unbindEverything(container))));
  }

  /** The same as {@link stop}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
