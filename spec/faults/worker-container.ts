import { Container } from 'inversify';
import { Cluster } from 'ioredis';
import { type CacheError, type CacheManager, type CachingOptions, enableCaching } from '../../lib/index.js';
import type { CacheKey, TwoTierCache } from '../../lib/cache/index.js';
import { BookRepository } from './book-repository.js';
import { type Flaw, INTENT_LEASE_MS, NAMESPACE, type WorkerSettings } from './worker-protocol.js';

/** Many start at once, and on a busy machine the first connection may take too long. That is not tried here. */
const MAXIMUM_STARTS = 4;

/**
 * A worker's container with `books`, cached. It ends the process if it cannot be started: the parent waits for
 * that, or for the worker.
 */
export async function startContainer(
  settings: WorkerSettings,
  books: BookRepository,
): Promise<{ readonly container: Container; readonly manager: CacheManager }> {
  const container = new Container();
  container.bind(BookRepository).toConstantValue(books);
  const options = cachingOptions(settings);
  // What a connection may take stays what it is by default: it is also what a reconnection may.
  const start = async (attempt = 1): Promise<CacheManager> => {
    try {
      return await enableCaching(container, options);
    } catch (error) {
      if (attempt < MAXIMUM_STARTS && (error as Partial<CacheError>).code === 'CACHE_REMOTE_CONNECT_FAILED') return start(attempt + 1);
      process.stderr.write(`${inWords(error)}\n`);
      process.exit(1);
    }
  };
  const manager = await start();
  if (settings.flaw !== undefined) FLAWS[settings.flaw](manager.getCache('book') as TwoTierCache);
  return { container, manager };
}

const FLAWS: Readonly<Record<Flaw, (cache: TwoTierCache) => void>> = {
  deafToTags(cache) {
    cache.evictTagged = () => Promise.resolve();
  },
  keepsSeveral(cache) {
    const load = cache.getAllOrLoad.bind(cache);
    const kept = new Map<unknown, unknown>();
    cache.allNow = () => undefined;
    cache.getAllOrLoad = async <K extends CacheKey, V>(...[keys, ...how]: Parameters<typeof load<K, V>>): Promise<Map<K, V>> => {
      const found = await load<K, V>(keys, ...how);
      for (const [key, value] of found) if (!kept.has(key)) kept.set(key, value);
      return new Map(keys.map((key) => [key, kept.get(key) as V]));
    };
  },
};

const cachingOptions = ({ redis, name, boundMs, failFast, lifeMs, freshness }: WorkerSettings): CachingOptions => ({
  redis: 'nodes' in redis ? new Cluster([...redis.nodes], { lazyConnect: true, redisOptions: redis.redisOptions }) : redis,
  namespace: NAMESPACE,
  instanceId: name,
  bound: boundMs,
  failFast,
  intentLease: INTENT_LEASE_MS,
  caches: { book: { ttl: lifeMs, tags: true, ...freshness } },
});

export function inWords(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
