import type { HealthStatus } from '../cache/index.js';
import type { Milliseconds } from '../time/index.js';
import { type Frame, parseFrame } from '../topic/index.js';

/** The state of one cache in one instance. */
export interface CacheStatus {
  readonly status: HealthStatus;
  /** Whether the local tier may be served. Otherwise reads bypass it. */
  readonly isServing: boolean;
  /**
   * What is left of the read lease. Absent where it does not end by itself (in shared
   * memory), or where there is none.
   */
  readonly leaseLeftMs?: Milliseconds | undefined;
  /**
   * No read of it was staler than this when the status was written; see `CoherenceProof.provenMs`. Absent
   * before the first proof, and from an older instance.
   */
  readonly provenMs?: Milliseconds | undefined;
  readonly tiers?: 'both' | 'local' | 'remote' | undefined;
  readonly topic?: string | undefined;
  readonly maximumSize?: number | undefined;
  /** Life of an entry; `0` = without end. */
  readonly ttlMs?: Milliseconds | undefined;
  /** Its entries can be evicted by tag. Absent if they cannot. */
  readonly tags?: true | undefined;
  /** The cache's counters, named as in `CacheStatistics`. Unknown ones are absent. */
  readonly statistics: Readonly<Record<string, number | string>>;
}

/** The state of one instance. */
export interface InstanceStatus {
  readonly id: string;
  readonly namespace: string;
  readonly host: string;
  readonly pid: number;
  /**
   * When the instance was made, and when this status was written: milliseconds since the epoch on
   * the instance's wall clock.
   */
  readonly startedAt: Milliseconds;
  readonly at: Milliseconds;
  /** D: the most a read may lag behind an eviction. */
  readonly boundMs: Milliseconds;
  readonly status: HealthStatus;
  readonly links: Readonly<Record<string, HealthStatus>>;
  readonly caches: Readonly<Record<string, CacheStatus>>;
  /** How many more caches it has that did not fit into the message. Absent if all are here. */
  readonly omittedCaches?: number | undefined;
}

/** Something that happened in one instance. */
export type FeedEntry = {
  /** Milliseconds since the epoch on the instance's wall clock. */
  readonly at: Milliseconds;
} & (
  | {
      /** An eviction (or a put) was applied to the local tier. */
      readonly kind: 'evicted';
      readonly cache: string;
      /** The first keys; long ones are shortened. */
      readonly keys: readonly string[];
      /** How many keys there are. */
      readonly count: number;
      readonly origin: string;
      readonly seq: number;
      /** How long after its execution on the server; absent if unknown. */
      readonly lagMs?: Milliseconds | undefined;
    }
  | {
      /** An eviction of tags was applied to the local tier. */
      readonly kind: 'tagsEvicted';
      readonly cache: string;
      /** The first tags; long ones are shortened. */
      readonly tags: readonly string[];
      /** How many tags there are. */
      readonly count: number;
      readonly origin: string;
      readonly seq: number;
      readonly lagMs?: Milliseconds | undefined;
    }
  | {
      readonly kind: 'cleared';
      readonly cache: string;
      readonly origin?: string | undefined;
      readonly seq?: number | undefined;
      readonly lagMs?: Milliseconds | undefined;
    }
  /** The local tier can no longer be served, or can be again. */
  | { readonly kind: 'bypass'; readonly cache: string; readonly active: boolean }
  /**
   * Messages were missed, from `expected` to the one before `received`; the local tier was emptied. If
   * `received` is not greater, the numbers fell back.
   */
  | { readonly kind: 'gap'; readonly cache: string; readonly expected: number; readonly received: number }
  /** A connection came or went. */
  | { readonly kind: 'link'; readonly link: string; readonly isUp: boolean }
);

/** A message on the fleet's topics. */
export type FleetMessage =
  /** A watcher asks. `isFirst`: it asks for the first time, so answer at once. */
  | { readonly kind: 'watch'; readonly from: string; readonly isFirst: boolean }
  | { readonly kind: 'status'; readonly from: string; readonly status: InstanceStatus }
  /** `lost`: how many entries were dropped because there were too many. */
  | { readonly kind: 'feed'; readonly from: string; readonly entries: readonly FeedEntry[]; readonly lost: number }
  /** The instance has ended. */
  | { readonly kind: 'gone'; readonly from: string };

/**
 * The topic on which the fleet of a namespace is asked, and the one on which it answers. There are two, so
 * that instances need not read each other's answers.
 */
export interface FleetTopics {
  readonly ask: string;
  readonly answer: string;
}

/**
 * @param database - of Redis. Pub/Sub knows no databases, so the number becomes part of
 *   the names unless it is 0.
 */
export function fleetTopics(namespace: string, database = 0): FleetTopics {
  const suffix = database === 0 ? '' : `@${database}`;
  return { ask: `${namespace}:fleet:ask${suffix}`, answer: `${namespace}:fleet:answer${suffix}` };
}

/** Version of the wire form. It is raised when an older reader would misread a newer message. */
const FLEET_MESSAGE_VERSION = 1;

/**
 * The most characters of a message. A longer one is refused unread; an instance leaves something out,
 * or sends several messages.
 */
export const MAXIMUM_FLEET_MESSAGE_LENGTH = 256 * 1024;

/** How much is told of the keys or tags of an eviction: enough for people. */
export const MAXIMUM_FEED_KEYS = 10;
export const MAXIMUM_FEED_KEY_LENGTH = 200;

const MAXIMUM_NAME_LENGTH = 256;
const MAXIMUM_ENTRIES = 1_000;
const MAXIMUM_CACHES = 1_000;
const MAXIMUM_FIGURES = 100;
const MAXIMUM_LINKS = 20;

/** The end of the year 9999. After it a `Date` has years of six digits for a while, and then it throws. */
const MAXIMUM_TIME: Milliseconds = Date.UTC(10_000, 0) - 1;

const FRAME: Frame = { head: `{"v":${FLEET_MESSAGE_VERSION},"kind":`, maximumLength: MAXIMUM_FLEET_MESSAGE_LENGTH };

/** The wire form: `{"v":1,"kind":"watch",…}`, with the fields in this order. */
export const formatFleetMessage = (message: FleetMessage): string =>
  JSON.stringify(Object.assign({ v: FLEET_MESSAGE_VERSION, kind: message.kind }, message));

/**
 * As much of `status` as fits into a message, with the number of caches left out. Mostly
 * this is `status` itself.
 */
export function fitting(status: InstanceStatus): InstanceStatus {
  const all = Object.entries(status.caches);
  if (all.length <= MAXIMUM_CACHES && lengthOf(status) <= MAXIMUM_FLEET_MESSAGE_LENGTH) return status;
  let left = MAXIMUM_FLEET_MESSAGE_LENGTH - lengthOf({ ...status, caches: {}, omittedCaches: all.length });
  const told: typeof all = [];
  for (const [name, cache] of all) {
    left -= JSON.stringify({ [name]: cache }).length;
    if (left < 0 || told.length === MAXIMUM_CACHES) break;
    told.push([name, cache]);
  }
  return { ...status, caches: record(told), omittedCaches: all.length - told.length };
}

const lengthOf = (status: InstanceStatus): number => formatFleetMessage({ kind: 'status', from: status.id, status }).length;

/**
 * The message in `body`, made only of fields that are known here: every number is in a sensible range, every
 * time is one for a `Date`, and texts and lists are bounded. Otherwise the reason why there is none, one of a
 * few. Never throws, because anybody may publish anything on a topic.
 */
export function parseFleetMessage(body: string): FleetMessage | { readonly malformed: string } {
  const frame = parseFrame(body, FRAME);
  if ('malformed' in frame) return frame;
  const m = frame.fields;
  if (m['v'] !== FLEET_MESSAGE_VERSION) return { malformed: 'unknown version' }; // The field may be there twice; the last one counts.
  const { kind, from } = m;
  if (!isName(from)) return { malformed: 'no sender' };
  switch (kind) {
    case 'watch':
      return { kind, from, isFirst: m['isFirst'] === true };
    case 'gone':
      return { kind, from };
    case 'status': {
      const status = readStatus(m['status']);
      return status === undefined || status.id !== from ? { malformed: 'no status' } : { kind, from, status };
    }
    case 'feed': {
      const { entries, lost } = m;
      if (!Array.isArray(entries) || entries.length > MAXIMUM_ENTRIES || !isCount(lost)) return { malformed: 'no entries' };
      return { kind, from, entries: entries.map(readEntry).filter((entry) => entry !== undefined), lost };
    }
    default:
      return { malformed: 'unknown kind' };
  }
}

function readStatus(value: unknown): InstanceStatus | undefined {
  if (!isRecord(value)) return undefined;
  const { id, namespace, host, pid, startedAt, at, boundMs, status, links, caches, omittedCaches } = value;
  if (!isName(id) || !isName(namespace) || !isName(host) || !isCount(pid)) return undefined;
  if (!isTime(startedAt) || !isTime(at) || !isAmount(boundMs) || !isHealth(status) || !isRecord(links) || !isRecord(caches))
    return undefined;
  if (Object.keys(caches).length > MAXIMUM_CACHES || Object.keys(links).length > MAXIMUM_LINKS) return undefined;
  return {
    id,
    namespace,
    host,
    pid,
    startedAt,
    at,
    boundMs,
    status,
    links: record(Object.entries(links).filter((entry): entry is [string, HealthStatus] => isName(entry[0]) && isHealth(entry[1]))),
    caches: record(
      Object.entries(caches)
        .map(([name, cache]) => [name, readCache(cache)] as const)
        .filter((entry): entry is [string, CacheStatus] => isName(entry[0]) && entry[1] !== undefined),
    ),
    ...(isCount(omittedCaches) ? { omittedCaches } : {}),
  };
}

function readCache(value: unknown): CacheStatus | undefined {
  if (!isRecord(value) || !isHealth(value['status']) || typeof value['isServing'] !== 'boolean' || !isRecord(value['statistics']))
    return undefined;
  const { status, isServing, leaseLeftMs, provenMs, tiers, topic, maximumSize, ttlMs, tags } = value;
  const figures = Object.entries(value['statistics']).filter(
    (figure): figure is [string, number | string] => isName(figure[0]) && (isAmount(figure[1]) || isName(figure[1])),
  );
  return {
    status,
    isServing,
    ...(isAmount(leaseLeftMs) ? { leaseLeftMs } : {}),
    ...(isAmount(provenMs) ? { provenMs } : {}),
    ...(tiers === 'both' || tiers === 'local' || tiers === 'remote' ? { tiers } : {}),
    ...(isName(topic) ? { topic } : {}),
    ...(isCount(maximumSize) ? { maximumSize } : {}),
    ...(isAmount(ttlMs) ? { ttlMs } : {}),
    ...(tags === true ? { tags } : {}),
    statistics: record(figures.slice(0, MAXIMUM_FIGURES)),
  };
}

function readEntry(value: unknown): FeedEntry | undefined {
  if (!isRecord(value) || !isTime(value['at'])) return undefined;
  const { at, kind, cache, origin, seq, lagMs, keys, tags, count, active, expected, received, link, isUp } = value;
  if (kind === 'link') return isName(link) && typeof isUp === 'boolean' ? { at, kind, link, isUp } : undefined;
  if (!isName(cache)) return undefined;
  const lag = isAmount(lagMs) ? { lagMs } : {};
  switch (kind) {
    case 'evicted':
      if (!isKeys(keys) || !isCount(count) || !isName(origin) || !isCount(seq)) return undefined;
      return { at, kind, cache, keys, count, origin, seq, ...lag };
    case 'tagsEvicted':
      if (!isKeys(tags) || !isCount(count) || !isName(origin) || !isCount(seq)) return undefined;
      return { at, kind, cache, tags, count, origin, seq, ...lag };
    case 'cleared':
      return { at, kind, cache, ...(isName(origin) ? { origin } : {}), ...(isCount(seq) ? { seq } : {}), ...lag };
    case 'bypass':
      return typeof active === 'boolean' ? { at, kind, cache, active } : undefined;
    case 'gap':
      return isCount(expected) && isCount(received) ? { at, kind, cache, expected, received } : undefined;
    default:
      return undefined; // Of a newer version. The other entries of its message are good.
  }
}

/** Without a prototype, because the names come from outside and `__proto__` is one. */
const record = <V>(entries: readonly (readonly [string, V])[]): Record<string, V> =>
  Object.assign(Object.create(null) as Record<string, V>, Object.fromEntries(entries));

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isName = (value: unknown): value is string => typeof value === 'string' && value.length >= 1 && value.length <= MAXIMUM_NAME_LENGTH;
/** A number of things, or a time. It is so small that a thousand of them can be added. */
const isAmount = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
const isTime = (value: unknown): value is number => isAmount(value) && value <= MAXIMUM_TIME;
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isHealth = (value: unknown): value is HealthStatus => value === 'up' || value === 'degraded' || value === 'down';
const isKeys = (value: unknown): value is string[] =>
  Array.isArray(value) &&
  value.length <= MAXIMUM_FEED_KEYS &&
  value.every((key) => typeof key === 'string' && key.length <= MAXIMUM_FEED_KEY_LENGTH);
