import { parseFrame } from '../topic/index.js';
import type { CacheState } from './heartbeat.js';
import { isOrigin } from './origin.js';

/** An instance has applied an eviction. */
export interface Acknowledgement {
  readonly cache: string;
  readonly seq: number;
  readonly from: string;
}

/** A heartbeat of this instance has come back. */
export interface Echo {
  readonly beat: number;
  readonly states: readonly CacheState[];
}

/** What an echo begins with; the heartbeat script writes the states behind it. */
export const echoHead = (beat: number): string => `{"v":1,"beat":${beat},"states":[`;

/** The wire form of an acknowledgement. */
export const formatAcknowledgement = ({ cache, seq, from }: Acknowledgement): string => JSON.stringify({ v: 1, acked: [cache, seq], from });

/** More than the state of one cache takes in an echo. */
const LONGEST_STATE = 64;
/** The most characters of a private message that are looked at, where few caches are followed. */
const MAXIMUM_INBOX_LENGTH = 256 * 1024;

/**
 * What arrived on an instance's private channel, or why it means nothing. Never throws.
 *
 * @param caches - how many caches the instance has, hence how long an echo may be. Default: few.
 */
export function parseInbox(body: string, caches = 0): Acknowledgement | Echo | { readonly malformed: string } {
  const frame = parseFrame(body, { head: '{"v":', maximumLength: Math.max(MAXIMUM_INBOX_LENGTH, LONGEST_STATE * caches) });
  if ('malformed' in frame) return frame;
  const m = frame.fields as { v?: unknown; beat?: unknown; states?: unknown; acked?: unknown; from?: unknown };
  if (m.v !== 1) return { malformed: 'unknown version' };
  if (Number.isSafeInteger(m.beat) && Array.isArray(m.states) && m.states.every(isState)) {
    return { beat: m.beat as number, states: m.states.map(([seq, gen]: [string, string]) => ({ seq: Number(seq), gen })) };
  }
  if (Array.isArray(m.acked) && typeof m.acked[0] === 'string' && Number.isSafeInteger(m.acked[1]) && isOrigin(m.from)) {
    return { cache: m.acked[0], seq: m.acked[1] as number, from: m.from };
  }
  return { malformed: 'neither an echo nor an acknowledgement' };
}

const isState = (state: unknown): boolean =>
  Array.isArray(state) && state.length === 2 && state.every((part) => typeof part === 'string' && /^\d{1,16}$/.test(part));
