/**
 * Where everything is put together: the container module, `enableCaching`, `cached`, and the runtime they stand on. The only room that knows
 * inversify. Hooks into: optional property injection for decorated classes, deactivation for shutdown, and (in `activation-plugin.ts` alone)
 * inversify's plugin interface.
 */
import './wiring.js';

export { cachingModule } from './caching-module.js';
export { enableCaching } from './enable-caching.js';
export { cached, type InterceptorSource } from './cached.js';
export { cacheProxy, type CacheProxyOperations } from './cache-proxy.js';
export {
  checkCacheName,
  checkNamespace,
  DEFAULT_CACHE_OPTIONS,
  DEFAULT_CACHING_OPTIONS,
  type CacheOptions,
  type CachingOptions,
} from './options.js';
