import { CacheConfigurationError } from '../errors/index.js';
import { setCacheConfig } from './cache-config-registry.js';
import { CachedMethod, type MethodBody, methodLabel } from './cached-method.js';
import type { CacheOperation } from './cache-operation.js';
import type { ClassConstructor } from './class-constructor.js';
import { classConfigured, decorateClass, decorateLegacy, decorateStandard, type Unread } from './method-registry.js';
import type {
  AsyncMethod,
  CacheableOptions,
  CacheClassDecorator,
  CacheConfigOptions,
  CacheDecorator,
  CacheEvictOptions,
  CachePutOptions,
  CachingGroup,
} from './decorator-options.js';
import { checkBody, readDefaults, readGroup, readOperation } from './read-operation.js';
import { wrap } from './wrapper.js';

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
 * Runs the method at every call and stores what it returns, before the caller's `await` continues: in each of its caches, whatever becomes of
 * the others. The first failure then reaches the caller.
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

/** What each decorator asks for, so that it can also be applied without being written above anything. */
const askedFor = new WeakMap<object, Unread>();

/** A decorator that tells by its arguments in which of the two forms it is called, and whether on a method or on a class. */
function decorator(unread: Unread): unknown {
  const decorate = (target: unknown, second: unknown, descriptor?: PropertyDescriptor): unknown => {
    if (isClass(target, second)) return decorateClass(target, unread);
    return typeof second === 'object' && second !== null
      ? decorateStandard(target, second as ClassMethodDecoratorContext, unread)
      : decorateLegacy(target as object, second as string | symbol, descriptor, unread);
  };
  askedFor.set(decorate, unread);
  return decorate;
}

/** Legacy class decorators get the class alone; standard ones a context that says so. */
function isClass(target: unknown, second: unknown): target is ClassConstructor {
  const isStandard = typeof second === 'object' && second !== null && 'kind' in second && second.kind === 'class';
  return typeof target === 'function' && (second === undefined || isStandard);
}

/**
 * Several decorators as one, for a combination with a name of its own: the same as writing them one above the other.
 *
 * ```ts
 * const BookWrite = <M extends AsyncMethod>() => composeDecorators<M>(CacheEvict('book'), CacheEvict('list', { allEntries: true }));
 * ```
 *
 * @param decorators - what `Cacheable`, `CachePut`, `CacheEvict`, `Caching` or this function returned, the uppermost first.
 * @throws {CacheConfigurationError} `CACHE_OPERATION_INVALID` for anything else.
 * @see Spring's composed annotations
 */
export function composeDecorators<M extends AsyncMethod>(...decorators: readonly CacheDecorator<M>[]): CacheDecorator<M> {
  const all = decorators.map(unreadOf);
  return decorator((label) => all.flatMap((unread) => unread(label))) as CacheDecorator<M>;
}

/**
 * The method as the decorator would record it, without touching the class: for objects whose classes are not ours to decorate.
 *
 * @throws {CacheConfigurationError} as the decorator would, or `CACHE_OPERATION_INVALID` for what is no decorator of ours.
 */
export function recordMethod(decorator: unknown, owner: ClassConstructor, name: string | symbol, body: unknown): CachedMethod {
  const label = methodLabel(owner, name);
  checkBody(body, label);
  const method = new CachedMethod({ name, body: body as MethodBody, declaringClass: owner }, wrap);
  method.add(unreadOf(decorator)(label).map((operation) => readOperation(operation, label)));
  return method;
}

function unreadOf(decorator: unknown): Unread {
  const unread = typeof decorator === 'function' ? askedFor.get(decorator) : undefined;
  if (unread !== undefined) return unread;
  throw new CacheConfigurationError(
    'CACHE_OPERATION_INVALID',
    'Expected what @Cacheable, @CachePut, @CacheEvict or @Caching returns, got something else.',
    { hint: 'Call it: `Cacheable()`, not `Cacheable`.' },
  );
}
