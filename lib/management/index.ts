/**
 * Operating an instance over HTTP: caches, health, metrics and the live fleet as one handler for any framework, and the console, a page it
 * serves. Hooks into nothing: a request comes in, the cache manager and the fleet are asked, an answer goes out. Binds no address, opens no
 * socket. Read-only unless it is told otherwise.
 *
 * @module inversify-cache/management
 */
export { type CacheManagement, cacheManagement } from './cache-management.js';
export type { CacheManagementOptions } from './cache-management-options.js';
export type { NodeListener } from './node-listener.js';
