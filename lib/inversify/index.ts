/**
 * Caching in a container: the module, `enableCaching` and `cached`, around an instance of `instance/`. The only room that knows inversify. Hooks into: optional property injection for decorated classes, deactivation for shutdown, and (in `activation-plugin.ts` alone)
 * inversify's plugin interface.
 */
import './wiring.js';

export { cachingModule } from './caching-module.js';
export { enableCaching } from './enable-caching.js';
export { cached } from './cached.js';
export { cacheProxy, type CacheProxyOperations } from './cache-proxy.js';
