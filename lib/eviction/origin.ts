import { randomBytes } from 'node:crypto';
import type { Milliseconds } from '../time/index.js';

const ORIGIN = /^([A-Za-z0-9_.-]{1,128})~[0-9a-f]{12}$/;

/**
 * What an instance signs its messages with, and what its inbox and fill leases are named after: its name, and
 * something that no other instance has. Users choose names, and may choose one twice. Two instances must
 * never take each other's evictions for their own.
 */
export const originOf = (instanceId: string): string => `${instanceId}~${randomBytes(6).toString('hex')}`;

/**
 * Whether `value` has the form of an {@link originOf origin}. Channels are named after origins, so nothing
 * else may be taken for one.
 */
export const isOrigin = (value: unknown): value is string => typeof value === 'string' && ORIGIN.test(value);

/** The name of the instance, as its user chose it. */
export const nameOfOrigin = (origin: string): string => ORIGIN.exec(origin)?.[1] ?? origin;

const MEMBER = /^(.+):(\d{1,8})$/;

/**
 * The name of an instance in the list of the living, and as the holder of fill leases: its origin, and its
 * bound.
 */
export const memberOf = (origin: string, boundMs: Milliseconds): string => `${origin}:${Math.ceil(boundMs)}`;

/** The reverse of {@link memberOf}. A member that another program put there may have no bound. */
export function partsOfMember(member: string): { readonly origin: string; readonly boundMs: Milliseconds | undefined } {
  const [, origin = member, boundMs] = MEMBER.exec(member) ?? [];
  return { origin, boundMs: boundMs === undefined ? undefined : Number(boundMs) };
}
