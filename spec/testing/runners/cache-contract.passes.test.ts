import 'reflect-metadata';
import { describe, it } from 'node:test';
import { Container } from 'inversify';
import { type Cache, CacheManager, enableCaching } from 'inversify-cache';
import { describeCacheContract } from 'inversify-cache/testing';

const containers = new Map<Cache, Container>();

describeCacheContract(
  async () => {
    const container = new Container();
    await enableCaching(container, { namespace: `contract-${containers.size}`, caches: { book: {} } });
    const cache = container.get(CacheManager).getCache('book')!;
    containers.set(cache, container);
    return cache;
  },
  {
    describe,
    it,
    name: 'a cache of the library',
    features: { tags: false, reentrantLoads: false },
    stop: (cache) => containers.get(cache)!.unbindAllAsync(),
  },
);
