import type { Cluster, Redis, RedisOptions } from 'ioredis';
import { type CopyMode, LARGEST_MAXIMUM_SIZE, type Unacknowledged, type ValueTypes } from '../cache/index.js';
import { type CacheLogger, consoleLogger } from '../event/index.js';
import { DEFAULT_NAMESPACE, originOf } from '../eviction/index.js';
import {
  type Clock,
  type Duration,
  type FreshnessOptions,
  MAXIMUM_WAIT_MS,
  type Milliseconds,
  parseDuration,
  parseLoadTimeout,
  parseStaleIfError,
  systemClock,
} from '../time/index.js';
import {
  aBoolean,
  aType,
  aClock,
  aCount,
  aCredentialsProvider,
  aDuration,
  aFraction,
  aLogger,
  aName,
  aRefreshAge,
  anObject,
  aTopic,
  aVersion,
  invalid,
  oneOf,
} from './option-checks.js';
import { checkNames, defaultsOf, duration, type Resolved, resolveRows, row, type Table } from './option-table.js';

// A new option needs three things: its declaration in one of the two interfaces, its row in one of the two
// tables, and its use. The defaults, the resolved options and their types follow from the tables.

/**
 * How one cache behaves. Everything is optional; {@link DEFAULT_CACHE_OPTIONS} tells what holds otherwise.
 */
export interface CacheOptions extends FreshnessOptions {
  /**
   * Life of an entry since it was written. `0` = without end: 30 days in Redis, unlimited with `tiers:
   * 'local'`. Default: `'60s'`.
   */
  readonly ttl?: Duration | undefined;
  /**
   * The most an entry lives in the local tier; it never outlives the remote one. `0` = as long as there.
   * Default: `0`.
   */
  readonly localTtl?: Duration | undefined;
  /** Life of a cached `null` or `undefined`. Default: the `ttl`. */
  readonly nullTtl?: Duration | undefined;
  /**
   * How much of its life an entry may lose at random, from `0` to `1`, so that entries written together do
   * not expire together: `0.1` makes of 60 s something between 54 s and 60 s. Default: `0`.
   */
  readonly ttlJitter?: number | undefined;
  /**
   * The most entries in the local tier. When it is full, the least useful one is dropped. Default: `1000`.
   */
  readonly maximumSize?: number | undefined;
  /**
   * `'both'`; `'local'`: no values in Redis, though evictions still reach every instance; `'remote'`: no
   * values in the process. Default: `'both'`.
   */
  readonly tiers?: 'both' | 'local' | 'remote' | undefined;
  /**
   * The topic that evictions are announced on. Default: `` `${name}-channel` ``, with the namespace before it
   * unless that is the default one (`book-channel`, `shop:book-channel`), and the database behind it unless
   * that is 0, because Redis' Pub/Sub knows no databases.
   */
  readonly topic?: string | undefined;
  /**
   * The class of the cached values, or several by name, as in `{ Order, Line }`, wherever they occur in the
   * values. Instances come back as such from either tier. The names are stored, so they must not change while
   * entries live; a class may. An entry with a name that is not here counts as a miss. Default: none, values
   * are plain.
   */
  readonly type?: ValueTypes | undefined;
  /**
   * What readers share of a value. Default: `'freeze'`.
   * - `'freeze'`: all readers get one object, frozen in depth: plain objects, arrays, and instances of
   *   `type`. Also frozen is the object that the method itself returned, so that a caller who changes a
   *   result sees it at the first try. Not frozen: what a transaction loads, and the arguments of puts.
   * - `'clone'`: each reader gets a copy. For callers who change what they read, as with entities of an ORM.
   * - `'share'`: all readers get one object, as it is. A caller who changes it changes it for all others, as
   *   with Spring's map cache.
   */
  readonly copy?: CopyMode | undefined;
  /**
   * Whether entries carry tags, by which they can be evicted in groups. It should be the same in all
   * instances of a namespace: while it is not, their entries are misses to each other, and the first eviction
   * of a tag after each change clears the cache. Default: `false`.
   */
  readonly tags?: boolean | undefined;
  /**
   * Of the shape of the values: a number or a name. An entry that was written under another version, or under
   * none, counts as a miss and is replaced. So two releases of a service never read each other's shapes while
   * both run; evictions reach both. Default: none.
   */
  readonly version?: string | number | undefined;
  /** Whether `null` and `undefined` are cached. Default: `true`. */
  readonly allowNullValues?: boolean | undefined;
  /**
   * What the local tier does while this instance cannot prove that it is up to date. `'bypass'`: it is not
   * used. `'serve'`: it is used, and the staleness bound does not hold for this cache while disconnected.
   * Default: `'bypass'`.
   */
  readonly whenDisconnected?: 'bypass' | 'serve' | undefined;
  /**
   * What a write does when Redis has not acknowledged its eviction within the `deadline`. `'throw'`: it
   * rejects with a `CacheEvictError`, which carries the method's result. `'report'`: the caller gets his
   * result; the event `evictPending` and the log tell. The eviction is repeated in either case. An eviction
   * with `acks: 'all'`, before the method, or by `evictIfPresent` always throws. Default: `'throw'`.
   */
  readonly unacknowledged?: Unacknowledged | undefined;
  /** The most bytes an encoded value may have; a larger one is not stored. Default: `1_048_576` (1 MiB). */
  readonly maximumValueSize?: number | undefined;
}

/** How an instance behaves. Everything is optional. */
export interface CachingOptions {
  /**
   * `false` turns caching off, for this container: decorated methods run each time, caches hold nothing,
   * topics stay in the process, and nothing connects. The other options are checked all the same. The
   * environment variable `CACHE_ENABLED=false` does the same to all containers of the process, whatever this
   * option says: for operators. Default: `true`.
   */
  readonly enabled?: boolean | undefined;
  /**
   * Redis: a URL, ioredis options, or an ioredis client (whose options are copied; it is neither used nor
   * closed). What cannot be used is refused by name. Default: none. The instance is then *embedded*: the
   * remote tier and the topics live in the process, shared by namespace.
   */
  readonly redis?: string | RedisOptions | Redis | Cluster | undefined;
  /**
   * For a password that expires, such as a token: called before each connection to Redis. What it answers is
   * used in place of the user and password of `redis`; without a `username` the user stays. An attempt to
   * connect fails if it rejects, answers something else, or takes longer than `connectTimeout`, and is
   * repeated. Sentinels are not entered with it. Default: none.
   */
  readonly credentials?: (() => Promise<{ readonly username?: string | undefined; readonly password: string }>) | undefined;
  /** Separates applications on one Redis: letters, digits, `_`, `.`, `-`. Default: `'cache'`. */
  readonly namespace?: string | undefined;
  /** Caches by name, each on top of `defaults`. */
  readonly caches?: Readonly<Record<string, CacheOptions>> | undefined;
  /** What holds for every cache. */
  readonly defaults?: CacheOptions | undefined;
  /** Whether caches that are not in `caches` are created when first asked for. Default: `true`. */
  readonly dynamic?: boolean | undefined;
  /**
   * The most caches that are created at run time: those that neither `caches` nor a decorator names, but a
   * resolver or `getCache` does. A name beyond that gets a cache that is not kept: it reads nothing and
   * stores nothing, and its evictions are executed. Default: `500`.
   */
  readonly maximumDynamicCaches?: number | undefined;
  /**
   * How many buckets the keys are spread over on a Redis Cluster, from 1 to 64. No more primaries than that
   * are used, and each bucket costs two connections and its heartbeats. It must be the same for all instances
   * of a namespace: an instance with another number is refused at start. Default: `8`.
   */
  readonly buckets?: number | undefined;
  /**
   * Names this instance in messages, events and statistics. It should be unique among the instances of a
   * namespace, so that people can tell them apart; coherence does not rest on it. A warning tells of a name
   * that is used twice. Default: random.
   */
  readonly instanceId?: string | undefined;
  /**
   * D: the most a read may lag behind an eviction, whatever happens. At least 50 ms, at most a day. Default:
   * `'1s'`.
   */
  readonly bound?: Duration | undefined;
  /** Deadline of one remote step, counted from when it was written to the socket. Default: `'250ms'`. */
  readonly timeout?: Duration | undefined;
  /**
   * The most one call waits for the remote tier altogether: for all its steps, their repetitions, its turn,
   * and another instance that loads the same key; not for the method. After it a read goes on without the
   * remote tier, and an eviction counts as not acknowledged. At least twice `timeout`. For an eviction of
   * more than 1000 keys it starts anew with each thousand that Redis has acknowledged. Default: `'1s'`.
   */
  readonly deadline?: Duration | undefined;
  /**
   * The longest a load may take and still be stored in the remote tier, and the longest that callers wait for
   * a load they joined. Default: `'30s'`.
   */
  readonly fillLease?: Duration | undefined;
  /**
   * How long a key stays uncached after a writer has died within `aroundInvocation`, `evictAround` or a
   * prepared transaction; a quarter of it may come on top. It must be longer than a commit can take that was
   * sent already. A write itself may take any time. At least 100 ms. Default: the `fillLease`.
   */
  readonly intentLease?: Duration | undefined;
  /** The most a start waits for a connection. Default: `'5s'`. */
  readonly connectTimeout?: Duration | undefined;
  /**
   * Whether start-up fails when Redis cannot be reached in time. With `false` the instance starts in bypass,
   * and joins when Redis comes. Default: `true`.
   */
  readonly failFast?: boolean | undefined;
  /**
   * Where the instance says what its operators should know, in one line each: Redis is away or refuses, and
   * why, or is back; values of a kind can never be stored; an eviction that was only reported is not
   * acknowledged, or one is repeated no more because the instance ends. `false`: nowhere. All that happens is
   * told by events. Default: `console.warn`.
   */
  readonly logger?: CacheLogger | false | undefined;
  /** Where time is read. Default: the process's monotonic clock. */
  readonly clock?: Clock | undefined;
}

/** Below this a bound cannot be kept: one garbage collection would end every lease. */
const MINIMUM_BOUND_MS: Milliseconds = 50;

/** Below this an intent could end while its renewal is on the way. */
const MINIMUM_INTENT_LEASE_MS: Milliseconds = 100;

const LARGEST_NUMBER_OF_BUCKETS = 64;

const CACHE_OPTIONS = {
  ttl: duration('60s', aDuration()),
  localTtl: duration(0, aDuration()),
  nullTtl: duration(undefined, (option, value, { ttl }) => parseDuration(option, value ?? ttl)),
  ttlJitter: row(0, aFraction),
  maximumSize: row(1_000, aCount(LARGEST_MAXIMUM_SIZE)),
  tiers: row('both', oneOf('both', 'local', 'remote')),
  topic: row(undefined, aTopic),
  type: row(undefined, aType),
  copy: row('freeze', oneOf('freeze', 'clone', 'share')),
  tags: row(false, aBoolean),
  version: row(undefined, aVersion),
  staleIfError: row(undefined, parseStaleIfError),
  refreshAfter: duration(0, aRefreshAge),
  loadTimeout: duration(0, parseLoadTimeout),
  allowNullValues: row(true, aBoolean),
  whenDisconnected: row('bypass', oneOf('bypass', 'serve')),
  unacknowledged: row('throw', oneOf('throw', 'report')),
  maximumValueSize: row(1_048_576, aCount()),
} satisfies Table<CacheOptions>;

const CACHING_OPTIONS = {
  enabled: row(true, aBoolean),
  // It is checked when the connections are made.
  redis: row(undefined, (_option, value) => value as CachingOptions['redis']),
  credentials: row(undefined, aCredentialsProvider),
  namespace: row(DEFAULT_NAMESPACE, aName),
  caches: row(undefined, (option, value = {}) =>
    anObject<Readonly<Record<string, CacheOptions>>>(option, value, 'an object of cache names'),
  ),
  defaults: row(undefined, (option, value = {}) => anObject<CacheOptions>(option, value)),
  dynamic: row(true, aBoolean),
  maximumDynamicCaches: row(500, aCount()),
  buckets: row(8, aCount(LARGEST_NUMBER_OF_BUCKETS)),
  instanceId: row(undefined, (option, value) => aName(option, value ?? randomId())),
  bound: duration('1s', aDuration(MINIMUM_BOUND_MS, MAXIMUM_WAIT_MS)),
  timeout: duration('250ms', aDuration(1, MAXIMUM_WAIT_MS)),
  deadline: duration('1s', (option, value, { timeout }) => {
    const deadlineMs = parseDuration(option, value, 1, MAXIMUM_WAIT_MS);
    const timeoutMs = parseDuration('timeout', timeout, 1, MAXIMUM_WAIT_MS);
    if (deadlineMs < 2 * timeoutMs) throw invalid(option, `at least twice \`timeout\` (${timeoutMs} ms)`, value);
    return deadlineMs;
  }),
  fillLease: duration('30s', aDuration(1)),
  intentLease: duration(undefined, (option, value, { fillLease }) =>
    value === undefined || value === null
      ? Math.min(Math.max(parseDuration('fillLease', fillLease, 1), MINIMUM_INTENT_LEASE_MS), MAXIMUM_WAIT_MS)
      : parseDuration(option, value, MINIMUM_INTENT_LEASE_MS, MAXIMUM_WAIT_MS),
  ),
  connectTimeout: duration('5s', aDuration(1, MAXIMUM_WAIT_MS)),
  failFast: row(true, aBoolean),
  logger: row(undefined, (option, value) => aLogger(option, value ?? consoleLogger)),
  clock: row(undefined, (option, value) => aClock(option, value ?? systemClock)),
} satisfies Table<CachingOptions>;

/** The defaults of {@link CacheOptions}. */
export const DEFAULT_CACHE_OPTIONS: Readonly<CacheOptions> = defaultsOf(CACHE_OPTIONS);

/** The defaults of {@link CachingOptions}. */
export const DEFAULT_CACHING_OPTIONS: Readonly<CachingOptions> = defaultsOf(CACHING_OPTIONS);

/** {@link CacheOptions}, checked and frozen. Nothing is optional, except what may be absent for good. */
export type ResolvedCacheOptions = Resolved<typeof CACHE_OPTIONS>;

/** {@link CachingOptions}, checked and frozen. */
export interface ResolvedCachingOptions extends Omit<Resolved<typeof CACHING_OPTIONS>, 'caches' | 'defaults'> {
  /** The caches that the options name. */
  readonly cacheNames: readonly string[];
  /** The options of a cache, whether it is named or not. */
  readonly cache: (name: string) => ResolvedCacheOptions;
  /** What tells this instance from every other one, even from one with the same name. */
  readonly origin: string;
}

/**
 * Checks `options` as a whole and fills in the defaults.
 *
 * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID`, naming the option by its path, for the first
 *   thing that is wrong.
 */
export function resolveOptions(options: CachingOptions = {}): ResolvedCachingOptions {
  checkNames(CACHING_OPTIONS, '', options);
  const { caches, defaults, ...own } = resolveRows(CACHING_OPTIONS, '', withDefaults(options));
  const fallback = resolveCache('defaults', defaults, {});
  const named = new Map<string, ResolvedCacheOptions>();
  for (const [name, ofCache] of Object.entries(caches)) {
    checkCacheName(name);
    named.set(name, resolveCache(`caches.${name}`, ofCache, defaults));
  }
  return Object.freeze({
    ...own,
    cacheNames: Object.freeze([...named.keys()]),
    cache: (name: string) => named.get(name) ?? fallback,
    origin: originOf(own.instanceId),
  });
}

/**
 * Refuses a cache name that could not be part of a Redis key or of a path, or that every object has a
 * property of.
 *
 * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID`.
 */
export function checkCacheName(name: unknown): string {
  return aName('cache name', name);
}

/** The same for a namespace. @throws {CacheConfigurationError} `CACHE_OPTION_INVALID`. */
export function checkNamespace(name: unknown): string {
  return aName('namespace', name);
}

/** @param defaults - what holds for every cache. */
function resolveCache(path: string, own: CacheOptions, defaults: CacheOptions): ResolvedCacheOptions {
  checkNames(CACHE_OPTIONS, path, own);
  const given = { ...DEFAULT_CACHE_OPTIONS, ...withoutUndefined(defaults), ...withoutUndefined(own) };
  return Object.freeze(resolveRows(CACHE_OPTIONS, path, given));
}

/** Here `null` counts as not given. */
function withDefaults(options: CachingOptions): Readonly<Record<string, unknown>> {
  const defaults = Object.entries(DEFAULT_CACHING_OPTIONS) as [keyof CachingOptions, unknown][];
  return { ...options, ...Object.fromEntries(defaults.map(([name, fallback]) => [name, options[name] ?? fallback])) };
}

const withoutUndefined = (options: object): object =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

const randomId = (): string => crypto.randomUUID().slice(0, 13);
