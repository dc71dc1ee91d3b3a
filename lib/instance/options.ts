import type { Cluster, Redis, RedisOptions } from 'ioredis';
import { type Class, LARGEST_MAXIMUM_SIZE } from '../cache/index.js';
import { CacheConfigurationError, shown } from '../errors/index.js';
import { DEFAULT_NAMESPACE, originOf } from '../eviction/index.js';
import { type Clock, type Duration, MAXIMUM_WAIT_MS, type Milliseconds, parseDuration, systemClock } from '../time/index.js';

/** How one cache behaves. Everything is optional; {@link DEFAULT_CACHE_OPTIONS} tells what holds otherwise. */
export interface CacheOptions {
  /** Life of an entry since it was written. `0` = without end: 30 days in Redis, unlimited with `tiers: 'local'`. Default: `'60s'`. */
  readonly ttl?: Duration;
  /** The most an entry lives in the local tier; it never outlives the remote one. `0` = as long as there. Default: `0`. */
  readonly localTtl?: Duration;
  /** Life of a cached `null` or `undefined`. Default: the `ttl`. */
  readonly nullTtl?: Duration;
  /**
   * How much of its life an entry may lose at random, from `0` to `1`, so that entries written together do not run out together: `0.1` makes
   * of 60 s something between 54 s and 60 s. Default: `0`.
   */
  readonly ttlJitter?: number;
  /** The most entries in the local tier; beyond, the least useful one goes. Default: `1000`. */
  readonly maximumSize?: number;
  /**
   * `'both'`; `'local'`: no values in Redis, though evictions still reach every instance; `'remote'`: no values in the process.
   * Default: `'both'`.
   */
  readonly tiers?: 'both' | 'local' | 'remote';
  /**
   * The topic evictions are announced on. Default: `` `${name}-channel` ``, with the namespace before it unless that is the default one
   * (`book-channel`, `shop:book-channel`), and the database behind it unless that is 0, for Redis' Pub/Sub knows no databases.
   */
  readonly topic?: string;
  /** The class of the cached values; they come back as its instances from either tier. Default: none, values are plain. */
  readonly type?: Class;
  /**
   * What a local hit hands out. `'share'`: the cached object itself, as Spring's map cache does. `'freeze'`: the same, frozen deeply when
   * it is stored. `'clone'`: a structured clone at each hit. Default: `'share'`.
   */
  readonly copy?: 'share' | 'freeze' | 'clone';
  /** Whether `null` and `undefined` are cached. Default: `true`. */
  readonly allowNullValues?: boolean;
  /**
   * What the local tier does while this instance cannot prove that it is up to date. `'bypass'`: it is not used. `'serve'`: it is, and the
   * staleness bound does not hold for this cache while disconnected. Default: `'bypass'`.
   */
  readonly whenDisconnected?: 'bypass' | 'serve';
  /** The most bytes an encoded value may have; a larger one is not stored. Default: `1_048_576` (1 MiB). */
  readonly maximumValueSize?: number;
}

/** How an instance behaves. Everything is optional. */
export interface CachingOptions {
  /**
   * `false` turns caching off, for this container: decorated methods run each time, caches hold nothing, topics stay in the process, and
   * nothing connects. The other options are checked all the same. Default: `true`.
   */
  readonly enabled?: boolean;
  /**
   * Redis: a URL, ioredis options, or an ioredis client (whose options are copied; it is neither used nor closed).
   * Default: none. The instance is then *embedded*: the remote tier and the topics live in the process, shared by namespace.
   */
  readonly redis?: string | RedisOptions | Redis | Cluster;
  /** Separates applications on one Redis: letters, digits, `_`, `.`, `-`. Default: `'cache'`. */
  readonly namespace?: string;
  /** Caches by name, each on top of `defaults`. */
  readonly caches?: Readonly<Record<string, CacheOptions>>;
  /** What holds for every cache. */
  readonly defaults?: CacheOptions;
  /** Whether caches that are not in `caches` are created when first asked for. Default: `true`. */
  readonly dynamic?: boolean;
  /**
   * The most caches that come into being at run time: those that neither `caches` nor a decorator names, but a resolver or `getCache` does.
   * Beyond, a name gets a cache that is not kept: it reads nothing and stores nothing, and its evictions are executed. Default: `500`.
   */
  readonly maximumDynamicCaches?: number;
  /**
   * How many buckets the keys are spread over on a Redis Cluster, from 1 to 64: no more primaries than that are used, and each costs two
   * connections and its heartbeats. The same for all instances of a namespace; who disagrees is refused at start. Default: `8`.
   */
  readonly buckets?: number;
  /**
   * Names this instance in messages, events and statistics. Should be unique among the instances of a namespace, for people to know them
   * apart; coherence does not rest on it. A name that is used twice is told by a warning. Default: random.
   */
  readonly instanceId?: string;
  /** D: the most a read may lag behind an eviction, whatever happens. At least 50 ms, at most a day. Default: `'1s'`. */
  readonly bound?: Duration;
  /** Deadline of one remote step, counted from when it was written to the socket. Default: `'250ms'`. */
  readonly timeout?: Duration;
  /**
   * The most one call waits for the remote tier altogether, waiting for its turn included; at least twice `timeout`. An eviction of more than
   * 1000 keys has it anew for each thousand that Redis has acknowledged. Default: `'1s'`.
   */
  readonly deadline?: Duration;
  /** The longest a load may take and still be stored in the remote tier, and the longest that callers wait for a load they joined. Default: `'30s'`. */
  readonly fillLease?: Duration;
  /** Deadline of the first connection. Default: `'5s'`. */
  readonly connectTimeout?: Duration;
  /**
   * Whether start-up fails when Redis cannot be reached in time. With `false` the instance starts in bypass and joins when Redis comes.
   * Default: `true`.
   */
  readonly failFast?: boolean;
  /** Where time is read. Default: the process's monotonic clock. */
  readonly clock?: Clock;
}

/** The defaults of {@link CacheOptions}, resolved. */
export const DEFAULT_CACHE_OPTIONS = Object.freeze({
  ttl: '60s',
  localTtl: 0,
  ttlJitter: 0,
  maximumSize: 1_000,
  tiers: 'both',
  copy: 'share',
  allowNullValues: true,
  whenDisconnected: 'bypass',
  maximumValueSize: 1_048_576,
} as const satisfies CacheOptions);

/** The defaults of {@link CachingOptions}, resolved. */
export const DEFAULT_CACHING_OPTIONS = Object.freeze({
  enabled: true,
  namespace: DEFAULT_NAMESPACE,
  dynamic: true,
  maximumDynamicCaches: 500,
  buckets: 8,
  bound: '1s',
  timeout: '250ms',
  deadline: '1s',
  fillLease: '30s',
  connectTimeout: '5s',
  failFast: true,
} as const satisfies CachingOptions);

/** {@link CacheOptions} past the door: checked, frozen, nothing optional but what may be absent for good. */
export interface ResolvedCacheOptions {
  readonly ttlMs: Milliseconds;
  readonly localTtlMs: Milliseconds;
  readonly nullTtlMs: Milliseconds;
  readonly ttlJitter: number;
  readonly maximumSize: number;
  readonly tiers: 'both' | 'local' | 'remote';
  readonly topic: string | undefined;
  readonly type: Class | undefined;
  readonly copy: 'share' | 'freeze' | 'clone';
  readonly allowNullValues: boolean;
  readonly whenDisconnected: 'bypass' | 'serve';
  readonly maximumValueSize: number;
}

/** {@link CachingOptions} past the door. */
export interface ResolvedCachingOptions {
  readonly enabled: boolean;
  readonly redis: CachingOptions['redis'];
  readonly namespace: string;
  readonly cacheNames: readonly string[];
  readonly cache: (name: string) => ResolvedCacheOptions;
  readonly dynamic: boolean;
  readonly maximumDynamicCaches: number;
  readonly buckets: number;
  readonly instanceId: string;
  /** What tells this instance from every other, whatever they are called. */
  readonly origin: string;
  readonly boundMs: Milliseconds;
  readonly timeoutMs: Milliseconds;
  readonly deadlineMs: Milliseconds;
  readonly fillLeaseMs: Milliseconds;
  readonly connectTimeoutMs: Milliseconds;
  readonly failFast: boolean;
  readonly clock: Clock;
}

/** Below this a bound cannot be kept: one garbage collection would break every lease. */
export const MINIMUM_BOUND_MS: Milliseconds = 50;

const LARGEST_NUMBER_OF_BUCKETS = 64;
const NAME = /^[A-Za-z0-9_.-]{1,128}$/;
/** Names are parts of paths: `/caches/..` would be another page. */
const STEP = /^\.{1,2}$/;
const CACHE_OPTION_NAMES = [
  'ttl',
  'localTtl',
  'nullTtl',
  'ttlJitter',
  'maximumSize',
  'tiers',
  'topic',
  'type',
  'copy',
  'allowNullValues',
  'whenDisconnected',
  'maximumValueSize',
];
const CACHING_OPTION_NAMES = [
  'enabled', 'redis', 'namespace', 'caches', 'defaults', 'dynamic', 'maximumDynamicCaches', 'buckets', 'instanceId', 'bound', 'timeout', 'deadline', 'fillLease', 'connectTimeout', 'failFast', 'clock',
]; // prettier-ignore

/**
 * Checks `options` as a whole and fills in the defaults.
 *
 * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID`, naming the option by its path, for the first thing that is wrong.
 */
export function resolveOptions(options: CachingOptions = {}): ResolvedCachingOptions {
  checkNames('options', options, CACHING_OPTION_NAMES);
  const { defaults = {}, caches = {} } = options;
  if (typeof caches !== 'object' || caches === null || Array.isArray(caches)) throw invalid('caches', 'an object of cache names', caches);
  const resolved = new Map<string, ResolvedCacheOptions>();
  const fallback = resolveCache('defaults', defaults, {});
  for (const [name, own] of Object.entries(caches)) {
    checkCacheName(name);
    resolved.set(name, resolveCache(`caches.${name}`, own, defaults));
  }
  const instanceId = checkName('instanceId', options.instanceId ?? randomId());
  const timeoutMs = parseDuration('timeout', options.timeout ?? DEFAULT_CACHING_OPTIONS.timeout, 1, MAXIMUM_WAIT_MS);
  const deadlineMs = parseDuration('deadline', options.deadline ?? DEFAULT_CACHING_OPTIONS.deadline, 1, MAXIMUM_WAIT_MS);
  if (deadlineMs < 2 * timeoutMs)
    throw invalid('deadline', `at least twice \`timeout\` (${timeoutMs} ms)`, options.deadline ?? DEFAULT_CACHING_OPTIONS.deadline);
  return Object.freeze({
    enabled: checkBoolean('enabled', options.enabled ?? DEFAULT_CACHING_OPTIONS.enabled),
    redis: options.redis,
    namespace: checkNamespace(options.namespace ?? DEFAULT_CACHING_OPTIONS.namespace),
    cacheNames: Object.freeze([...resolved.keys()]),
    cache: (name: string) => resolved.get(name) ?? fallback,
    dynamic: checkBoolean('dynamic', options.dynamic ?? DEFAULT_CACHING_OPTIONS.dynamic),
    maximumDynamicCaches: checkCount('maximumDynamicCaches', options.maximumDynamicCaches ?? DEFAULT_CACHING_OPTIONS.maximumDynamicCaches),
    buckets: checkCount('buckets', options.buckets ?? DEFAULT_CACHING_OPTIONS.buckets, LARGEST_NUMBER_OF_BUCKETS),
    instanceId,
    origin: originOf(instanceId),
    boundMs: parseDuration('bound', options.bound ?? DEFAULT_CACHING_OPTIONS.bound, MINIMUM_BOUND_MS, MAXIMUM_WAIT_MS),
    timeoutMs,
    deadlineMs,
    fillLeaseMs: parseDuration('fillLease', options.fillLease ?? DEFAULT_CACHING_OPTIONS.fillLease, 1),
    connectTimeoutMs: parseDuration('connectTimeout', options.connectTimeout ?? DEFAULT_CACHING_OPTIONS.connectTimeout, 1, MAXIMUM_WAIT_MS),
    failFast: checkBoolean('failFast', options.failFast ?? DEFAULT_CACHING_OPTIONS.failFast),
    clock: checkClock(options.clock ?? systemClock),
  });
}

/**
 * Refuses a cache name that could not be part of a Redis key or of a path, or that every object has a property of.
 *
 * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID`.
 */
export function checkCacheName(name: unknown): string {
  return checkName('cache name', name);
}

/** The same for a namespace. @throws {CacheConfigurationError} `CACHE_OPTION_INVALID`. */
export function checkNamespace(name: unknown): string {
  return checkName('namespace', name);
}

function resolveCache(path: string, own: CacheOptions, defaults: CacheOptions): ResolvedCacheOptions {
  checkNames(path, own, CACHE_OPTION_NAMES);
  const o: CacheOptions = { ...DEFAULT_CACHE_OPTIONS, ...withoutUndefined(defaults), ...withoutUndefined(own) };
  const ttl = o.ttl as Duration;
  return Object.freeze({
    ttlMs: parseDuration(`${path}.ttl`, ttl),
    localTtlMs: parseDuration(`${path}.localTtl`, o.localTtl),
    nullTtlMs: parseDuration(`${path}.nullTtl`, o.nullTtl ?? ttl),
    ttlJitter: checkFraction(`${path}.ttlJitter`, o.ttlJitter),
    maximumSize: checkCount(`${path}.maximumSize`, o.maximumSize, LARGEST_MAXIMUM_SIZE),
    tiers: checkOneOf(`${path}.tiers`, o.tiers, ['both', 'local', 'remote']),
    topic: o.topic === undefined ? undefined : checkTopic(`${path}.topic`, o.topic),
    type: checkClass(`${path}.type`, o.type),
    copy: checkOneOf(`${path}.copy`, o.copy, ['share', 'freeze', 'clone']),
    allowNullValues: checkBoolean(`${path}.allowNullValues`, o.allowNullValues),
    whenDisconnected: checkOneOf(`${path}.whenDisconnected`, o.whenDisconnected, ['bypass', 'serve']),
    maximumValueSize: checkCount(`${path}.maximumValueSize`, o.maximumValueSize),
  });
}

const withoutUndefined = (options: object): object =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

function checkNames(path: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) throw invalid(path, 'an object', options);
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    throw new CacheConfigurationError(
      'CACHE_OPTION_INVALID',
      `Unknown option \`${path === 'options' ? shown(name) : `${path}.${shown(name)}`}\`.`,
      {
        hint: `Known here: ${known.join(', ')}.`,
      },
    );
  }
}

function checkName(option: string, value: unknown): string {
  if (typeof value !== 'string' || !NAME.test(value))
    throw invalid(option, "1 to 128 of the characters A-Z, a-z, 0-9, '_', '.' and '-'", value);
  // `__proto__`, `constructor`, …: statistics and messages are objects by name.
  if (STEP.test(value) || value in Object.prototype)
    throw invalid(option, 'another name than that of a property of every object, or of a step in a path', value);
  return value;
}

function checkTopic(option: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw invalid(option, 'a non-empty string', value);
}

function checkBoolean(option: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw invalid(option, 'a boolean', value);
}

function checkCount(option: string, value: unknown, most = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= most) return value as number;
  throw invalid(option, `a whole number from 1 to ${most}`, value);
}

function checkFraction(option: string, value: unknown): number {
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  throw invalid(option, 'a number from 0 to 1', value);
}

function checkOneOf<T extends string>(option: string, value: unknown, allowed: readonly T[]): T {
  if (allowed.includes(value as T)) return value as T;
  throw invalid(option, `one of ${allowed.map((one) => `'${one}'`).join(', ')}`, value);
}

function checkClass(option: string, value: unknown): Class | undefined {
  if (value === undefined || typeof value === 'function') return value as Class | undefined;
  throw invalid(option, 'a class', value);
}

function checkClock(value: Clock): Clock {
  if (typeof value?.now === 'function') return value;
  throw invalid('clock', 'an object with a method `now`', value);
}

function invalid(option: string, expected: string, value: unknown): CacheConfigurationError {
  return new CacheConfigurationError(
    'CACHE_OPTION_INVALID',
    `Expected \`${option}\` to be ${expected}, got \`${shown(value)}\` (${typeof value}).`,
  );
}

const randomId = (): string => crypto.randomUUID().slice(0, 13);
