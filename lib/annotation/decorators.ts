import { setCacheConfig } from './cache-config-registry.js';
import type { CacheOperation } from './cache-operation.js';
import type { ClassConstructor } from './class-port.js';
import { classConfigured, decorateLegacy, decorateStandard } from './method-registry.js';
import type {
  AsyncMethod,
  CacheableOptions,
  CacheClassDecorator,
  CacheConfigOptions,
  CacheDecorator,
  CacheEvictOptions,
  CachePutOptions,
  CachingGroup,
} from './options.js';
import { readDefaults, readGroup, type UnreadOperation } from './read-operation.js';

/**
 * Answers calls from the caches and stores what the method returns on a miss: asked in declared order, the first hit ends it.
 * Only methods that return a promise; a rejection is never stored. Concurrent calls with one key share one run of the method.
 *
 * @param cacheNames - one name or several. Default: those of `@CacheConfig`.
 * @throws {CacheConfigurationError} at decoration, when an option is unknown, of the wrong type or contradicts another.
 * @see Spring `@Cacheable`
 */
export function Cacheable<M extends AsyncMethod>(
  cacheNames: string | readonly string[],
  options?: Omit<CacheableOptions<M>, 'cacheNames'>,
): CacheDecorator<M>;
export function Cacheable<M extends AsyncMethod>(options?: CacheableOptions<M>): CacheDecorator<M>;
export function Cacheable(...given: unknown[]): unknown {
  return single('cacheable', given);
}

/**
 * Runs the method at every call and stores what it returns, before the caller's `await` continues.
 *
 * @param cacheNames - one name or several. Default: those of `@CacheConfig`.
 * @throws {CacheConfigurationError} at decoration, when an option is unknown, of the wrong type or contradicts another.
 * @see Spring `@CachePut`
 */
export function CachePut<M extends AsyncMethod>(
  cacheNames: string | readonly string[],
  options?: Omit<CachePutOptions<M>, 'cacheNames'>,
): CacheDecorator<M>;
export function CachePut<M extends AsyncMethod>(options?: CachePutOptions<M>): CacheDecorator<M>;
export function CachePut(...given: unknown[]): unknown {
  return single('put', given);
}

/**
 * Removes what the caches have under the key, or all of it, once the method succeeded and before the caller's `await` continues.
 * If Redis does not acknowledge it in time, the call rejects with a `CacheEvictError` that carries the method's result.
 *
 * @param cacheNames - one name or several. Default: those of `@CacheConfig`.
 * @throws {CacheConfigurationError} at decoration, when an option is unknown, of the wrong type or contradicts another.
 * @see Spring `@CacheEvict`
 */
export function CacheEvict<M extends AsyncMethod>(
  cacheNames: string | readonly string[],
  options?: Omit<CacheEvictOptions<M>, 'cacheNames'>,
): CacheDecorator<M>;
export function CacheEvict<M extends AsyncMethod>(options?: CacheEvictOptions<M>): CacheDecorator<M>;
export function CacheEvict(...given: unknown[]): unknown {
  return single('evict', given);
}

/**
 * Several operations on one method: the same as so many decorators one above the other. An empty group asks for nothing.
 *
 * @see Spring `@Caching`
 */
export function Caching<M extends AsyncMethod>(group: CachingGroup<M>): CacheDecorator<M>;
export function Caching(group: unknown): unknown {
  return decorator((label) => readGroup(group, label));
}

/**
 * What the cache operations of a class have in common. Found on the class that declares the method, else on its nearest base class.
 * On a subclass it also sees to it that inherited decorated methods are cached; with standard decorators every class needs it.
 *
 * @see Spring `@CacheConfig`
 */
export function CacheConfig(options: CacheConfigOptions = {}): CacheClassDecorator {
  return (target: ClassConstructor) => {
    setCacheConfig(target, readDefaults(options, target.name === '' ? '(anonymous class)' : target.name));
    classConfigured(target);
  };
}

/** `(names, options?)` and `(options?)` are two ways to write the same. */
function single(kind: CacheOperation['kind'], [first, second]: unknown[]): unknown {
  const options =
    typeof first === 'string' || Array.isArray(first) ? { ...(second as object | undefined), cacheNames: first } : (first ?? {});
  return decorator(() => [{ kind, options }]);
}

/** A decorator that tells by its arguments in which of the two forms it is called. */
function decorator(unread: (label: string) => readonly UnreadOperation[]): unknown {
  return (target: unknown, second: unknown, descriptor?: PropertyDescriptor): unknown =>
    typeof second === 'object' && second !== null
      ? decorateStandard(target, second as ClassMethodDecoratorContext, unread)
      : decorateLegacy(target as object, second as string | symbol, descriptor, unread);
}
