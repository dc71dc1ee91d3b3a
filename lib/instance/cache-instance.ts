import {
  BucketedRemoteCache,
  bucketsOf,
  CallsUnderWay,
  type CoherentCache,
  type Generation,
  type HealthStatus,
  type InstanceLinks,
  LocalCache,
  PassThroughCache,
  type RemoteCache,
  type RemoteTier,
  TwoTierCache,
  type TwoTierCacheCollaborators,
  TwoTierCacheManager,
} from '../cache/index.js';
import { CacheConfigurationError } from '../errors/index.js';
import { CacheCounters, CacheEvents } from '../event/index.js';
import { bucketOf, BypassNotices, EvictionListener, Namesakes, ReadLease } from '../eviction/index.js';
import { type CacheDescription, FleetReporter, FleetWatch, topicPort } from '../fleet/index.js';
import { ChannelTopic, type MessageListenerContainer, MessagePublisher } from '../topic/index.js';
import { ClusterTopology } from '../redis/index.js';
import type { Milliseconds } from '../time/index.js';
import { clusterBackend } from './cluster-backend.js';
import { embeddedBackend } from './embedded-backend.js';
import type { Backend, Primary } from './backend.js';
import { type CachingOptions, checkCacheName, type ResolvedCachingOptions, resolveOptions } from './options.js';
import { singleRedisBackend } from './single-redis-backend.js';

/** Everything one container's caching consists of, put together. */
export interface CacheInstance {
  readonly manager: TwoTierCacheManager;
  readonly events: CacheEvents;
  readonly listenerContainer: MessageListenerContainer;
  readonly publisher: MessagePublisher;
  /** The instances of this namespace, for those who watch. */
  readonly fleet: FleetWatch;
  /** What {@link stop} waits for. */
  readonly calls: CallsUnderWay;
  /** Connects, as {@link TwoTierCacheManager.start}, unless `failFast` is off: then a missing Redis is waited for in the background. */
  start(): Promise<void>;
  /** Closes everything. Idempotent; never throws. */
  stop(): Promise<void>;
}

/** What an instance is told beside its options. */
export interface InstanceParts {
  /** Whether the program names this cache, so that it does not count as dynamic. Default: none is named. */
  readonly isNamed?: (cache: string) => boolean;
  /** What its caches are made of, for specs. Default: the library's own. */
  readonly collaborators?: Partial<TwoTierCacheCollaborators>;
}

/** Opens no socket: that waits for {@link CacheInstance.start}. @throws {CacheConfigurationError} for wrong options. */
export function createInstance(options: CachingOptions = {}, { isNamed, collaborators }: InstanceParts = {}): CacheInstance {
  const resolved = resolveOptions(options);
  const events = new CacheEvents({ instanceId: resolved.instanceId });
  const calls = new CallsUnderWay(resolved.deadlineMs);
  const fleet = fleetOf(resolved, events);
  const listenerContainer = fleet.container;
  const bypass = new BypassNotices(events);
  const strands = fleet.primaries.map((primary, number) => strandOf(primary, number, resolved, bypass, events));
  const containers = [...new Set([...fleet.primaries.map(({ container }) => container), listenerContainer])];
  const [first] = strands as [Strand, ...Strand[]];
  const namesakes = new Namesakes({
    name: resolved.instanceId,
    boundMs: resolved.boundMs,
    count: async () => (first.primary.isUsable() ? first.primary.namesakes(first.lease.names) : undefined),
    events,
  });
  const links: InstanceLinks = {
    async start() {
      namesakes.start();
      await Promise.all(strands.map(({ listener }) => listener.open()));
      await listenerContainer.addMessageListener((message) => reporter.heard(message), ChannelTopic.of(fleet.topics.ask));
      for (const [number, { primary, lease }] of strands.entries()) {
        lease.start(
          () => {
            primary.answered();
            if (number === 0) manager.reconnected();
          },
          () => undefined, // A heartbeat that fails is seen by the lease running out; its error is told by the connection.
        );
      }
      // All at once, and all to their end: one that fails goes on trying, in time for this start or in the background.
      const outcomes = await Promise.allSettled([
        ...strands.map(({ primary, lease }) => primary.connect(() => lease.beat())),
        ...containers.map((container) => startListening(container, resolved.connectTimeoutMs)),
      ]);
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
      await Promise.all(strands.map(({ lease }) => lease.proven(resolved.boundMs)));
    },
    async joined(name) {
      // What a read may spend before its last remote step; see `TwoTierCache`.
      const timeoutMs = Math.max(1, resolved.deadlineMs - 2 * resolved.timeoutMs);
      await Promise.all(strands.map(({ lease }) => lease.proven(timeoutMs, [name])));
    },
    async quiesce() {
      namesakes.stop();
      await watch.stop();
      await reporter.stop();
      await Promise.all(
        strands.map(({ primary, lease }) => {
          const { names } = lease;
          lease.stop();
          return primary.leave(names);
        }),
      );
      await Promise.all(containers.map((container) => container.stop()));
    },
    async stop() {
      for (const { acknowledgements } of fleet.primaries) acknowledgements.close();
      await fleet.close();
    },
    health: () => ({
      command: statusOf(fleet.primaries.map(({ isUsable }) => isUsable())),
      subscriber: statusOf(containers.map(({ isListening }) => isListening)),
    }),
    reason: () => {
      const refusal = fleet.primaries.map((primary) => primary.refusal()).find((reason) => reason !== undefined);
      if (refusal !== undefined) return refusal;
      if (!fleet.primaries.every(({ isUsable }) => isUsable())) return 'Redis cannot be reached.';
      if (!containers.every(({ isListening }) => isListening)) return 'The topics are not subscribed.';
      return 'No heartbeat has come back within the bound.';
    },
  };
  const manager = new TwoTierCacheManager({
    names: resolved.cacheNames,
    dynamic: resolved.dynamic,
    maximumDynamicCaches: resolved.maximumDynamicCaches,
    isNamed,
    passThrough: (name, own) =>
      new PassThroughCache({ ...passThroughParts(checkCacheName(name), resolved, strands), events, calls, ...own }),
    full: (name) => tellFull(name, resolved.maximumDynamicCaches, events),
    clock: resolved.clock,
    calls,
    links,
    create: (name) => {
      return createCache(checkCacheName(name), { resolved, strands, calls, events, collaborators });
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
    calls,
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

function fleetOf(resolved: ResolvedCachingOptions, events: CacheEvents): Backend {
  const { redis } = resolved;
  if (redis === undefined) return embeddedBackend(resolved, events);
  const topology = ClusterTopology.of(redis, resolved.connectTimeoutMs);
  return topology === undefined ? singleRedisBackend(resolved, redis, events) : clusterBackend(resolved, redis, topology, events);
}

/** What holds an instance to one primary. */
interface Strand {
  readonly primary: Primary;
  readonly lease: ReadLease;
  readonly listener: EvictionListener;
}

function strandOf(
  primary: Primary,
  number: number,
  { origin, clock, boundMs }: ResolvedCachingOptions,
  bypass: BypassNotices,
  events: CacheEvents,
): Strand {
  const { namespace, container, heartbeat, acknowledgements, send, serverClock } = primary;
  const lease = new ReadLease({
    clock,
    events,
    boundMs,
    heartbeat,
    tellBypass: (cache, active) => bypass.tell(cache, active),
    whenUnheard: (times) => (times % 2 === 1 ? container : primary).reconnect(new Error('its heartbeats do not reach its subscriber')),
  });
  const tellsClears = number === 0;
  const listener = new EvictionListener({
    namespace,
    origin,
    container,
    lease,
    acknowledgements,
    send,
    events,
    serverClock,
    tellsClears,
  });
  return { primary, lease, listener };
}

const statusOf = (parts: readonly boolean[]): HealthStatus => {
  if (parts.every((isUp) => isUp)) return 'up';
  return parts.includes(true) ? 'degraded' : 'down';
};

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

/** What every cache of an instance shares. */
interface CacheParts {
  readonly resolved: ResolvedCachingOptions;
  readonly strands: readonly Strand[];
  readonly calls: CallsUnderWay;
  readonly events: CacheEvents;
  readonly collaborators: InstanceParts['collaborators'];
}

/** Makes a cache and has it follow its evictions, those of each primary by themselves. */
function createCache(name: string, { resolved, strands, calls, events, collaborators }: CacheParts): TwoTierCache {
  const options = resolved.cache(name);
  const counters = new CacheCounters();
  const { maximumSize, copy, type } = options;
  const local = new LocalCache({ maximumSize, copy, type, clock: resolved.clock, counters });
  const channels = strands.map(({ primary }) => primary.channel(name, options.topic));
  const generations = strands.map(({ primary }) => primary.generation());
  const remotes = strands.map(({ primary }, i) => primary.remote(name, options, channels[i] as string, generations[i] as Generation));
  const remote = remoteOver(remotes);
  const { timeoutMs, deadlineMs, fillLeaseMs, clock } = resolved;
  const cache = new TwoTierCache({
    name,
    settings: { ...options, timeoutMs, deadlineMs, fillLeaseMs },
    local,
    remote,
    clock,
    events,
    counters,
    calls,
    collaborators,
  });
  const parts = bucketsOf(cache, generations);
  for (const [i, { listener }] of strands.entries()) {
    const channel = channels[i] as string;
    listener
      .follow(parts[i] as CoherentCache, channel)
      .catch((error: unknown) => events.emit('error', { where: `subscription of '${channel}'`, error }));
  }
  return cache;
}

/** What a cache that is not kept needs of the primaries. */
function passThroughParts(name: string, resolved: ResolvedCachingOptions, strands: readonly Strand[]) {
  const { clock, deadlineMs } = resolved;
  const options = resolved.cache(name);
  const remotes = strands.map(({ primary }) => primary.evictions(name, options, primary.channel(name, options.topic)));
  return { name, clock, deadlineMs, remote: remoteOver(remotes) };
}

const remoteOver = (remotes: readonly RemoteCache[]): RemoteTier =>
  remotes.length === 1 ? (remotes[0] as RemoteCache) : new BucketedRemoteCache(remotes, (key) => bucketOf(key, remotes.length));

/** Whoever makes cache names of what users send should hear of it. */
function tellFull(name: string, most: number, events: CacheEvents): void {
  const error = new CacheConfigurationError(
    'CACHE_NAME_LIMIT',
    `Cache '${name}' was not made: there are ${most} caches already that only a resolver or getCache names.`,
    {
      hint: 'It runs uncached, and so do others that come later; evictions are executed. Put what differs into the key, or raise `maximumDynamicCaches`.',
    },
  );
  events.emit('error', { where: 'dynamic caches', error });
  process.emitWarning(error.message, { type: 'CacheWarning', code: error.code });
}

/** What a cache tells of itself to those who watch. */
function describe(
  name: string,
  cache: TwoTierCache | undefined,
  { cache: optionsOf, clock }: ResolvedCachingOptions,
  fleet: Backend,
): CacheDescription {
  const { tiers, topic, maximumSize, ttlMs } = optionsOf(name);
  const now = clock.now();
  const leftMs = (cache?.leaseEndsAt ?? Number.NEGATIVE_INFINITY) - now;
  return {
    isServing: leftMs >= 0,
    ...(leftMs >= 0 && Number.isFinite(leftMs) ? { leaseLeftMs: leftMs } : {}),
    tiers,
    topic: fleet.topicOf(name, topic),
    maximumSize,
    ttlMs,
  };
}
