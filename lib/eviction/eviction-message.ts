import { parseFrame } from '../topic/index.js';
import { isGeneration } from './generation.js';
import { isOrigin } from './origin.js';

/** What an eviction tells the other instances: which keys, never which values. */
export interface EvictionMessage {
  /** The namespace the cache belongs to; instances of another namespace ignore the message. */
  readonly ns: string;
  /** The name of the cache. */
  readonly cache: string;
  /** The number of this message among all of its cache: a listener that misses one notices. */
  readonly seq: number;
  /** The generation of the cache's remote keys when it was published (for a clear: the new one). */
  readonly gen: string;
  /** `put` and `evict` name their keys; `clear` means all and names none. */
  readonly op: 'evict' | 'put' | 'clear';
  readonly keys: readonly string[];
  /** The instance that published it: its name, and what tells it from others of that name (see {@link originOf}). */
  readonly origin: string;
  /** When the server executed it, in microseconds of the server's clock; `undefined` from a sender that does not say. */
  readonly at?: number;
  /** Whether the origin waits until it is acknowledged, in its inbox. */
  readonly ack?: boolean;
}

/** Version of the wire form; raised when an older reader would misread a newer message. */
export const MESSAGE_VERSION = 1;

/** The most characters of a message that are looked at; more is refused unread. */
export const MAXIMUM_MESSAGE_LENGTH = 256 * 1024;

/** Writes the messages of one cache of one instance. */
export type MessageWriter = (op: EvictionMessage['op'], keys: readonly string[], ack?: boolean) => MessageHalves;

/** The wire form in two halves, for a script to write number, generation and time between them. */
export interface MessageHalves {
  readonly head: string;
  readonly tail: string;
}

/** `{"v":1,"cache":"book","seq":` 42,"gen":"…","at":… `,"op":"evict","keys":["Dune"],…}` */
export function messageWriter({ cache, origin, ns }: Pick<EvictionMessage, 'cache' | 'origin' | 'ns'>): MessageWriter {
  const head = `{"v":${MESSAGE_VERSION},"cache":${JSON.stringify(cache)},"seq":`;
  const sender = `,"origin":${JSON.stringify(origin)},"ns":${JSON.stringify(ns)}`;
  return (op, keys, ack) => ({
    head,
    tail: `,"op":"${op}","keys":${JSON.stringify(keys)}${sender}${ack === true ? ',"ack":true' : ''}}`,
  });
}

/** The whole wire form: what the script writes, for transports inside the process. */
export function formatMessage(message: EvictionMessage): string {
  const { head, tail } = messageWriter(message)(message.op, message.keys, message.ack);
  const at = message.at === undefined ? '' : `,"at":${message.at}`;
  return `${head}${message.seq},"gen":"${message.gen}"${at}${tail}`;
}

/** The message in `body`, or a reason why there is none. Never throws: anybody may publish anything on a topic. */
export function parseMessage(body: string): EvictionMessage | { readonly malformed: string } {
  const frame = parseFrame(body, { head: '{"v":', maximumLength: MAXIMUM_MESSAGE_LENGTH });
  if ('malformed' in frame) return frame;
  const m = frame.fields as Partial<EvictionMessage> & { v?: unknown };
  if (m.v !== MESSAGE_VERSION) return { malformed: 'unknown version' };
  if (typeof m.cache !== 'string' || typeof m.ns !== 'string') return { malformed: 'no cache or namespace' };
  if (!isOrigin(m.origin)) return { malformed: 'no origin' };
  if (!Number.isSafeInteger(m.seq) || (m.seq as number) < 1) return { malformed: 'no sequence number' };
  if (!isGeneration(m.gen)) return { malformed: 'no generation' };
  if (m.op !== 'evict' && m.op !== 'put' && m.op !== 'clear') return { malformed: 'unknown operation' };
  if (!Array.isArray(m.keys) || !m.keys.every((key) => typeof key === 'string')) return { malformed: 'no keys' };
  if (m.at !== undefined && !(Number.isSafeInteger(m.at) && m.at >= 0)) return { malformed: 'no time' };
  if (m.ack !== undefined && typeof m.ack !== 'boolean') return { malformed: 'no word on acknowledgement' };
  // A field of its own for each: what else there is has nothing to say here.
  return {
    ns: m.ns,
    cache: m.cache,
    seq: m.seq as number,
    gen: m.gen,
    op: m.op,
    keys: m.keys,
    origin: m.origin,
    ...(m.at === undefined ? {} : { at: m.at }),
    ...(m.ack === undefined ? {} : { ack: m.ack }),
  };
}
