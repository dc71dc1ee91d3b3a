import type { CacheEvents } from '../../event/index.js';
import { defaultTopic } from '../../eviction/index.js';
import { fleetTopics } from '../../fleet/index.js';
import { type Backend, RedisPrimary, type ResolvedCachingOptions } from '../../instance/index.js';
import { timersOf } from '../../time/index.js';
import { MessageListenerContainer } from '../../topic/index.js';
import type { CommandLink } from './command-link.js';
import type { SubscriberLink } from './subscriber-link.js';

/** The two links of a simulated instance. */
export interface Links {
  readonly command: CommandLink;
  readonly subscriber: SubscriberLink;
}

/**
 * One Redis, over links that a simulation drives. All of the library above them is what runs in production.
 */
export function simulatedBackend(options: ResolvedCachingOptions, { command, subscriber }: Links, events: CacheEvents): Backend {
  const { namespace, connectTimeoutMs, clock } = options;
  const container = new MessageListenerContainer(subscriber, { events, subscribeTimeoutMs: connectTimeoutMs, timers: timersOf(clock) });
  const topicOf: Backend['topicOf'] = (cache, own) => own ?? defaultTopic(namespace, cache, 0);
  const primary = new RedisPrimary({ namespace, connection: command.asConnection, container, channel: topicOf, options, events });
  return {
    transport: subscriber,
    container,
    topics: fleetTopics(namespace),
    primaries: [primary],
    send: (channel, message) => primary.send(channel, message),
    topicOf,
    connect: (firstBeats) => firstBeats.map((firstBeat) => primary.connect(firstBeat)),
    close: async () => {
      await command.stop();
      await subscriber.close();
    },
  };
}
