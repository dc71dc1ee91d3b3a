import { CallsUnderWay, type TwoTierCache, type TwoTierCacheCollaborators, TwoTierCacheManager } from '../cache/index.js';
import { CacheConfigurationError } from '../errors/index.js';
import { CacheEvents, TimingObservers } from '../event/index.js';
import { Coherence, type CoherenceCollaborators } from '../eviction/index.js';
import { type CacheDescription, FleetReporter, FleetWatch, topicPort } from '../fleet/index.js';
import { AskedCredentials, ClusterTopology } from '../redis/index.js';
import { ChannelTopic, type Message, type MessageListenerContainer, MessagePublisher } from '../topic/index.js';
import { timersOf } from '../time/index.js';
import type { Backend } from './backend.js';
import { CacheFactory, type CacheFactoryOptions } from './cache-factory.js';
import { ClusterBackend } from './cluster-backend.js';
import { Connections } from './connections.js';
import { embeddedBackend } from './embedded-backend.js';
import { InstanceLog } from './instance-log.js';
import { type CachingOptions, type ResolvedCachingOptions, resolveOptions } from './options.js';
import { singleRedisBackend } from './single-redis-backend.js';

/** Everything that the caching of one container consists of. */
export interface CacheInstance {
  readonly manager: TwoTierCacheManager;
  readonly events: CacheEvents;
  readonly listenerContainer: MessageListenerContainer;
  readonly publisher: MessagePublisher;
  /** Watches the instances of this namespace. */
  readonly fleet: FleetWatch;
  /** What {@link stop} waits for. */
  readonly calls: CallsUnderWay;
  /**
   * Connects, as {@link TwoTierCacheManager.start} does. If `failFast` is off, it resolves even if Redis
   * cannot be reached, and the instance goes on trying in the background.
   */
  start(): Promise<void>;
  /** Closes everything. Idempotent; never throws. */
  stop(): Promise<void>;
}

/** What an instance is told beside the {@link CachingOptions} of its user. */
export interface InstanceOptions {
  /** Whether the program names this cache, so that it does not count as dynamic. Default: none is named. */
  readonly isNamed?: ((cache: string) => boolean) | undefined;
  /** The collaborators of its caches and coherences, for specs. Default: the library's own. */
  readonly collaborators?: Partial<TwoTierCacheCollaborators & CoherenceCollaborators> | undefined;
  /** Makes its caches. Default: the library's own class. */
  readonly makeCache?: CacheFactoryOptions['makeCache'] | undefined;
  /** Where it keeps its remote tier. Default: as the option `redis` says. */
  readonly backend?: ((options: ResolvedCachingOptions, events: CacheEvents) => Backend) | undefined;
}

/**
 * Builds an instance from the bottom up: backend, coherences, caches, manager, reporter, watch.
 * Opens no socket: that waits for {@link CacheInstance.start}.
 *
 * @throws {CacheConfigurationError} for wrong options.
 */
export function createInstance(options: CachingOptions = {}, own: InstanceOptions = {}): CacheInstance {
  const { isNamed, collaborators, makeCache } = own;
  const resolved = resolveOptions(options);
  const events = new CacheEvents({ instanceId: resolved.instanceId });
  const calls = new CallsUnderWay(resolved.deadlineMs, timersOf(resolved.clock));
  const backend = (own.backend ?? backendOf)(resolved, events);
  const { origin, boundMs, clock } = resolved;
  const { primaries } = backend;
  const coherences = Coherence.ofAll(primaries, { origin, boundMs, clock, events, collaborators });
  const connections = new Connections(backend, coherences, resolved);
  const timings = new TimingObservers();
  const caches = new CacheFactory({ options: resolved, primaries, coherences, calls, events, timings, collaborators, makeCache });
  const manager = managerOf(resolved, caches, { calls, connections, events, timings, isNamed });
  connections.onAnswered(() => manager.reconnected());
  keepLog(resolved, { connections, manager, events });
  const reporter = reporterOf(resolved, manager, backend, events);
  connections.accompany(listening(reporter, backend));
  const watch = watchOf(resolved, reporter, backend, events);
  connections.accompany({ start: () => Promise.resolve(), stop: () => watch.stop() });
  return {
    manager,
    events,
    fleet: watch,
    listenerContainer: backend.container,
    publisher: new MessagePublisher(backend.transport, { timers: timersOf(clock) }),
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

function backendOf(options: ResolvedCachingOptions, events: CacheEvents): Backend {
  const { redis, credentials, connectTimeoutMs } = options;
  if (redis === undefined) return embeddedBackend(options, events);
  const asked = credentials && new AskedCredentials(credentials, connectTimeoutMs);
  const topology = ClusterTopology.of(redis, connectTimeoutMs, asked);
  return topology === undefined
    ? singleRedisBackend(options, { redis, asked }, events)
    : new ClusterBackend({ options, redis, asked, topology, events });
}

/** Tells the operators of this instance what they should know, from its start to its stop. */
function keepLog(
  { logger, clock }: ResolvedCachingOptions,
  instance: { readonly connections: Connections; readonly manager: TwoTierCacheManager; readonly events: CacheEvents },
): void {
  const { connections, manager, events } = instance;
  const links = (): ReturnType<Connections['health']> => connections.health();
  const succeeded = (cache: string): number => {
    const { loads = 0, loadFailures = 0 } = manager.getCache(cache)?.statistics() ?? {};
    return loads - loadFailures;
  };
  const log = new InstanceLog({ events, logger, clock, links, refusal: () => connections.refusal, succeeded });
  connections.onAnswered(() => log.answered());
  connections.onStarted(() => log.begin());
  connections.accompany({ start: () => Promise.resolve(), stop: async () => log.end() });
}

function managerOf(
  { cacheNames, dynamic, maximumDynamicCaches, clock }: ResolvedCachingOptions,
  caches: CacheFactory,
  instance: {
    readonly calls: CallsUnderWay;
    readonly connections: Connections;
    readonly events: CacheEvents;
    readonly timings: TimingObservers;
    readonly isNamed: InstanceOptions['isNamed'];
  },
): TwoTierCacheManager {
  const { calls, connections, events, timings, isNamed } = instance;
  return new TwoTierCacheManager({
    names: cacheNames,
    dynamic,
    maximumDynamicCaches,
    isNamed,
    passThrough: (name, own) => caches.passThrough(name, own),
    full: (name) => tellFull(name, maximumDynamicCaches, events),
    clock,
    calls,
    links: connections,
    timings,
    create: (name) => caches.create(name),
  });
}

/** A program that makes cache names of what users send should hear of it. */
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

function reporterOf(options: ResolvedCachingOptions, manager: TwoTierCacheManager, backend: Backend, events: CacheEvents): FleetReporter {
  const { instanceId, namespace, boundMs, clock } = options;
  return new FleetReporter({
    instanceId,
    namespace,
    boundMs,
    clock,
    manager,
    describe: (name) => describe(name, manager.findCache(name), options, backend),
    events,
    publish: (message) => backend.send(backend.topics.answer, message),
  });
}

/** The reporter, as it hears the questions of watchers. */
function listening(reporter: FleetReporter, { container, topics }: Backend): { start(): Promise<void>; stop(): Promise<void> } {
  const heard = (message: Message): void => reporter.heard(message);
  return {
    start: () => container.addMessageListener(heard, ChannelTopic.of(topics.ask)),
    stop: () => reporter.stop(),
  };
}

function watchOf({ clock }: ResolvedCachingOptions, self: FleetReporter, backend: Backend, events: CacheEvents): FleetWatch {
  return new FleetWatch({
    port: topicPort(backend.container, (channel, message) => backend.send(channel, message), backend.topics),
    self,
    clock,
    failed: (where, error) => events.emit('error', { where, error }),
  });
}

/** What a cache tells the watchers of itself. */
function describe(
  name: string,
  cache: TwoTierCache | undefined,
  { cache: optionsOf, clock }: ResolvedCachingOptions,
  backend: Backend,
): CacheDescription {
  const { tiers, topic, maximumSize, ttlMs, tags } = optionsOf(name);
  const leftMs = (cache?.leaseEndsAt ?? Number.NEGATIVE_INFINITY) - clock.now();
  return {
    isServing: leftMs >= 0,
    ...(leftMs >= 0 && Number.isFinite(leftMs) ? { leaseLeftMs: leftMs } : {}),
    tiers,
    topic: backend.topicOf(name, topic),
    maximumSize,
    ttlMs,
    ...(tags ? { tags } : {}),
  };
}
