import { parseFrame } from '../topic/index.js';
import { type CacheState, isGeneration, LONGEST_STATE, parseStates } from './cache-state.js';
import { isOrigin } from './origin.js';
import { EDITION } from './remote-keys.js';

// The wire form of everything that instances send each other about evictions. One kind travels on the topics
// of caches: the EvictionMessage. Two kinds travel on the private channel (the inbox) of an instance: the
// Echo of its own heartbeat, and the Acknowledgement of one of its evictions. The names of topics and inboxes
// are in `remote-keys.ts`.

/** What an eviction tells the other instances: which keys, never which values. */
export interface EvictionMessage {
  /** The namespace the cache belongs to. Instances of another namespace ignore the message. */
  readonly ns: string;
  /** The name of the cache. */
  readonly cache: string;
  /**
   * The number of this message among all messages of its cache. A listener that misses one notices it by the
   * number.
   */
  readonly seq: number;
  /** The generation of the cache's remote keys when it was published (for a clear: the new one). */
  readonly gen: string;
  /** `put` and `evict` name keys, `evictTagged` names tags; `clear` means everything and names nothing. */
  readonly op: 'evict' | 'put' | 'clear' | 'evictTagged';
  readonly keys: readonly string[];
  /** Only of `evictTagged`. */
  readonly tags?: readonly string[] | undefined;
  /** The {@link originOf origin} of the instance that published it. */
  readonly origin: string;
  /**
   * When the server executed it, in microseconds of the server's clock. `undefined`: the sender does not say.
   */
  readonly at?: number | undefined;
  /** Whether the sender waits until each instance has acknowledged it, in the sender's inbox. */
  readonly ack?: boolean | undefined;
}

/** An instance has applied an eviction. Travels to the inbox of the instance that evicted. */
export interface Acknowledgement {
  readonly cache: string;
  readonly seq: number;
  readonly from: string;
}

/** A heartbeat of this instance has come back, in its own inbox. */
export interface Echo {
  readonly beat: number;
  readonly states: readonly CacheState[];
}

/** Says why a text is no message. */
export interface Malformed {
  readonly malformed: string;
}

/** What every message begins with. */
const HEAD = '{"v":';

/** The most characters of a message that are looked at. A longer one is refused unread. */
export const MAXIMUM_MESSAGE_LENGTH = 256 * 1024;

/** Writes the eviction messages of one cache of one instance. */
export type MessageWriter = (op: EvictionMessage['op'], keys: readonly string[], ack?: boolean, tags?: readonly string[]) => MessageHalves;

/** An eviction message in two halves. A script writes number, generation and time between them. */
export interface MessageHalves {
  readonly head: string;
  readonly tail: string;
}

/** `{"v":2,"cache":"book","seq":` 42,"gen":"…","at":… `,"op":"evict","keys":["Dune"],…}` */
export function messageWriter({ cache, origin, ns }: Pick<EvictionMessage, 'cache' | 'origin' | 'ns'>): MessageWriter {
  const head = `{"v":${EDITION},"cache":${JSON.stringify(cache)},"seq":`;
  const sender = `,"origin":${JSON.stringify(origin)},"ns":${JSON.stringify(ns)}`;
  return (op, keys, ack, tags) => {
    const what = `,"keys":${JSON.stringify(keys)}${tags === undefined ? '' : `,"tags":${JSON.stringify(tags)}`}`;
    return { head, tail: `,"op":"${op}"${what}${sender}${ack === true ? ',"ack":true' : ''}}` };
  };
}

/** A whole eviction message, as the script writes it: for transports inside the process. */
export function formatMessage(message: EvictionMessage): string {
  const { head, tail } = messageWriter(message)(message.op, message.keys, message.ack, message.tags);
  const at = message.at === undefined ? '' : `,"at":${message.at}`;
  return `${head}${message.seq},"gen":"${message.gen}"${at}${tail}`;
}

/**
 * The eviction message in `body`, or a reason why there is none. Never throws: anybody may publish anything
 * on a topic.
 */
export function parseMessage(body: string): EvictionMessage | Malformed {
  const frame = parseFrame(body, { head: HEAD, maximumLength: MAXIMUM_MESSAGE_LENGTH });
  if ('malformed' in frame) return frame;
  const m = frame.fields as Partial<EvictionMessage> & { v?: unknown };
  if (m.v !== EDITION) return { malformed: 'unknown version' };
  if (typeof m.cache !== 'string' || typeof m.ns !== 'string') return { malformed: 'no cache or namespace' };
  if (!isOrigin(m.origin)) return { malformed: 'no origin' };
  if (!Number.isSafeInteger(m.seq) || (m.seq as number) < 1) return { malformed: 'no sequence number' };
  if (!isGeneration(m.gen)) return { malformed: 'no generation' };
  if (!OPERATIONS.includes(m.op)) return { malformed: 'unknown operation' };
  if (!areTexts(m.keys)) return { malformed: 'no keys' };
  if ((m.op === 'evictTagged') !== (m.tags !== undefined) || (m.tags !== undefined && !areTexts(m.tags))) return { malformed: 'no tags' };
  if (m.at !== undefined && !(Number.isSafeInteger(m.at) && m.at >= 0)) return { malformed: 'no time' };
  if (m.ack !== undefined && typeof m.ack !== 'boolean') return { malformed: 'no word on acknowledgement' };
  // Copied field by field, so that unknown fields do not come along.
  return {
    ns: m.ns,
    cache: m.cache,
    seq: m.seq as number,
    gen: m.gen,
    op: m.op as EvictionMessage['op'],
    keys: m.keys,
    ...(m.tags === undefined ? {} : { tags: m.tags }),
    origin: m.origin,
    ...(m.at === undefined ? {} : { at: m.at }),
    ...(m.ack === undefined ? {} : { ack: m.ack }),
  };
}

const OPERATIONS: readonly unknown[] = ['evict', 'put', 'clear', 'evictTagged'] satisfies EvictionMessage['op'][];

const areTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every((text) => typeof text === 'string');

/** What an echo begins with. The heartbeat script writes the states behind it, between commas, and `"}`. */
export const echoHead = (beat: number): string => `{"v":${EDITION},"beat":${beat},"states":"`;

/** A whole acknowledgement. */
export const formatAcknowledgement = ({ cache, seq, from }: Acknowledgement): string =>
  JSON.stringify({ v: EDITION, acked: [cache, seq], from });

/**
 * The private message in `body`, or a reason why there is none. Never throws.
 *
 * @param caches - how many caches the instance has, hence how long an echo may be. Default: few.
 */
export function parseInbox(body: string, caches = 0): Acknowledgement | Echo | Malformed {
  const frame = parseFrame(body, { head: HEAD, maximumLength: MAXIMUM_MESSAGE_LENGTH + (LONGEST_STATE + 1) * caches });
  if ('malformed' in frame) return frame;
  const m = frame.fields as { v?: unknown; beat?: unknown; states?: unknown; acked?: unknown; from?: unknown };
  if (m.v !== EDITION) return { malformed: 'unknown version' };
  if (Number.isSafeInteger(m.beat) && typeof m.states === 'string') {
    const states = parseStates(m.states);
    return states === undefined ? { malformed: 'no state' } : { beat: m.beat as number, states };
  }
  if (Array.isArray(m.acked) && typeof m.acked[0] === 'string' && Number.isSafeInteger(m.acked[1]) && isOrigin(m.from)) {
    return { cache: m.acked[0], seq: m.acked[1] as number, from: m.from };
  }
  return { malformed: 'neither an echo nor an acknowledgement' };
}
