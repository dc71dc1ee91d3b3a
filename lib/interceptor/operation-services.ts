import { DECORATOR_OF, type CachedMethod, type CacheOperation, type ServiceIdentifier } from '../annotation/index.js';
import { CacheConfigurationError } from '../errors/index.js';

/** The services that an operation names, or its class; `undefined`: the one of the container serves. */
export interface OperationServices {
  readonly keyGenerator: ServiceIdentifier | undefined;
  readonly cacheResolver: ServiceIdentifier | undefined;
  readonly cacheManager: ServiceIdentifier | undefined;
}

/**
 * The services that apply. If the operation names a manager or a resolver, both of the class are ignored. If
 * one level names both, the resolver wins (Spring's `DefaultCacheConfig`). With a `key`, no generator is
 * needed.
 */
export function servicesOf(operation: CacheOperation, { defaults }: CachedMethod): OperationServices {
  const own = operation.cacheResolver !== undefined || operation.cacheManager !== undefined;
  const { cacheResolver, cacheManager } = own ? operation : defaults;
  return {
    keyGenerator: operation.key !== undefined ? undefined : (operation.keyGenerator ?? defaults.keyGenerator),
    cacheResolver,
    cacheManager: cacheResolver === undefined ? cacheManager : undefined,
  };
}

/** The names that apply: the operation's own, else those of `@CacheConfig`. */
export function cacheNamesOf(operation: CacheOperation, { defaults }: CachedMethod): readonly string[] {
  return operation.cacheNames.length > 0 ? operation.cacheNames : defaults.cacheNames;
}

/** `@Cacheable on BookService.find`, for messages. */
export function operationLabel(operation: CacheOperation, method: CachedMethod): string {
  return `${DECORATOR_OF[operation.kind]} on ${method.label}`;
}

/**
 * The error for an operation that chooses no cache.
 *
 * @param resolver - the class of the resolver that chose none. Default: it was not asked.
 */
export function nameMissing(label: string, resolver?: string): CacheConfigurationError {
  const why = resolver === undefined ? 'neither it nor @CacheConfig names one' : `${resolver} chose none`;
  return new CacheConfigurationError('CACHE_NAME_MISSING', `No cache for ${label}: ${why}.`, {
    hint: 'Give `cacheNames` to the decorator or to @CacheConfig on the class, or a `cacheResolver`.',
  });
}

/** The error for a service that is named, but not bound. */
export function bindingMissing(option: string, label: string, identifier: ServiceIdentifier): CacheConfigurationError {
  const name = typeof identifier === 'function' ? identifier.name : String(identifier);
  return new CacheConfigurationError('CACHE_BINDING_MISSING', `No binding for \`${option}\` of ${label}: nothing is bound under ${name}.`, {
    hint: 'Bind it in the container that the service comes from.',
  });
}
