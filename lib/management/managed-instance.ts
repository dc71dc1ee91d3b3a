import type { ServiceLocator } from '../annotation/index.js';
import { CacheManager } from '../cache/index.js';
import { CacheConfigurationError } from '../errors/index.js';
import { CacheEvents } from '../event/index.js';
import { FleetReporter, FleetWatch } from '../fleet/index.js';
import { systemClock } from '../time/index.js';

/** The caches and the fleet that the handler works on. */
export interface ManagedInstance {
  readonly manager: CacheManager;
  readonly fleet: FleetWatch;
}

/**
 * The caches and the fleet of a container. A cache manager alone has a fleet of one,
 * which reports no evictions.
 *
 * @throws {CacheConfigurationError} `CACHE_BINDING_MISSING` for a container without caching.
 */
export function managedInstance(source: ServiceLocator | CacheManager): ManagedInstance {
  if (source instanceof CacheManager) return { manager: source, fleet: alone(source) };
  const manager = source.get(CacheManager, { optional: true });
  if (manager === undefined) {
    throw new CacheConfigurationError('CACHE_BINDING_MISSING', 'There is no CacheManager in the container to be managed.', {
      hint: 'Call enableCaching(container) first, or load cachingModule() into it.',
    });
  }
  return { manager, fleet: source.get(FleetWatch, { optional: true }) ?? alone(manager) };
}

function alone(manager: CacheManager): FleetWatch {
  const self = new FleetReporter({
    instanceId: `instance-${process.pid}`,
    namespace: 'cache',
    boundMs: 0,
    clock: systemClock,
    manager,
    describe: () => ({}),
    events: new CacheEvents(),
    publish: () => Promise.resolve(),
  });
  return new FleetWatch({ self, clock: systemClock });
}
