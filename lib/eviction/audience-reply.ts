import type { Milliseconds } from '../time/index.js';
import type { Audience } from './acknowledgements.js';
import { partsOfMember } from './origin.js';

/** Who must have heard of an eviction, as the scripts answer it. `null`: that was not asked for. */
export type AudienceReply = [now: string, born: string, longestBound: string, members: string[]] | null;

/** The reply, understood. */
export function audienceOf(reply: AudienceReply): Audience {
  if (reply === null) return { ageMs: Infinity, longestBoundMs: undefined, members: new Map() };
  const [now, born, longest, listed] = reply;
  const members = new Map<string, Milliseconds | undefined>();
  for (const member of listed) {
    const { origin, boundMs } = partsOfMember(member);
    members.set(origin, boundMs);
  }
  return {
    ageMs: born === '' ? undefined : Number(now) - Number(born),
    longestBoundMs: longest === '' ? undefined : Number(longest),
    members,
  };
}
