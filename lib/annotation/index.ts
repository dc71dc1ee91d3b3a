/**
 * The decorators: `@Cacheable` and its kin. They check and freeze their options, record them per method, and
 * leave a thin wrapper on the prototype that hands a call to the interceptor of the instance. This room does
 * not know containers: the room that does registers with `onClassDecorated` and fills the slots. Hooks into:
 * TypeScript's decorators, legacy and standard.
 */
export { Cacheable, CacheableAll, CachePut, CacheEvict, Caching, CacheConfig, composeDecorators, recordMethod } from './decorators.js';
export type {
  AllCacheableOptions,
  AllCacheEvictOptions,
  AllCachePutOptions,
  AsyncMethod,
  AtLeastOneName,
  CacheableOptions,
  CacheClassDecorator,
  CacheConfigOptions,
  CacheDecorator,
  CacheEvictOptions,
  CachePutOptions,
  CachingGroup,
} from './decorator-options.js';
export type { AllCacheableAllOptions, AllDecorator, AllDecoratorOf, AllMethod, CacheableAllOptions } from './cacheable-all-options.js';
export type { CacheInvocation } from './cache-invocation.js';
export type { ServiceIdentifier, ServiceLocator } from './service-locator.js';
export {
  DECORATOR_OF,
  type CacheableAllOperation,
  type CacheableOperation,
  type CacheEvictOperation,
  type CacheOperation,
  type CachePutOperation,
  type OperationFunction,
} from './cache-operation.js';
export { CachedMethod, type MethodBody } from './cached-method.js';
export { cachedMethodsOf, cacheOperationsOf } from './method-registry.js';
export { takeOwnProperties } from './own-properties.js';
export { isNamedByDecorator } from './named-caches.js';
export { isDecorated, onClassDecorated } from './class-port.js';
export type { ClassConstructor } from './class-constructor.js';
export { fillSlot, hasSlot, SLOT, type MethodInterceptor } from './slot.js';
