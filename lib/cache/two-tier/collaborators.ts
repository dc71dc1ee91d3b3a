import { LocalTier } from '../local/local-tier.js';
import { ReadTickets } from '../local/read-tickets.js';
import { Loads } from './loads.js';
import { OwnWrites } from './own-writes.js';
import { PendingEvictions } from './pending-evictions.js';
import { Refreshes } from './refreshes.js';
import { RemoteReads } from './remote-reads.js';
import type { SharedLoad } from './shared-load.js';
import { StaleReads } from './stale-reads.js';

/**
 * The collaborators that a spec can replace. It then sees which guarantee is lost without a rule of the
 * original.
 */
export interface TwoTierCacheCollaborators {
  readonly LocalTier: typeof LocalTier;
  readonly ReadTickets: new () => ReadTickets<SharedLoad>;
  readonly PendingEvictions: typeof PendingEvictions;
  readonly OwnWrites: typeof OwnWrites;
  readonly RemoteReads: typeof RemoteReads;
  readonly Loads: typeof Loads;
  readonly StaleReads: typeof StaleReads;
  readonly Refreshes: typeof Refreshes;
}

/** The library's own. */
export const COLLABORATORS: TwoTierCacheCollaborators = {
  LocalTier,
  ReadTickets,
  PendingEvictions,
  OwnWrites,
  RemoteReads,
  Loads,
  StaleReads,
  Refreshes,
};
