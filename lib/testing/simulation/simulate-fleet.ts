import { Container } from 'inversify';
import { isNamedByDecorator } from '../../annotation/index.js';
import { CacheConfigurationError, didYouMean, shown } from '../../errors/index.js';
import { type EvictionMessage, nameOfOrigin, parseMessage } from '../../eviction/index.js';
import { type CachingOptions, createInstance, type Instance, type InstanceOptions } from '../../instance/index.js';
import { CacheInterceptor } from '../../interceptor/index.js';
import { enableOver } from '../../inversify/index.js';
import { CommandLink } from './command-link.js';
import { type Choice, Course } from './course.js';
import { FakeRedis } from './fake-redis.js';
import { FleetOracle } from './fleet-oracle.js';
import { randomOf } from './random.js';
import { Schedule } from './schedule.js';
import { type Links, simulatedBackend } from './simulated-backend.js';
import { SimulatedFleet } from './simulated-fleet.js';
import { SimulatedInstance } from './simulated-instance.js';
import { SimulatedRedis } from './simulated-redis.js';
import { SubscriberLink } from './subscriber-link.js';
import { VirtualClock } from './virtual-clock.js';
import { type CacheWatch, WatchedCache } from './watched-cache.js';

/** What of the options of an instance can be chosen: the simulation has its own Redis and clock. */
export type SimulatedCachingOptions = Omit<CachingOptions, 'redis' | 'credentials' | 'clock' | 'instanceId' | 'enabled'>;

/** What an instance is told of itself while it is wired. */
export interface SimulatedPlace {
  /** From 0. */
  readonly index: number;
  /** The time in this fleet. */
  readonly clock: VirtualClock;
}

/** What a fleet is like. */
export interface SimulateFleetOptions {
  /** How many servers it has. Default: 2. */
  readonly instances?: number | undefined;
  /**
   * Decides in which order things arrive, the same each time. 0: in the order in which they were sent.
   * Default: 1.
   */
  readonly seed?: number | undefined;
  /**
   * Binds the services of one server, before caching is enabled in its container. A promise is waited for.
   */
  readonly wire: (container: Container, place: SimulatedPlace) => unknown;
  /**
   * The options of `enableCaching`, for all servers, or by their index: a mixed fleet. Default: the defaults.
   */
  readonly options?: SimulatedCachingOptions | ((index: number) => SimulatedCachingOptions) | undefined;
}

/** What can be said of a fleet. */
const KNOWN = ['instances', 'seed', 'wire', 'options'] as const;

/** What the simulation decides itself. */
const GIVEN = ['redis', 'credentials', 'clock', 'instanceId', 'enabled'] as const;

/** More would take long, and show nothing new. */
const MOST_INSTANCES = 64;

/**
 * Starts a fleet in virtual time: real containers, with all that `enableCaching` brings, on a Redis that is
 * simulated. It needs no server, opens no socket, and replaces nothing of the process; several can be in use
 * at once.
 *
 * @returns the fleet, once every server is connected and serves its local tier.
 * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` for wrong options; what `enableCaching` throws.
 */
export function simulateFleet(options: SimulateFleetOptions): Promise<SimulatedFleet> {
  checkNames(options, KNOWN);
  const { seed = 1 } = options;
  if (!Number.isSafeInteger(seed) || seed < 0) throw invalid('seed', 'a whole number of at least 0', seed);
  const random = randomOf(seed);
  const choice = seed === 0 ? () => 0 : (count: number): number => Math.floor(random() * count);
  return simulateWith(options, { seed, choice });
}

/** What decides the course of a fleet, and what its instances are made of. */
export interface FleetCourse {
  readonly seed: number;
  readonly choice: Choice;
  /** In place of the library's own parts, to see which promise breaks without a rule of theirs. */
  readonly collaborators?: InstanceOptions['collaborators'] | undefined;
}

/** The same, for any order of arrival. */
export async function simulateWith(options: SimulateFleetOptions, course: FleetCourse): Promise<SimulatedFleet> {
  const { instances: count = 2, wire } = options;
  if (!Number.isSafeInteger(count) || count < 1 || count > MOST_INSTANCES)
    throw invalid('instances', `a whole number from 1 to ${MOST_INSTANCES}`, count);
  if (typeof wire !== 'function') throw invalid('wire', 'a function', wire);
  const world = new SimulatedWorld(options, course);
  const instances: SimulatedInstance[] = [];
  for (let index = 0; index < count; index += 1) instances.push(await world.start(index));
  await world.course.settle();
  return world.fleet(instances);
}

/** What all instances of one fleet share. */
class SimulatedWorld {
  readonly clock = new VirtualClock();
  readonly course: Course;
  readonly #options: SimulateFleetOptions;
  readonly #collaborators: FleetCourse['collaborators'];
  readonly #schedule: Schedule;
  readonly #server = new FakeRedis(() => this.clock.epochNow());
  readonly #links: Links[] = [];
  readonly #redis: SimulatedRedis;
  /** How many instances have had each place. */
  readonly #lives: number[] = [];
  readonly #oracle: FleetOracle;
  readonly #bounds = new Map<string, number>();

  constructor(options: SimulateFleetOptions, { seed, choice, collaborators }: FleetCourse) {
    this.#options = options;
    this.#collaborators = collaborators;
    this.#schedule = new Schedule(seed, this.clock);
    this.course = new Course(this.clock, choice, (line) => this.#schedule.tell(line));
    this.#oracle = new FleetOracle(
      (instance) => this.#bounds.get(instance) ?? 0,
      () => this.clock.now(),
    );
    this.#redis = new SimulatedRedis(
      this.#server,
      () => this.#links,
      (line) => this.#schedule.tell(`redis: ${line}`),
    );
    this.#server.onPublish = (channel, body) => this.#publish(channel, body);
  }

  async start(index: number): Promise<SimulatedInstance> {
    const { options = {}, wire } = this.#options;
    const own = checkOwn(typeof options === 'function' ? options(index) : options, index);
    const life = (this.#lives[index] = (this.#lives[index] ?? 0) + 1);
    const id = life === 1 ? `i${index}` : `i${index}-${life}`;
    const container = new Container();
    await wire(container, { index, clock: this.clock });
    const caches: WatchedCache[] = [];
    const { links, instance } = this.#instance(id, own, caches);
    const manager = await this.course.call(enableOver(container, () => instance));
    const { course } = this;
    const tell = (line: string): void => this.#schedule.tell(`${id}: ${line}`);
    const simulated = new SimulatedInstance({ index, container, manager, links, caches, course, tell });
    simulated.watch(container.get(CacheInterceptor));
    return simulated;
  }

  fleet(instances: readonly SimulatedInstance[]): SimulatedFleet {
    return new SimulatedFleet({
      instances,
      start: (index) => this.start(index),
      redis: this.#redis,
      clock: this.clock,
      course: this.course,
      schedule: this.#schedule,
    });
  }

  #instance(id: string, own: SimulatedCachingOptions, caches: WatchedCache[]): { readonly links: Links; readonly instance: Instance } {
    let links: Links | undefined;
    const watch: CacheWatch = {
      instance: id,
      oracle: this.#oracle,
      call: (answer) => this.course.call(answer),
      violated: (text) => this.#schedule.violated(text),
    };
    const say = (line: string): void => this.#schedule.tell(`${id}: ${line}`);
    const logger = own.logger ?? { error: say, warn: say, info: say };
    const instance = createInstance(
      { ...own, logger, instanceId: id, clock: this.clock },
      {
        isNamed: isNamedByDecorator,
        collaborators: this.#collaborators,
        makeCache: (parts) => {
          const cache = new WatchedCache(parts, watch);
          caches.push(cache);
          return cache;
        },
        backend: (resolved, events) => {
          this.#bounds.set(id, resolved.boundMs);
          const { timers } = this.clock;
          const { connectTimeoutMs, timeoutMs } = resolved;
          const common = { id, scheduler: this.course, server: () => this.#server, coalesces: false, timers, connectTimeoutMs };
          const command = new CommandLink({
            ...common,
            events,
            timeoutMs,
            executed: () => undefined,
          });
          const subscriber = new SubscriberLink({
            ...common,
            delivered: (_message, removal) => removal !== undefined && this.#oracle.delivered(id, removal as never),
            publish: (channel, body) => command.publish(channel, body),
          });
          links = { command, subscriber };
          this.#links.push(links);
          this.#redis.met(links);
          return simulatedBackend(resolved, links, events);
        },
      },
    );
    return { links: links as unknown as Links, instance };
  }

  #publish(channel: string, body: string): number {
    const message = parseMessage(body);
    const isEviction = !('malformed' in message);
    const removal = isEviction ? this.#oracle.executed(message, nameOfOrigin(message.origin)) : undefined;
    if (isEviction) this.#schedule.tell(`redis: ${textOf(message)}`);
    return this.#links.reduce((sum, { subscriber }) => sum + subscriber.deliver(this.#server, { channel, body }, removal), 0);
  }
}

function textOf({ cache, op, keys, tags, origin, seq }: EvictionMessage): string {
  const what = op === 'clear' ? '' : ` ${(tags ?? keys).join(', ')}`;
  return `${op}${what} in cache '${cache}', number ${seq}, by ${nameOfOrigin(origin)}`;
}

/** @internal */
export const invalid = (option: string, what: string, got: unknown): CacheConfigurationError =>
  new CacheConfigurationError('CACHE_OPTION_INVALID', `Expected \`${option}\` to be ${what}, got ${shown(String(got))}.`);

/** @internal Refuses what is no object, and options that nobody reads. */
export function checkNames(options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) throw invalid('options', 'an object', options);
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const message = `Unknown option \`${shown(name)}\` of a simulated fleet.${didYouMean(name, known)}`;
    throw new CacheConfigurationError('CACHE_OPTION_INVALID', message, { hint: `Known here: ${known.join(', ')}.` });
  }
}

/** The options of one instance, without those that are not for the user to choose. */
function checkOwn(own: SimulatedCachingOptions, index: number): SimulatedCachingOptions {
  if (typeof own !== 'object' || own === null) throw invalid('options', `an object for instance ${index}`, own);
  const given = GIVEN.find((name) => (own as Record<string, unknown>)[name] !== undefined);
  if (given === undefined) return own;
  throw new CacheConfigurationError('CACHE_OPTION_INVALID', `\`${given}\` is no option of a simulated fleet, which decides it itself.`, {
    hint: 'A simulation has its own Redis, its own clock and its own instances. Leave the option out.',
  });
}
