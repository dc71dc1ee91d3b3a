import type { Clock, Milliseconds } from '../../time/index.js';
import type { KeyInspection, TierInspection } from '../key-inspection.js';
import type { LocalTier } from '../local/local-tier.js';
import type { RemoteTier } from '../remote/remote-cache.js';
import { OTHER_VERSION, OVERTAKEN, type RemoteEntry } from '../remote/entry-codec.js';
import { UNREADABLE } from '../value/codec.js';
import type { PendingEvictions } from './pending-evictions.js';

/** What {@link inspectKey} needs. */
export interface InspectedTiers {
  readonly local: Pick<LocalTier, 'leftMs' | 'staleLeftMs' | 'isServing' | 'tagsOf'>;
  readonly remote: Pick<RemoteTier, 'getAllCurrent' | 'isWithheld'>;
  readonly pending: Pick<PendingEvictions, 'isDoubtful' | 'hasDoubtful'>;
  readonly clock: Clock;
  readonly tiers: 'both' | 'local' | 'remote';
  /** Whether the cache was stopped. If so, Redis is not asked. */
  readonly isStopped: boolean;
}

/** Where an encoded key is held. Changes nothing in either tier. Never rejects. */
export async function inspectKey(key: string, inspected: InspectedTiers): Promise<KeyInspection> {
  const { local, pending, clock, tiers } = inspected;
  const [{ remote, entry }, isWithheld] = await Promise.all([inspectRemote(key, inspected), isWithheldIn(key, inspected)]);
  const tags = local.tagsOf(key) ?? entry?.tagged?.tags;
  return {
    key,
    local: tiers === 'remote' ? { state: 'unused' } : inspectLocal(key, local),
    remote,
    ...(tags === undefined ? {} : { tags }),
    isServing: local.isServing(clock.now()),
    isDoubtful: pending.isDoubtful(key) || (tags !== undefined && pending.hasDoubtful(tags)),
    isWithheld,
  };
}

function inspectLocal(key: string, local: InspectedTiers['local']): TierInspection {
  const staleLeftMs = local.staleLeftMs(key);
  return staleLeftMs === undefined ? tierOf(local.leftMs(key)) : { state: 'stale', leftMs: staleLeftMs };
}

async function isWithheldIn(key: string, { remote, tiers, isStopped }: InspectedTiers): Promise<boolean> {
  if (tiers === 'local' || isStopped) return false;
  return remote.isWithheld(key).catch(() => false);
}

async function inspectRemote(
  key: string,
  { remote, clock, tiers, isStopped }: InspectedTiers,
): Promise<{ readonly remote: TierInspection; readonly entry?: RemoteEntry | undefined }> {
  if (tiers === 'local') return { remote: { state: 'unused' } };
  if (isStopped) return { remote: { state: 'unknown' } };
  try {
    const [entry] = await remote.getAllCurrent([key]);
    if (entry === undefined || entry === OVERTAKEN) return { remote: { state: 'absent' } };
    if (entry === UNREADABLE || entry === OTHER_VERSION) return { remote: { state: 'held' } };
    const { endsAt, staleMs = 0 } = entry;
    if (endsAt === undefined) return { remote: { state: 'held' }, entry };
    const leftMs = endsAt - clock.now();
    if (staleMs > 0 && leftMs <= 0) return { remote: { state: 'stale', leftMs: Math.max(0, leftMs + staleMs) }, entry };
    return { remote: tierOf(Math.max(0, leftMs)), entry };
  } catch {
    return { remote: { state: 'unknown' } };
  }
}

function tierOf(leftMs: Milliseconds | undefined): TierInspection {
  if (leftMs === undefined) return { state: 'absent' };
  return leftMs === Infinity ? { state: 'held' } : { state: 'held', leftMs };
}
