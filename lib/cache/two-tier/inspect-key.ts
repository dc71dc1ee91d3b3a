import type { Clock, Milliseconds } from '../../time/index.js';
import type { KeyInspection, TierInspection } from '../key-inspection.js';
import type { LocalTier } from '../local/local-tier.js';
import type { RemoteTier } from '../remote/remote-cache.js';
import { UNREADABLE } from '../value/codec.js';
import type { PendingEvictions } from './pending-evictions.js';

/** What {@link inspectKey} needs. */
export interface InspectedTiers {
  readonly local: Pick<LocalTier, 'leftMs' | 'isServing'>;
  readonly remote: Pick<RemoteTier, 'getAllCurrent' | 'isWithheld'>;
  readonly pending: Pick<PendingEvictions, 'isDoubtful'>;
  readonly clock: Clock;
  readonly tiers: 'both' | 'local' | 'remote';
  /** Whether the cache was stopped. If so, Redis is not asked. */
  readonly isStopped: boolean;
}

/** Where an encoded key is held. Changes nothing in either tier. Never rejects. */
export async function inspectKey(key: string, inspected: InspectedTiers): Promise<KeyInspection> {
  const { local, pending, clock, tiers } = inspected;
  const [remote, isWithheld] = await Promise.all([inspectRemote(key, inspected), isWithheldIn(key, inspected)]);
  return {
    key,
    local: tiers === 'remote' ? { state: 'unused' } : tierOf(local.leftMs(key)),
    remote,
    isServing: local.isServing(clock.now()),
    isDoubtful: pending.isDoubtful(key),
    isWithheld,
  };
}

async function isWithheldIn(key: string, { remote, tiers, isStopped }: InspectedTiers): Promise<boolean> {
  if (tiers === 'local' || isStopped) return false;
  return remote.isWithheld(key).catch(() => false);
}

async function inspectRemote(key: string, { remote, clock, tiers, isStopped }: InspectedTiers): Promise<TierInspection> {
  if (tiers === 'local') return { state: 'unused' };
  if (isStopped) return { state: 'unknown' };
  try {
    const [entry] = await remote.getAllCurrent([key]);
    if (entry === undefined) return { state: 'absent' };
    if (entry === UNREADABLE || entry.endsAt === undefined) return { state: 'held' };
    return tierOf(Math.max(0, entry.endsAt - clock.now()));
  } catch {
    return { state: 'unknown' };
  }
}

function tierOf(leftMs: Milliseconds | undefined): TierInspection {
  if (leftMs === undefined) return { state: 'absent' };
  return leftMs === Infinity ? { state: 'held' } : { state: 'held', leftMs };
}
