import { type CacheManager, type CallsUnderWay, NoOpCacheManager } from '../cache/index.js';
import { CacheEvents } from '../event/index.js';
import type { FleetWatch } from '../fleet/index.js';
import { booleanFromEnv } from '../redis/index.js';
import { InProcessTransport, MessageListenerContainer, MessagePublisher } from '../topic/index.js';
import { type CacheInstance, createInstance, type InstanceOptions } from './cache-instance.js';
import { type CachingOptions, resolveOptions } from './options.js';

/** An instance, with caches or without. */
export interface Instance extends Omit<CacheInstance, 'manager' | 'fleet' | 'calls'> {
  readonly manager: CacheManager;
  /** Absent if there is nothing to watch. */
  readonly fleet?: FleetWatch | undefined;
  /** Absent if nothing is cached. */
  readonly calls?: CallsUnderWay | undefined;
  /** `false`: decorated methods run as if they were not decorated. Default: `true`. */
  readonly isEnabled?: boolean | undefined;
  /** Whether the manager creates caches that it does not know. Default: `true`. */
  readonly isDynamic?: boolean | undefined;
  /** Whether the cache of this name has `tiers: 'local'`. Default: none has. */
  readonly isLocal?: ((cache: string) => boolean) | undefined;
  /** Whether the cache of this name has `tags: true`. Default: each has. */
  readonly hasTags?: ((cache: string) => boolean) | undefined;
}

/**
 * The instance that `options` ask for: with caches, or, if `enabled` or the environment says no, without.
 *
 * @throws {CacheConfigurationError} for wrong options.
 */
export function instanceOf(options?: CachingOptions, own?: InstanceOptions): Instance {
  const { enabled, namespace, dynamic, cache } = resolveOptions(options);
  return enabled && booleanFromEnv(process.env, 'CACHE_ENABLED') !== false
    ? {
        ...createInstance(options, own),
        isDynamic: dynamic,
        isLocal: (name) => cache(name).tiers === 'local',
        hasTags: (name) => cache(name).tags,
      }
    : createDisabledInstance(namespace);
}

/** Caches that hold nothing, and topics in the process: no socket, no timer. */
function createDisabledInstance(namespace: string): Instance {
  const events = new CacheEvents();
  const transport = new InProcessTransport(`inversify-cache/${namespace}`);
  const listenerContainer = new MessageListenerContainer(transport, { events });
  return {
    isEnabled: false,
    manager: new NoOpCacheManager(),
    events,
    listenerContainer,
    publisher: new MessagePublisher(transport),
    start: () => listenerContainer.start(),
    async stop() {
      await listenerContainer.stop();
      await transport.close();
      events.close();
    },
  };
}
