import {
  type AllDecoratorOf,
  type AsyncMethod,
  type CacheDecorator,
  recordMethod,
  type ServiceLocator,
  takeOwnProperties,
} from '../annotation/index.js';
import { INTERCEPTOR, type Interceptor } from './tokens.js';

/** What to cache of an object: a decorator for each method, by its name. */
export type CacheProxyOperations<T> = {
  readonly [K in keyof T]?: (T[K] extends AsyncMethod ? CacheDecorator<T[K]> | AllDecoratorOf<T[K]> : never) | undefined;
};

type Callable = (...args: unknown[]) => unknown;

/**
 * A stand-in for `target` whose named methods are cached: for objects of classes that you cannot decorate.
 *
 * ```ts
 * container.bind(GitHubClient).toDynamicValue((context) =>
 *   cacheProxy(context, new GitHubClient(), { getUser: Cacheable('user', { ttl: '5m' }) }),
 * );
 * ```
 *
 * Everything else goes to `target`, with `target` as its `this`, so that `#private` members work. Calls
 * that `target` makes to itself are not cached. Meant for objects that live long, because each stand-in
 * keeps its own state per method.
 *
 * @param context - the container, or inversify's `ResolutionContext`. If it has no caching module,
 *   `target` itself is returned.
 * @throws {CacheConfigurationError} as the decorators would, and `CACHE_OPERATION_INVALID` for a
 *   name that is no method.
 * @see Spring `CacheProxyFactoryBean`
 */
export function cacheProxy<T extends object>(context: ServiceLocator, target: T, operations: CacheProxyOperations<T>): T {
  const owner = target.constructor;
  const decorators = operations as Readonly<Record<string | symbol, unknown>>;
  const methods = Reflect.ownKeys(decorators)
    .filter((name) => decorators[name] !== undefined)
    .map((name) => recordMethod(decorators[name], owner, name, Reflect.get(target, name)));
  const interceptor = context.get<Interceptor>(INTERCEPTOR, { optional: true });
  if (interceptor === undefined) return target;
  const cachedMethods = new Map<string | symbol, Callable>();
  for (const method of methods) {
    cachedMethods.set(
      method.name,
      likeness(method.body, (...args) => interceptor.invoke(target, method, args)),
    );
  }
  return standIn(target, cachedMethods);
}

/** `standIn`, which looks like `method` from now on. */
function likeness(method: Callable, standIn: Callable): Callable {
  takeOwnProperties(standIn, method);
  return standIn;
}

/**
 * A proxy over a shadow object and not over `target`: the methods of a frozen `target` could not be replaced.
 */
function standIn<T extends object>(target: T, replaced: ReadonlyMap<string | symbol, Callable>): T {
  const bound = new WeakMap<Callable, Callable>();
  const get = (name: string | symbol): unknown => {
    const value: unknown = replaced.get(name) ?? Reflect.get(target, name, target);
    if (typeof value !== 'function' || name === 'constructor' || replaced.has(name)) return value;
    const method = value as Callable;
    let own = bound.get(method);
    if (own === undefined) bound.set(method, (own = likeness(method, method.bind<Callable>(target))));
    return own;
  };
  return new Proxy({} as T, {
    get: (_shadow, name) => get(name),
    set: (_shadow, name, value) => Reflect.set(target, name, value, target),
    has: (_shadow, name) => Reflect.has(target, name),
    deleteProperty: (_shadow, name) => Reflect.deleteProperty(target, name),
    getPrototypeOf: () => Reflect.getPrototypeOf(target),
    ownKeys: () => Reflect.ownKeys(target),
    getOwnPropertyDescriptor(_shadow, name) {
      const descriptor = Reflect.getOwnPropertyDescriptor(target, name);
      // A property that the shadow does not have must be configurable. A value is shown as `get` returns it.
      if (descriptor === undefined) return undefined;
      return 'value' in descriptor ? { ...descriptor, value: get(name), configurable: true } : { ...descriptor, configurable: true };
    },
  });
}
