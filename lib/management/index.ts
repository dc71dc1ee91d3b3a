/**
 * Operating an instance over HTTP: caches, health, metrics and the live fleet as one handler for any
 * framework, and the console, a page that it serves. Hooks into nothing: a request comes in, the cache
 * manager and the fleet are asked, an answer goes out. It binds no address and opens no socket. It is
 * read-only unless `allowWrites` is set.
 *
 * @module inversify-cache/management
 */
export { type CacheManagement, cacheManagement } from './cache-management.js';
export type { CacheManagementOptions } from './cache-management-options.js';
export type { NodeListener } from './node-listener.js';
