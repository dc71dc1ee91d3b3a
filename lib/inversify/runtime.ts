import { type InstanceLinks, LocalCache, TwoTierCache, TwoTierCacheManager } from '../cache/index.js';
import { CacheCounters, CacheEvents } from '../event/index.js';
import { EvictionListener, ReadLease } from '../eviction/index.js';
import { type CacheDescription, FleetReporter, FleetWatch, topicPort } from '../fleet/index.js';
import { ChannelTopic, MessageListenerContainer, MessagePublisher } from '../topic/index.js';
import type { Milliseconds } from '../time/index.js';
import { embeddedFleet } from './embedded-fleet.js';
import type { Fleet } from './fleet.js';
import { type CachingOptions, checkCacheName, type ResolvedCachingOptions, resolveOptions } from './options.js';
import { redisFleet } from './redis-fleet.js';

/** Everything one container's caching consists of, put together. */
export interface CacheRuntime {
  readonly manager: TwoTierCacheManager;
  readonly events: CacheEvents;
  readonly listenerContainer: MessageListenerContainer;
  readonly publisher: MessagePublisher;
  /** The instances of this namespace, for those who watch. */
  readonly fleet: FleetWatch;
  /** Connects, as {@link TwoTierCacheManager.start}, unless `failFast` is off: then a missing Redis is waited for in the background. */
  start(): Promise<void>;
  /** Closes everything. Idempotent; never throws. */
  stop(): Promise<void>;
}

/** Opens no socket: that waits for {@link CacheRuntime.start}. @throws {CacheConfigurationError} for wrong options. */
export function createRuntime(options: CachingOptions = {}): CacheRuntime {
  const resolved = resolveOptions(options);
  const events = new CacheEvents({ instanceId: resolved.instanceId });
  const fleet = resolved.redis === undefined ? embeddedFleet(resolved, events) : redisFleet(resolved, resolved.redis, events);
  const listenerContainer = new MessageListenerContainer(fleet.transport, { events, subscribeTimeoutMs: resolved.connectTimeoutMs });
  const lease = new ReadLease({ clock: resolved.clock, events, boundMs: resolved.boundMs, heartbeat: fleet.heartbeat });
  const listener = new EvictionListener({
    namespace: resolved.namespace,
    instanceId: resolved.instanceId,
    container: listenerContainer,
    lease,
    acknowledgements: fleet.acknowledgements,
    send: fleet.send,
    events,
    serverClock: fleet.serverClock,
  });
  const links: InstanceLinks = {
    async start() {
      await listener.open();
      await listenerContainer.addMessageListener((message) => reporter.heard(message), ChannelTopic.of(fleet.topics.ask));
      lease.start(
        () => {
          fleet.answered();
          manager.reconnected();
        },
        () => undefined, // A heartbeat that fails is seen by the lease running out; its error is told by the connection.
      );
      // Both at once, and both to their end: one that fails goes on trying, in time for this start or in the background.
      const [commands, topics] = await Promise.allSettled([
        fleet.connect(() => lease.beat()),
        startListening(listenerContainer, resolved.connectTimeoutMs),
      ]);
      if (commands.status === 'rejected') throw commands.reason;
      if (topics.status === 'rejected') throw topics.reason;
      await lease.proven(resolved.boundMs);
    },
    // What a read may spend before its last remote step; see `TwoTierCache`.
    joined: (name) => lease.proven(Math.max(1, resolved.deadlineMs - 2 * resolved.timeoutMs), [name]),
    async quiesce() {
      await watch.stop();
      await reporter.stop();
      const { names } = lease;
      lease.stop();
      await fleet.leave(names);
      await listenerContainer.stop();
    },
    async stop() {
      fleet.acknowledgements.close();
      await fleet.close();
    },
    health: () => ({ ...fleet.health(), subscriber: listenerContainer.isListening ? 'up' : 'down' }),
  };
  const manager = new TwoTierCacheManager({
    names: resolved.cacheNames,
    dynamic: resolved.dynamic,
    clock: resolved.clock,
    links,
    create: (name) => {
      const { cache, channel } = createCache(checkCacheName(name), resolved, fleet, events);
      listener.follow(cache, channel).catch((error: unknown) => events.emit('error', { where: `subscription of '${channel}'`, error }));
      return cache;
    },
  });
  const reporter = new FleetReporter({
    instanceId: resolved.instanceId,
    namespace: resolved.namespace,
    boundMs: resolved.boundMs,
    clock: resolved.clock,
    manager,
    describe: (name) => describe(name, manager.findCache(name), resolved, fleet),
    events,
    publish: (message) => fleet.send(fleet.topics.answer, message),
  });
  const watch = new FleetWatch({
    port: topicPort(listenerContainer, fleet.send, fleet.topics),
    self: reporter,
    clock: resolved.clock,
    failed: (where, error) => events.emit('error', { where, error }),
  });
  return {
    manager,
    events,
    fleet: watch,
    listenerContainer,
    publisher: new MessagePublisher(fleet.transport),
    async start() {
      try {
        await manager.start();
      } catch (error) {
        if (resolved.failFast) throw error;
        events.emit('error', { where: 'start', error });
      }
    },
    async stop() {
      await manager.stop();
      events.close();
    },
  };
}

/** Starts `container`, and gives it until `timeoutMs` to succeed: the first attempt may be too early for a server that is starting as well. */
async function startListening(container: MessageListenerContainer, timeoutMs: Milliseconds): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let forget = (): void => undefined;
  const late = new Promise<'late'>((resolve) => (timer = setTimeout(() => resolve('late'), timeoutMs)));
  const subscribed = new Promise<void>((resolve) => (forget = container.addSubscriptionListener({ onSubscribed: () => resolve() })));
  try {
    await container.start();
  } catch (error) {
    if ((await Promise.race([subscribed, late])) === 'late') throw error;
  } finally {
    clearTimeout(timer);
    forget();
  }
}

function createCache(
  name: string,
  resolved: ResolvedCachingOptions,
  fleet: Fleet,
  events: CacheEvents,
): { cache: TwoTierCache; channel: string } {
  const options = resolved.cache(name);
  const channel = options.topic ?? fleet.channel(name);
  const counters = new CacheCounters();
  const { maximumSize, copy, type } = options;
  const local = new LocalCache({ maximumSize, copy, type, clock: resolved.clock, counters });
  const remote = fleet.remote(name, options, channel, (generation) => cache.useGeneration(generation));
  const { timeoutMs, deadlineMs, clock } = resolved;
  const cache = new TwoTierCache({ name, settings: { ...options, timeoutMs, deadlineMs }, local, remote, clock, events, counters });
  return { cache, channel };
}

/** What a cache tells of itself to those who watch. */
function describe(
  name: string,
  cache: TwoTierCache | undefined,
  { cache: optionsOf, clock }: ResolvedCachingOptions,
  fleet: Fleet,
): CacheDescription {
  const { tiers, topic, maximumSize, ttlMs } = optionsOf(name);
  const now = clock.now();
  const leftMs = (cache?.servedUntil ?? Number.NEGATIVE_INFINITY) - now;
  return {
    isServing: leftMs >= 0,
    ...(leftMs >= 0 && Number.isFinite(leftMs) ? { leaseLeftMs: leftMs } : {}),
    tiers,
    topic: topic ?? fleet.channel(name),
    maximumSize,
    ttlMs,
  };
}
