import { alwaysOpen, EntryCodec, RemoteCache, TagClock, ValueCodec } from '../cache/index.js';
import type { CacheEvents } from '../event/index.js';
import { defaultTopic, EmbeddedRemote } from '../eviction/index.js';
import { fleetTopics } from '../fleet/index.js';
import { InProcessTransport, MessageListenerContainer } from '../topic/index.js';
import { type Backend, keyvOver, type Primary } from './backend.js';
import type { ResolvedCachingOptions } from './options.js';

/** Memory that the instances of one process share. */
export function embeddedBackend(options: ResolvedCachingOptions, events: CacheEvents): Backend {
  const { namespace, instanceId, origin, fillLeaseMs, connectTimeoutMs, clock } = options;
  const shared = EmbeddedRemote.of(namespace, instanceId);
  const transport = new InProcessTransport(`inversify-cache/${namespace}`);
  const container = new MessageListenerContainer(transport, { events, subscribeTimeoutMs: connectTimeoutMs });
  const publish = (channel: string, body: string): Promise<number> => transport.publish(channel, body);
  const topicOf: Backend['topicOf'] = (cache, own) => own ?? defaultTopic(namespace, cache, 0);
  const time = EmbeddedRemote.time(clock);
  const primary: Primary = {
    namespace,
    container,
    connection: undefined,
    send: publish,
    namesakes: () => shared.usersCalled(instanceId),
    channel: topicOf,
    bucket: (cache, { tags }) => {
      const numberNow = (): number => shared.store(cache).seq;
      return { generation: EmbeddedRemote.generation(), tags: tags ? new TagClock(clock, numberNow) : undefined };
    },
    remote: ({ cache, options: ofCache, channel, bucket: { generation, tags }, counters }) => {
      const codec = new EntryCodec({ codec: new ValueCodec(ofCache), clock, time, tags, version: ofCache.version });
      const keyv = keyvOver(shared.store(cache).entries, codec, cache);
      const log = shared.log({ cache, channel, origin, fillLeaseMs, publish, tags });
      return new RemoteCache({ keyv, log, codec, guard: alwaysOpen, generation, tags, counters, traced: { cache, events } });
    },
    evictions: ({ cache, options: ofCache, channel }) => {
      const codec = new EntryCodec({ codec: new ValueCodec(ofCache), clock, time });
      const keyv = keyvOver(new Map(), codec, cache);
      const log = shared.passingLog({ cache, channel, origin, fillLeaseMs, publish });
      return new RemoteCache({ keyv, log, codec, guard: alwaysOpen, generation: EmbeddedRemote.generation() });
    },
  };
  return {
    transport,
    container,
    topics: fleetTopics(namespace),
    primaries: [primary],
    send: publish,
    topicOf,
    connect: () => [],
    close: () => {
      shared.release(instanceId);
      return transport.close();
    },
  };
}
