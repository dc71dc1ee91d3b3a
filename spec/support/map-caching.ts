import { Container } from 'inversify';
import { CacheInterceptor, CacheManager, type CachingOptions, cachingModule } from '../../lib/index.js';
import { MapCacheManager } from './map-cache.js';

/** A container whose decorated services are cached in Maps. */
export interface MapCaching {
  readonly container: Container;
  readonly caches: MapCacheManager;
  readonly interceptor: CacheInterceptor;
}

/** Loads the caching module and rebinds its cache manager. */
export function mapCaching(caches = new MapCacheManager(), options?: CachingOptions): MapCaching {
  const container = new Container();
  container.load(cachingModule(options));
  container.rebind(CacheManager).toConstantValue(caches);
  return { container, caches, interceptor: container.get(CacheInterceptor) };
}
