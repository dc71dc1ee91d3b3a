import { inspect } from 'node:util';
import type { Container } from 'inversify';
import { type CachedMethod, cachedMethodsOf, type ServiceIdentifier } from '../../annotation/index.js';
import type { Cache, CacheManager } from '../../cache/index.js';
import { CacheConfigurationError, didYouMean } from '../../errors/index.js';
import type { CacheInterceptor } from '../../interceptor/index.js';
import type { Course } from './course.js';
import type { Links } from './simulated-backend.js';
import { SimulatedCommandLink, SimulatedSubscriberLink } from './simulated-link.js';
import type { WatchedCache } from './watched-cache.js';
import { type MethodWatch, watchMethod } from './watched-method.js';

/** A class, for asking how often its methods ran. */
export type ServiceClass = abstract new (...args: never[]) => unknown;

/** What a {@link SimulatedInstance} is made of. */
export interface InstanceParts {
  readonly index: number;
  readonly container: Container;
  readonly manager: CacheManager;
  readonly links: Links;
  readonly caches: readonly WatchedCache[];
  readonly course: Course;
  readonly tell: (line: string) => void;
}

/** One server of a simulated fleet: a container of its own, with its caches and its two links to Redis. */
export class SimulatedInstance implements MethodWatch {
  /** Its place in the fleet, from 0. It is also what its messages are signed with: `i0`, `i1`. */
  readonly index: number;
  readonly container: Container;
  readonly manager: CacheManager;
  /** The connection on which it hears messages. */
  readonly subscriber: SimulatedSubscriberLink;
  /** The connection that carries its commands. */
  readonly command: SimulatedCommandLink;
  readonly #parts: InstanceParts;
  readonly #runs = new Map<object, Map<string | symbol, number>>();
  #isAlive = true;

  /** @internal Made by {@link simulateFleet}. */
  constructor(parts: InstanceParts) {
    const { links, tell } = parts;
    this.#parts = parts;
    this.index = parts.index;
    this.container = parts.container;
    this.manager = parts.manager;
    this.command = new SimulatedCommandLink(links.command, (line) => tell(`command.${line}`));
    this.subscriber = new SimulatedSubscriberLink(links.subscriber, (line) => tell(`subscriber.${line}`));
  }

  /** Whether it has not been killed. */
  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** A service of its container. */
  get<T>(identifier: ServiceIdentifier<T>): T {
    return this.container.get(identifier as never);
  }

  /**
   * A cache, by its name.
   *
   * @throws {CacheConfigurationError} `CACHE_NAME_UNKNOWN` if there is none.
   */
  cache<T = unknown>(name: string): Cache<T> {
    const cache = this.manager.getCache(name);
    if (cache === undefined) throw new CacheConfigurationError('CACHE_NAME_UNKNOWN', `There is no cache '${name}' in this instance.`);
    return cache;
  }

  /** Cuts it off from Redis: both links are half-open. */
  partition(): void {
    this.command.halfOpen();
    this.subscriber.halfOpen();
  }

  /** Heals both links. */
  heal(): void {
    this.command.heal();
    this.subscriber.heal();
  }

  /**
   * Its process dies: it sends and hears nothing any more. What its promises do afterwards means nothing.
   *
   * @param late - whether what it has sent may still be executed. Default: `false`.
   */
  kill(late = false): void {
    this.#parts.tell('kill()');
    this.#isAlive = false;
    this.#parts.links.subscriber.die();
    this.#parts.links.command.die(late);
  }

  /**
   * How often a decorated method of this instance ran: calls that a cache has answered do not count.
   *
   * @throws {CacheConfigurationError} `CACHE_OPERATION_INVALID` if the class has no such decorated method.
   */
  runs(service: ServiceClass, method: string): number {
    const prototype = service.prototype as object;
    checkMethod(service, method);
    let runs = 0;
    for (const [of, counts] of this.#runs)
      if (of === prototype || Object.prototype.isPrototypeOf.call(prototype, of)) runs += counts.get(method) ?? 0;
    return runs;
  }

  /** @internal */
  ran(target: object, name: string | symbol, answer: unknown): unknown {
    const prototype = Object.getPrototypeOf(target) as object;
    const counts = this.#runs.get(prototype) ?? new Map<string | symbol, number>();
    this.#runs.set(prototype, counts.set(name, (counts.get(name) ?? 0) + 1));
    return this.#parts.course.method(answer);
  }

  /** @internal Holds what its local tiers would answer against the contract. */
  check(): void {
    if (this.#isAlive) for (const cache of this.#parts.caches) cache.check();
  }

  /** @internal Has decorated methods tell of their calls. */
  watch(interceptor: CacheInterceptor): void {
    const { course, tell } = this.#parts;
    const invoke = interceptor.invoke.bind(interceptor);
    let handedOn: readonly unknown[] | undefined;
    const watched = (target: object, method: CachedMethod, args: unknown[]): Promise<unknown> => {
      // The interceptor hands the call on to itself.
      if (args === handedOn) return invoke(target, method, args);
      watchMethod(method.of(target), target, this);
      tell(`${method.label}(${args.map(shortened).join(', ')})`);
      handedOn = args;
      return course.call(invoke(target, method, args));
    };
    interceptor.invoke = watched;
    interceptor.invokeWith = (target, method, argument) => watched(target, method, [argument]);
  }
}

/** A value on one line of a schedule. */
const shortened = (value: unknown): string => {
  const text = inspect(value, { breakLength: Infinity, depth: 1 });
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
};

function checkMethod(service: ServiceClass, method: string): void {
  const names = cachedMethodsOf(service as never).map(({ name }) => String(name));
  if (names.includes(method)) return;
  const message = `${service.name} has no decorated method '${method}'.${didYouMean(method, names)}`;
  throw new CacheConfigurationError('CACHE_OPERATION_INVALID', message, { hint: 'Only runs of decorated methods are counted.' });
}
