import { CacheConfigurationError } from '../errors/index.js';
import { setCacheConfig } from './cache-config-registry.js';
import type { AllDecorator, AllMethod, CacheableAllOptions, CacheableAllSettings, MapMethod, NamesOfAll } from './cacheable-all-options.js';
import { CachedMethod, type MethodBody, methodLabel } from './cached-method.js';
import type { CacheOperation } from './cache-operation.js';
import type { ClassConstructor } from './class-constructor.js';
import { classConfigured, configureInherited, decorateClass, decorateLegacy, decorateStandard, type Unread } from './method-registry.js';
import type {
  AsyncMethod,
  AtLeastOneName,
  CacheableOptions,
  CacheableSettings,
  CacheClassDecorator,
  CacheConfigOptions,
  CacheDecorator,
  CacheEvictOptions,
  CacheEvictSettings,
  CachePutOptions,
  CachePutSettings,
  CachingGroup,
} from './decorator-options.js';
import { checkBody, readDefaults, readGroup, readOperation } from './read-operation.js';
import { wrap } from './wrapper.js';

// The signatures of a decorator never take the same number of arguments. So the compiler's error is about
// the one that is meant, and it knows the types of the functions in the options.

/**
 * Answers calls from the caches. On a miss it runs the method and stores the result. Caches are asked in
 * declared order, and the first hit wins. Only for methods that return a promise; a rejection is never
 * stored. Concurrent calls with one key share one run of the method.
 *
 * @param cacheNames - one name or several. Default: those of `@CacheConfig`.
 * @param options - {@link CacheableOptions}, without `cacheNames` if the names come first.
 * @throws {CacheConfigurationError} at decoration, when an option is unknown, of the wrong type
 *   or contradicts another.
 * @see Spring `@Cacheable`
 */
export function Cacheable<M extends AsyncMethod>(
  cacheNames: string | AtLeastOneName,
  options: CacheableSettings<M> | undefined,
): CacheDecorator<M>;
export function Cacheable<M extends AsyncMethod>(cacheNamesOrOptions?: string | AtLeastOneName | CacheableOptions<M>): CacheDecorator<M>;
export function Cacheable(...given: unknown[]): unknown {
  return single('cacheable', given);
}

/**
 * {@link Cacheable} for a method over many ids: each element is an entry of its own. What is found is not
 * asked for: the method gets the missing ids only, in one call, distinct, in the order in which they first
 * appear. The caller gets the elements of all his ids.
 *
 * ```ts
 * @CacheableAll('book')
 * findAll(isbns: readonly string[]): Promise<Map<string, Book>>
 * ```
 *
 * - The key of an element is that of `@Cacheable` for `(id, ...others)`, so a method that reads one id shares
 *   the entries.
 * - The method returns a `Map` by id, from which it leaves out what does not exist, or an array that has one
 *   element for each id (`result: 'array'`), `undefined` for what does not exist.
 * - It is the only cache operation of its method. Without ids, and when all elements are found, the method
 *   does not run.
 * - While other callers, or other instances, load some of the ids, the method runs for the rest. See
 *   {@link Cache.getAllOrLoad}.
 *
 * @param cacheNames - one name or several. Default: those of `@CacheConfig`.
 * @param options - {@link CacheableAllOptions}, without `cacheNames` if the names come first.
 * @throws {CacheConfigurationError} at decoration, when an option is unknown, of the wrong type
 *   or contradicts another.
 */
export function CacheableAll<M extends AllMethod>(cacheNames: string | AtLeastOneName, options: CacheableAllSettings<M>): AllDecorator<M>;
export function CacheableAll<M extends AllMethod>(cacheNamesOrOptions: NamesOfAll<M> | CacheableAllOptions<M>): AllDecorator<M>;
export function CacheableAll<M extends MapMethod>(): AllDecorator<M>;
export function CacheableAll(...given: unknown[]): unknown {
  return single('cacheableAll', given);
}

/**
 * Runs the method at every call and stores the result, before the caller's `await` continues. It tries all of
 * its caches, even if one of them fails. The first failure then reaches the caller.
 *
 * @param cacheNames - one name or several. Default: those of `@CacheConfig`.
 * @param options - {@link CachePutOptions}, without `cacheNames` if the names come first.
 * @throws {CacheConfigurationError} at decoration, when an option is unknown, of the wrong type
 *   or contradicts another.
 * @see Spring `@CachePut`
 */
export function CachePut<M extends AsyncMethod>(
  cacheNames: string | AtLeastOneName,
  options: CachePutSettings<M> | undefined,
): CacheDecorator<M>;
export function CachePut<M extends AsyncMethod>(cacheNamesOrOptions?: string | AtLeastOneName | CachePutOptions<M>): CacheDecorator<M>;
export function CachePut(...given: unknown[]): unknown {
  return single('put', given);
}

/**
 * Removes the entry of the key, or all entries, after the method succeeded and before the caller's `await`
 * continues. If Redis does not acknowledge it in time, the call rejects with a `CacheEvictError` that
 * carries the method's result.
 *
 * @param cacheNames - one name or several. Default: those of `@CacheConfig`.
 * @param options - {@link CacheEvictOptions}, without `cacheNames` if the names come first.
 * @throws {CacheConfigurationError} at decoration, when an option is unknown, of the wrong type
 *   or contradicts another.
 * @see Spring `@CacheEvict`
 */
export function CacheEvict<M extends AsyncMethod>(
  cacheNames: string | AtLeastOneName,
  options: CacheEvictSettings<M> | undefined,
): CacheDecorator<M>;
export function CacheEvict<M extends AsyncMethod>(cacheNamesOrOptions?: string | AtLeastOneName | CacheEvictOptions<M>): CacheDecorator<M>;
export function CacheEvict(...given: unknown[]): unknown {
  return single('evict', given);
}

/**
 * Several operations on one method, as if the decorators were written one above the other. An
 * empty group does nothing.
 *
 * @see Spring `@Caching`
 */
export function Caching<M extends AsyncMethod>(group: CachingGroup<M>): CacheDecorator<M>;
export function Caching(group: unknown): unknown {
  return decorator((label) => readGroup(group, label));
}

/**
 * The defaults for all cache operations of a class, inherited ones included. An operation takes them from the
 * class of the instance or, if that has none, from its nearest base class that has some. So two subclasses of
 * one generic repository can name a cache each. (Spring takes those of the class that declares the method.)
 * Without options it leaves what the base classes say.
 *
 * On a subclass the decorator also makes inherited decorated methods cached. With standard decorators every
 * class needs it.
 *
 * @see Spring `@CacheConfig`
 */
export function CacheConfig(options: CacheConfigOptions = {}): CacheClassDecorator {
  return (target: ClassConstructor) => {
    setCacheConfig(target, readDefaults(options, target.name === '' ? '(anonymous class)' : target.name));
    configureInherited(target);
    classConfigured(target);
  };
}

/** `(names, options?)` and `(options?)` mean the same. */
function single(kind: CacheOperation['kind'], [first, second]: unknown[]): unknown {
  const options =
    typeof first === 'string' || Array.isArray(first) ? { ...(second as object | undefined), cacheNames: first } : (first ?? {});
  return decorator(() => [{ kind, options }]);
}

/** The operations of each decorator, so that it can also be applied without being written above a method. */
const askedFor = new WeakMap<object, Unread>();

/**
 * A decorator. Its arguments tell whether it is called in the legacy form or the standard one,
 * on a method or on a class.
 */
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

/** A legacy class decorator gets only the class, a standard one also a context of kind `class`. */
function isClass(target: unknown, second: unknown): target is ClassConstructor {
  const isStandard = typeof second === 'object' && second !== null && 'kind' in second && second.kind === 'class';
  return typeof target === 'function' && (second === undefined || isStandard);
}

/**
 * Several decorators as one, for a combination with a name of its own, as if they were
 * written one above the other.
 *
 * ```ts
 * const BookWrite = <M extends AsyncMethod>() =>
 *   composeDecorators<M>(CacheEvict('book'), CacheEvict('list', { allEntries: true }));
 * ```
 *
 * @param decorators - what `Cacheable`, `CachePut`, `CacheEvict`, `Caching` or this function
 *   returned, the uppermost first.
 * @throws {CacheConfigurationError} `CACHE_OPERATION_INVALID` for anything else.
 * @see Spring's composed annotations
 */
export function composeDecorators<M extends AsyncMethod>(...decorators: readonly CacheDecorator<M>[]): CacheDecorator<M> {
  const all = decorators.map(unreadOf);
  return decorator((label) => all.flatMap((unread) => unread(label))) as CacheDecorator<M>;
}

/**
 * Records a method as the decorator would, without touching the class: for objects of classes
 * that cannot be decorated.
 *
 * @throws {CacheConfigurationError} as the decorator would, or `CACHE_OPERATION_INVALID` for what
 *   is no decorator of ours.
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
    'Expected what @Cacheable, @CacheableAll, @CachePut, @CacheEvict or @Caching returns, got something else.',
    { hint: 'Call it: `Cacheable()`, not `Cacheable`.' },
  );
}
