import type { CacheState } from './heartbeat.js';

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

/** The wire form of an acknowledgement. The one of an echo is written by the heartbeat script. */
export const formatAcknowledgement = ({ cache, seq, from }: Acknowledgement): string => JSON.stringify({ v: 1, acked: [cache, seq], from });

/** What arrived on an instance's private channel, or why it means nothing. Never throws. */
export function parseInbox(body: string): Acknowledgement | Echo | { readonly malformed: string } {
  let m: { v?: unknown; beat?: unknown; states?: unknown; acked?: unknown; from?: unknown };
  try {
    m = JSON.parse(body) as typeof m;
  } catch {
    return { malformed: 'not JSON' };
  }
  if (typeof m !== 'object' || m === null || m.v !== 1) return { malformed: 'unknown version' };
  if (Number.isSafeInteger(m.beat) && Array.isArray(m.states) && m.states.every(isState)) {
    return { beat: m.beat as number, states: m.states.map(([seq, gen]: [string, string]) => ({ seq: Number(seq), gen })) };
  }
  if (Array.isArray(m.acked) && typeof m.acked[0] === 'string' && Number.isSafeInteger(m.acked[1]) && typeof m.from === 'string') {
    return { cache: m.acked[0], seq: m.acked[1] as number, from: m.from };
  }
  return { malformed: 'neither an echo nor an acknowledgement' };
}

const isState = (state: unknown): boolean =>
  Array.isArray(state) && state.length === 2 && state.every((part) => typeof part === 'string' && /^\d{1,20}$/.test(part));
