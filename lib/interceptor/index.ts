/**
 * What happens when a decorated method is called: the interceptor's recipe, the short path of a hit, and the
 * strategies that both ask on the way (which caches, which key, what to do about a cache that fails).
 * Spring's `org.springframework.cache.interceptor` in TypeScript. Hooks into: the wrapper that `annotation`
 * leaves on the prototype, through its `MethodInterceptor` port; the container, through its `ServiceLocator`
 * port.
 */
export { CacheInterceptor, type CacheInterceptorOptions } from './cache-interceptor.js';
export { checkOperations, misspeltNames } from './check-operations.js';
export { KeyGenerator } from './key-generator.js';
export { SimpleKeyGenerator } from './simple-key-generator.js';
export { CacheResolver, type CacheOperationContext } from './cache-resolver.js';
export { SimpleCacheResolver } from './simple-cache-resolver.js';
export { CacheErrorHandler } from './cache-error-handler.js';
export { FailOpenCacheErrorHandler } from './fail-open-cache-error-handler.js';
export { SimpleCacheErrorHandler } from './simple-cache-error-handler.js';
export { LoggingCacheErrorHandler, type LogFailure, type LoggingOptions } from './logging-cache-error-handler.js';
export { handleTopicFailures } from './topic-failures.js';
