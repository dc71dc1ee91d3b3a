import { alwaysOpen, EntryCodec, Generation, RemoteCache, ValueCodec } from '../cache/index.js';
import type { CacheEvents } from '../event/index.js';
import {
  Acknowledgements,
  defaultTopic,
  EMBEDDED_GENERATION,
  EmbeddedEvictionLog,
  EmbeddedRemote,
  EmbeddedStore,
  embeddedTime,
  ServerClock,
} from '../eviction/index.js';
import { fleetTopics } from '../fleet/index.js';
import { InProcessTransport, MessageListenerContainer } from '../topic/index.js';
import { type Backend, keyvOver, type Primary } from './backend.js';
import type { ResolvedCachingOptions } from './options.js';

/** Instances of one process that share memory. */
export function embeddedBackend(options: ResolvedCachingOptions, events: CacheEvents): Backend {
  const { namespace, instanceId, origin, boundMs, fillLeaseMs, connectTimeoutMs, clock } = options;
  const shared = EmbeddedRemote.of(namespace, instanceId);
  const transport = new InProcessTransport(`inversify-cache/${namespace}`);
  const container = new MessageListenerContainer(transport, { events, subscribeTimeoutMs: connectTimeoutMs });
  const publish = (channel: string, body: string): Promise<number> => transport.publish(channel, body);
  const topicOf: Backend['topicOf'] = (cache, own) => own ?? defaultTopic(namespace, cache, 0);
  const time = embeddedTime(clock);
  const primary: Primary = {
    namespace,
    container,
    heartbeat: undefined,
    serverClock: wallClock(),
    acknowledgements: new Acknowledgements(origin, boundMs),
    send: publish,
    channel: topicOf,
    generation: () => new Generation(EMBEDDED_GENERATION),
    remote: (cache, settings, channel, generation) => {
      const store = shared.store(cache);
      const codec = new EntryCodec({ codec: new ValueCodec(settings), clock, time });
      const keyv = keyvOver(store.entries, codec, cache);
      const log = new EmbeddedEvictionLog({ store, namespace, cache, channel, origin, fillLeaseMs, publish });
      return new RemoteCache({
        keyv,
        log,
        codec,
        guard: alwaysOpen,
        generation,
        traced: { cache, events },
      });
    },
    evictions: (cache, settings, channel) => {
      // A cache that no instance has made has nothing to be evicted, and must not come into being by it.
      const nothing = new EmbeddedStore();
      const log = new EmbeddedEvictionLog({
        get store() {
          return shared.has(cache) ? shared.store(cache) : nothing;
        },
        namespace,
        cache,
        channel,
        origin,
        fillLeaseMs,
        publish,
      });
      const codec = new EntryCodec({ codec: new ValueCodec(settings), clock, time });
      return new RemoteCache({
        keyv: keyvOver(new Map(), codec, cache),
        log,
        codec,
        guard: alwaysOpen,
        generation: new Generation(EMBEDDED_GENERATION),
      });
    },
    connect: () => Promise.resolve(),
    namesakes: () => Promise.resolve(shared.usersCalled(instanceId)),
    answered: () => undefined,
    reconnect: () => undefined,
    leave: () => Promise.resolve(),
    isUsable: () => true,
    refusal: () => undefined,
  };
  return {
    transport,
    container,
    topics: fleetTopics(namespace),
    send: publish,
    primaries: [primary],
    topicOf,
    close: () => {
      shared.release(instanceId);
      return transport.close();
    },
  };
}

/** Inside one process sender and receiver read the same clock. */
function wallClock(): ServerClock {
  const clock = new ServerClock({ now: Date.now });
  clock.sample(0, 0, 0);
  return clock;
}
