import type { PlanName } from './plan.js';

/** Who a request comes from, once the credential is accepted. */
export interface Consumer {
  readonly kind: 'key' | 'token';
  /** Of the key, or the subject of the token. */
  readonly id: string;
  readonly owner: string;
  readonly plan: PlanName;
  readonly isAdmin: boolean;
  /** The {@link revocation} that ends this. */
  readonly revokedBy: string;
}

/** Names the eviction that every gateway hears when a credential is revoked: of this key, from this cache. */
export const revocation = (cache: string, key: string): string => `${cache}:${key}`;

/** For logs. */
export const describeConsumer = ({ kind, id, owner }: Consumer): string => (kind === 'key' ? `key ${id} (${owner})` : `token of ${owner}`);
