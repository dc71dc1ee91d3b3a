import { randomBytes } from 'node:crypto';
import type { PlanName } from './plan.js';

/** What the gateway knows of an API key. It is what the cache holds: neither the key nor its hash is in it. */
export interface ApiKey {
  /** May be shown: the beginning of the key. */
  readonly id: string;
  readonly owner: string;
  readonly plan: PlanName;
  /** Whether it may create and revoke. */
  readonly isAdmin: boolean;
}

/** A new key. Its text is shown to its owner once and stored nowhere. */
export function generateKey(): { readonly id: string; readonly text: string } {
  const id = `gw_${randomBytes(6).toString('hex')}`;
  return { id, text: `${id}_${randomBytes(32).toString('base64url')}` };
}

/** Whether a text could be a key at all: what could not be costs neither a look into the cache nor one into the database. */
export const isKeyShaped = (text: string): boolean => /^gw_[0-9a-f]{12}_[\w-]{43}$/.test(text);
