import { alwaysOpen, RemoteCache, ValueCodec } from '../cache/index.js';
import type { CacheEvents } from '../event/index.js';
import {
  Acknowledgements,
  defaultTopic,
  EMBEDDED_GENERATION,
  EmbeddedEvictionLog,
  EmbeddedRemote,
  ServerClock,
} from '../eviction/index.js';
import { fleetTopics } from '../fleet/index.js';
import { InProcessTransport } from '../topic/index.js';
import { type Fleet, keyvOver, traceOf } from './fleet.js';
import type { ResolvedCachingOptions } from './options.js';

/** Instances of one process that share memory. */
export function embeddedFleet({ namespace, instanceId, boundMs, fillLeaseMs }: ResolvedCachingOptions, events: CacheEvents): Fleet {
  const shared = EmbeddedRemote.of(namespace);
  const transport = new InProcessTransport(`inversify-cache/${namespace}`);
  const publish = (channel: string, body: string): Promise<number> => transport.publish(channel, body);
  return {
    transport,
    heartbeat: undefined,
    serverClock: wallClock(),
    acknowledgements: new Acknowledgements(instanceId, boundMs),
    send: publish,
    topics: fleetTopics(namespace),
    channel: (name) => defaultTopic(namespace, name, 0),
    remote: (cache, options, channel) => {
      const store = shared.store(cache);
      const codec = new ValueCodec(options);
      const keyv = keyvOver(store.entries, codec, cache);
      const log = new EmbeddedEvictionLog({ store, namespace, cache, channel, instanceId, fillLeaseMs, publish });
      const remote = new RemoteCache({
        keyv,
        log,
        codec,
        guard: alwaysOpen,
        useGeneration: () => undefined,
        trace: traceOf(cache, events),
      });
      remote.useGeneration(EMBEDDED_GENERATION);
      return remote;
    },
    connect: () => Promise.resolve(),
    answered: () => undefined,
    leave: () => Promise.resolve(),
    close: () => {
      shared.release();
      return transport.close();
    },
    health: () => ({ command: 'up' }),
  };
}

/** Inside one process sender and receiver read the same clock. */
function wallClock(): ServerClock {
  const clock = new ServerClock({ now: Date.now });
  clock.sample(0, 0, 0);
  return clock;
}
