import { NoOpCacheManager } from '../cache/index.js';
import { CacheEvents } from '../event/index.js';
import { InProcessTransport, MessageListenerContainer, MessagePublisher } from '../topic/index.js';
import { type CachingOptions, resolveOptions } from './options.js';
import { createRuntime } from './runtime.js';
import type { ModuleRuntime } from './tokens.js';

/** The runtime that `options` ask for: with caches, or, where `enabled` is `false`, without. @throws {CacheConfigurationError} for wrong options. */
export function runtimeOf(options?: CachingOptions): ModuleRuntime {
  const { enabled, namespace, dynamic } = resolveOptions(options);
  return enabled ? { ...createRuntime(options), isDynamic: dynamic } : createDisabledRuntime(namespace);
}

/** Caches that hold nothing, and topics in the process: no socket, no timer. */
function createDisabledRuntime(namespace: string): ModuleRuntime {
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
