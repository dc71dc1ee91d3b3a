/**
 * Caching in a container: the module, `enableCaching` and `cached`, around an instance of `instance/`. This
 * is the only room that knows inversify. Hooks into: optional property injection for decorated classes,
 * deactivation for shutdown, and (only in `activation-plugin.ts`) inversify's plugin interface.
 */
import './wiring.js';

export { cachingModule } from './caching-module.js';
export { type CachingContainer, unbindEverything } from './container.js';
export { enableCaching, enableOver } from './enable-caching.js';
export { cached } from './cached.js';
export { cacheProxy, type CacheProxyOperations } from './cache-proxy.js';
