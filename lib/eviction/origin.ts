import { randomBytes } from 'node:crypto';

const ORIGIN = /^([A-Za-z0-9_.-]{1,128})~[0-9a-f]{12}$/;

/**
 * What an instance signs its messages with, and what its inbox and fill leases are named after: its name, and something that no other
 * instance has. Users choose names, and may choose one twice; two instances must never take each other's evictions for their own.
 */
export const originOf = (instanceId: string): string => `${instanceId}~${randomBytes(6).toString('hex')}`;

/** Whether `value` may stand where an {@link originOf origin} is expected. Channels are named after it, so nothing else may. */
export const isOrigin = (value: unknown): value is string => typeof value === 'string' && ORIGIN.test(value);

/** The name that users gave to the instance. */
export const nameOfOrigin = (origin: string): string => ORIGIN.exec(origin)?.[1] ?? origin;
