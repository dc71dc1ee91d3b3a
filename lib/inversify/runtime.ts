import KeyvRedis from '@keyv/redis';
import { Keyv } from 'keyv';
import {
  alwaysOpen,
  type HealthStatus,
  type InstanceLinks,
  LocalCache,
  RemoteCache,
  type RemoteCacheParts,
  RemoteConnection,
  TwoTierCache,
  TwoTierCacheManager,
  ValueCodec,
} from '../cache/index.js';
import { CacheCounters, CacheEvents } from '../event/index.js';
import {
  Acknowledgements,
  BEATS_PER_BOUND,
  checkServerSettings,
  defaultTopic,
  EMBEDDED_GENERATION,
  EmbeddedEvictionLog,
  EmbeddedRemote,
  EvictionListener,
  ReadLease,
  RedisEvictionLog,
  RedisHeartbeat,
  RemoteKeys,
  ServerClock,
} from '../eviction/index.js';
import { type CacheDescription, FleetReporter, FleetWatch, fleetTopics, type FleetTopics, topicPort } from '../fleet/index.js';
import { ChannelTopic, InProcessTransport, MessageListenerContainer, MessagePublisher, type PubSubTransport } from '../topic/index.js';
import { type RedisEndpoint, redisEndpoint, RedisTransport, SentinelGroup } from '../topic/redis/index.js';
import type { Milliseconds } from '../time/index.js';
import { type CachingOptions, checkCacheName, type ResolvedCacheOptions, type ResolvedCachingOptions, resolveOptions } from './options.js';

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

/** What differs between Redis and shared memory. */
interface Fleet {
  readonly transport: PubSubTransport;
  readonly heartbeat: RedisHeartbeat | undefined;
  readonly serverClock: ServerClock;
  readonly acknowledgements: Acknowledgements;
  readonly send: (channel: string, message: string) => Promise<number>;
  readonly topics: FleetTopics;
  readonly remote: (name: string, options: ResolvedCacheOptions, channel: string, moved: (generation: string) => void) => RemoteCache;
  readonly channel: (name: string) => string;
  readonly connect: (firstBeat: () => Promise<void>) => Promise<void>;
  readonly answered: () => void;
  readonly leave: (caches: readonly string[]) => Promise<void>;
  readonly close: () => Promise<void>;
  readonly health: () => Readonly<Record<string, HealthStatus>>;
}

function embeddedFleet({ namespace, instanceId, boundMs, fillLeaseMs }: ResolvedCachingOptions, events: CacheEvents): Fleet {
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

function redisFleet(options: ResolvedCachingOptions, redis: NonNullable<CachingOptions['redis']>, events: CacheEvents): Fleet {
  const { namespace, instanceId, boundMs, fillLeaseMs, timeoutMs, connectTimeoutMs } = options;
  const sentinels = SentinelGroup.of(redis, connectTimeoutMs);
  const endpoint: RedisEndpoint = sentinels?.endpoint ?? redisEndpoint(redis);
  const socketTimeoutMs = Math.max(boundMs, 2 * timeoutMs);
  const locate = sentinels && (() => sentinels.locate());
  const connection = new RemoteConnection({ endpoint, events, timeoutMs, connectTimeoutMs, socketTimeoutMs, locate });
  const transport = new RedisTransport(redis, {
    connectTimeoutMs,
    socketTimeoutMs,
    connectionName: `${namespace}-topic`,
    pingIntervalMs: Math.ceil(boundMs / BEATS_PER_BOUND),
    events,
  });
  const serverClock = new ServerClock(options.clock);
  const heartbeat = new RedisHeartbeat({ connection, namespace, instanceId, boundMs, serverClock, clock: options.clock });
  const acknowledgements = new Acknowledgements(instanceId, boundMs);
  return {
    transport,
    heartbeat,
    serverClock,
    acknowledgements,
    send: (channel, message) => connection.publish(channel, message),
    topics: fleetTopics(namespace, endpoint.db),
    channel: (name) => defaultTopic(namespace, name, endpoint.db),
    remote: (cache, settings, channel, moved) => {
      const codec = new ValueCodec(settings);
      const keys = new RemoteKeys(namespace, cache);
      const store = new KeyvRedis(connection.client, { throwOnErrors: true });
      store.on('error', () => undefined); // Told by the connection already; a Keyv store without a listener throws.
      connection.followClient((client) => (store.client = client));
      const keyv = keyvOver(store, codec, keys.keyvNamespace('0'));
      const log = new RedisEvictionLog({
        connection,
        namespace,
        cache,
        channel,
        instanceId,
        fillLeaseMs,
        acknowledgements,
        generationChanged: moved,
      });
      connection.onMoved(() => log.renew());
      return new RemoteCache({
        keyv,
        log,
        codec,
        guard: connection.guard,
        trace: traceOf(cache, events),
        useGeneration: (generation) => {
          log.useGeneration(generation);
          keyv.namespace = keys.keyvNamespace(generation);
        },
      });
    },
    connect: (firstBeat) => {
      connection.verifyWith(firstBeat);
      sentinels?.watch(
        Math.ceil(boundMs / BEATS_PER_BOUND),
        (address) => connection.primaryIs(address),
        (attempt, error) => events.emit('failed', { link: 'sentinel', endpoint: endpoint.label, attempt, error }),
      );
      return connection
        .start()
        .then(() =>
          checkServerSettings(connection).catch((error: unknown) => void events.emit('error', { where: 'server settings', error })),
        );
    },
    answered: () => connection.confirm(),
    leave: (caches) => heartbeat.leave(caches).catch((error: unknown) => events.emit('error', { where: 'leaving', error })),
    close: async () => {
      sentinels?.close();
      await connection.stop();
      await transport.close();
    },
    health: () => ({ command: connection.isUsable ? 'up' : 'down' }),
  };
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

function traceOf(cache: string, events: CacheEvents): RemoteCacheParts['trace'] {
  return (step, keys, action) => events.trace({ cache, step, keys }, action);
}

/** Inside one process sender and receiver read the same clock. */
function wallClock(): ServerClock {
  const clock = new ServerClock({ now: Date.now });
  clock.sample(0, 0, 0);
  return clock;
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

function keyvOver(store: unknown, codec: ValueCodec, namespace: string): Keyv {
  const keyv = new Keyv({
    store,
    namespace,
    useKeyPrefix: false,
    throwOnErrors: true,
    emitErrors: false,
    deserialize: (raw) => codec.decode(raw) as never,
  });
  keyv.on('error', () => undefined); // `throwOnErrors` reports them where they belong: to the caller.
  return keyv;
}
