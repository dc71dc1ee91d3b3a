import { Keyv } from 'keyv';
import {
  bucketsOf,
  type CoherentCache,
  EntryCodec,
  LocalCache,
  TwoTierCache,
  type TagIndex,
  type TwoTierCacheSettings,
  ValueCodec,
} from '../../lib/cache/index.js';
import { CacheCounters, CacheEvents } from '../../lib/event/index.js';
import { EvictionListener } from '../../lib/eviction/eviction-listener.js';
import { Coherence } from '../../lib/eviction/index.js';
import type { HopScheduler } from '../../lib/testing/simulation/hop-scheduler.js';
import { LinkStore } from '../../lib/testing/simulation/link-store.js';
import type { Milliseconds, TimedClock } from '../../lib/time/index.js';
import { type Message, MessageListenerContainer } from '../../lib/topic/index.js';
import { CommandLink } from '../../lib/testing/simulation/command-link.js';
import type { FakeRedis, Request } from '../../lib/testing/simulation/fake-redis.js';
import type { Kinds } from './kinds.js';
import type { Lives, Patience } from './step.js';
import { SubscriberLink } from '../../lib/testing/simulation/subscriber-link.js';

export const NAMESPACE = 'app';
export const CACHE = 'book';
export const CHANNEL = 'book-channel';

/** What an instance signs its messages with. */
export const originOfInstance = (id: string): string => `${id}~0123456789ab`;

/** Durations of every instance: those of the defaults, but for a fill lease and a write intent short enough to run out. */
export const TIMES = {
  boundMs: 1_000,
  timeoutMs: 250,
  deadlineMs: 1_000,
  fillLeaseMs: 2_000,
  intentLeaseMs: 2_000,
  ttlMs: 60_000,
} as const;

/** How long an instance waits for others. `loadMs`: for a load that a caller has joined; `undefined`: the default. */
const WAITS = {
  usual: { timeoutMs: TIMES.timeoutMs, deadlineMs: TIMES.deadlineMs, fillLeaseMs: TIMES.fillLeaseMs, loadMs: undefined },
  short: { timeoutMs: TIMES.timeoutMs, deadlineMs: TIMES.deadlineMs, fillLeaseMs: 600, loadMs: 600 },
  endless: { timeoutMs: 30_000, deadlineMs: 300_000, fillLeaseMs: 300_000, loadMs: 300_000 },
} as const;

/** What an {@link Instance} is made of. */
export interface InstanceOptions {
  readonly id: string;
  readonly kinds: Kinds;
  readonly scheduler: HopScheduler;
  /** Where new connections lead. */
  readonly server: () => FakeRedis;
  readonly clock: TimedClock;
  readonly tiers: TwoTierCacheSettings['tiers'];
  readonly boundMs: Milliseconds;
  /** Whether its entries carry tags. */
  readonly hasTags: boolean;
  readonly lives: Lives;
  readonly patience: Patience;
  readonly coalesces: boolean;
  readonly verifies: boolean;
  /** Told of every value that L1 keeps, and whether it takes the place of one whose life goes on. */
  readonly kept: (value: unknown, freshUntil: Milliseconds, isReplacingFresh: boolean) => void;
  readonly delivered: (message: Message, tag: unknown) => void;
  /** Told of every request right after a server has executed it. */
  readonly executed: (server: FakeRedis, request: Request, reply: unknown) => void;
}

/**
 * Believes generations from the future: refusing them is a second belt, and would keep most forgeries from the rules that
 * must withstand them.
 */
class BelievingEvictionListener extends EvictionListener {
  protected override isFromTheFuture(): boolean {
    return false;
  }
}

/** Tells of what it keeps. */
class WatchedLocalCache extends LocalCache {
  readonly #options: Pick<InstanceOptions, 'clock' | 'kept'>;

  constructor(options: Pick<InstanceOptions, 'clock' | 'kept'>, tags: TagIndex | undefined, counters: CacheCounters) {
    super({ maximumSize: 100, clock: options.clock, counters, tags });
    this.#options = options;
  }

  override set(...[key, value, expiresAt, extras]: Parameters<LocalCache['set']>): void {
    const { clock, kept } = this.#options;
    kept(value, extras?.times?.freshUntil ?? expiresAt, this.endOf(key, clock.now()) !== undefined);
    super.set(key, value, expiresAt, extras);
  }
}

/** One instance of the fleet, put together as `lib/instance/cache-instance.ts` does, on links that a schedule drives. */
export class Instance {
  readonly id: string;
  readonly cache: TwoTierCache;
  readonly command: CommandLink;
  readonly subscriber: SubscriberLink;
  readonly hasTags: boolean;
  readonly boundMs: Milliseconds;
  readonly hasRemote: boolean;
  readonly lives: Lives;
  /** When its process died. */
  diedAt: Milliseconds | undefined;
  readonly #local: LocalCache;
  readonly #clock: TimedClock;
  readonly #start: () => Promise<void>;

  constructor(options: InstanceOptions) {
    const { id, kinds, clock, tiers, boundMs, hasTags, lives } = options;
    const { intentLeaseMs } = TIMES;
    const { timeoutMs, deadlineMs, fillLeaseMs, loadMs } = WAITS[options.patience];
    const { ttlMs, staleMs, retryAfterMs, refreshAfterMs, loadTimeoutMs } = lives;
    this.id = id;
    this.hasTags = hasTags;
    this.boundMs = boundMs;
    this.hasRemote = tiers !== 'local';
    this.lives = lives;
    const origin = originOfInstance(id);
    this.#clock = clock;
    this.command = new CommandLink({ ...options, timeoutMs, timers: clock.timers });
    this.subscriber = new SubscriberLink(options);

    const events = new CacheEvents();
    const counters = new CacheCounters();
    const connection = this.command.asConnection;
    const container = new MessageListenerContainer(this.subscriber, { events, timers: clock.timers });
    const link = {
      namespace: NAMESPACE,
      container,
      connection,
      send: (channel: string, message: string) => this.command.publish(channel, message),
    };
    const collaborators = { EvictionListener: BelievingEvictionListener, ...kinds };
    const [coherence] = Coherence.ofAll([link], { origin, boundMs, clock, events, collaborators }) as [Coherence];
    const { acknowledgements, serverClock } = coherence;

    const tags = hasTags ? new kinds.TagClock(clock) : undefined;
    const codec = new EntryCodec({ codec: new ValueCodec(), clock, time: serverClock, tags });
    const generation = new kinds.Generation();
    const log = new kinds.RedisEvictionLog({
      connection,
      namespace: NAMESPACE,
      cache: CACHE,
      channel: CHANNEL,
      origin,
      boundMs,
      fillLeaseMs,
      acknowledgements,
      generation,
      tags,
    });
    const keyv = new Keyv({
      store: new LinkStore(this.command),
      namespace: log.keyvNamespace,
      useKeyPrefix: false,
      throwOnErrors: true,
      emitErrors: false,
      deserialize: (raw) => codec.read(raw) as never,
    });
    generation.onChange(() => (keyv.namespace = log.keyvNamespace));
    const remote = new kinds.RemoteCache({ keyv, log, codec, guard: connection.guard, generation, tags });
    this.#local = new WatchedLocalCache(options, hasTags ? new kinds.TagIndex() : undefined, counters);
    this.cache = new TwoTierCache({
      name: CACHE,
      settings: {
        tiers,
        tags: hasTags,
        ttlMs,
        localTtlMs: 0,
        nullTtlMs: ttlMs,
        staleIfError: staleMs === 0 ? undefined : { forMs: staleMs, when: undefined, retryAfterMs },
        refreshAfterMs,
        loadTimeoutMs,
        allowNullValues: true,
        whenDisconnected: 'bypass',
        timeoutMs,
        deadlineMs,
        fillLeaseMs: loadMs,
        intentLeaseMs,
      },
      local: this.#local,
      remote,
      clock,
      events,
      counters,
      collaborators: kinds,
    });
    const [view] = bucketsOf(this.cache, [{ generation, tags }]) as [CoherentCache];
    const followed = coherence.follow(view, CHANNEL);
    this.#start = async () => {
      await followed;
      await coherence.open();
      coherence.start(() => this.cache.reconnected());
      this.command.verifyWith(() => coherence.beat());
      this.command.connect();
      await container.start();
    };
  }

  /** Connects; resolves when the topics are confirmed. */
  start(): Promise<void> {
    return this.#start();
  }

  /**
   * Its process dies: it sends and receives nothing any more, so whatever its timers and promises do means nothing.
   *
   * @param late - what it has sent may still be executed afterwards.
   */
  die(late: boolean): void {
    this.diedAt = this.#clock.now();
    this.subscriber.die();
    this.command.die(late);
  }

  /** Whether the local tier may be served now. */
  get isServing(): boolean {
    return this.cache.isServing(this.#clock.now());
  }

  /** What the local tier holds, of whatever age, whether it may be served or not. */
  held(key: string): unknown {
    const { servableUntil } = this.#local;
    this.#local.servableUntil = Number.POSITIVE_INFINITY;
    try {
      const now = this.#clock.now();
      return (this.#local.held(key, now) ?? this.#local.get(key, now))?.value;
    } finally {
      this.#local.servableUntil = servableUntil;
    }
  }
}
