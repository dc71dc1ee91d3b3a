import sinon from 'sinon';
import type { MapCacheManager } from '../support/map-cache.js';
import { mapCaching, type MapCaching } from '../support/map-caching.js';

export type Newable<T> = new (...args: any[]) => T;

/** What the specs of the interceptor begin with: a container whose services are cached in Maps. */
export interface Stage {
  readonly caching: MapCaching;
  readonly caches: MapCacheManager;
  /** What decorated methods call, to be counted. Returns its first argument. */
  readonly body: sinon.SinonSpy;
  /** Binds a class and resolves it, so that its methods are cached. */
  readonly serve: <T>(service: Newable<T>) => T;
}

/** A new stage, for one example. */
export function stage(): Stage {
  const caching = mapCaching();
  return {
    caching,
    caches: caching.caches,
    body: sinon.fake((...args: unknown[]) => args[0]),
    serve: (service) => {
      caching.container.bind(service).toSelf();
      return caching.container.get(service);
    },
  };
}

/** What `promise` rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<any> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('It resolved.');
}
