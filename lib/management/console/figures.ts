import type { CacheStatus } from './api.js';
import type { Instance } from './fleet.js';

/** How old the newest proof of a cache is in one instance: no read there is staler. */
export interface Proof {
  readonly instance: string;
  /** `undefined`: it does not say. */
  readonly ageMs: number | undefined;
  readonly boundMs: number;
}

/** The counters of one cache in all instances together. */
export interface CacheFigures {
  readonly name: string;
  readonly about: CacheStatus;
  /** How many instances have it. */
  readonly instances: number;
  /** Whether its entries can be evicted by tag, through one of them at least. */
  readonly hasTags: boolean;
  /** The proof in each of them, by the name of the instance. */
  readonly proofs: readonly Proof[];
  /** Whether none of them has been heard of for 2 D. */
  readonly isGrey: boolean;
  readonly sum: (figure: string) => number;
  /** The largest value; `undefined` if none is known. */
  readonly most: (figure: string) => number | undefined;
}

/** A figure of a cache's statistics; `0` if unknown. */
export function figure({ statistics }: CacheStatus, name: string): number {
  const value = statistics[name];
  return typeof value === 'number' ? value : 0;
}

/** Every cache of the fleet, by name. */
export function cachesOf(instances: readonly Instance[]): readonly CacheFigures[] {
  const byName = new Map<string, { readonly cache: CacheStatus; readonly isGrey: boolean; readonly proof: Proof }[]>();
  for (const instance of instances) {
    const { status, isGrey } = instance;
    for (const [name, cache] of Object.entries(status.caches)) {
      const own = { cache, isGrey, proof: proofOf(cache, instance) };
      const others = byName.get(name);
      if (others === undefined) byName.set(name, [own]);
      else others.push(own);
    }
  }
  return [...byName]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, all]) => ({
      name,
      about: (all[0] as { readonly cache: CacheStatus }).cache,
      instances: all.length,
      hasTags: all.some(({ cache }) => cache.tags === true),
      proofs: all.map(({ proof }) => proof),
      isGrey: all.every(({ isGrey }) => isGrey),
      sum: (of) => all.reduce((sum, { cache }) => sum + figure(cache, of), 0),
      most: (of) => {
        const known = all.map(({ cache: { statistics } }) => statistics[of]).filter((value) => typeof value === 'number');
        return known.length === 0 ? undefined : Math.max(...known);
      },
    }));
}

/**
 * As reported: it is renewed four times within a bound, and reported once a second. That of a silent instance
 * grows, for nobody knows better.
 */
export function proofOf({ provenMs }: CacheStatus, { status, isSilent, agoMs }: Instance): Proof {
  const ageMs = provenMs === undefined ? undefined : provenMs + (isSilent ? agoMs : 0);
  return { instance: status.id, ageMs, boundMs: status.boundMs };
}

/** The oldest of them. `undefined`: none says how old it is. */
export const oldestOf = (proofs: readonly Proof[]): Proof | undefined =>
  proofs.reduce<Proof | undefined>((oldest, each) => ((each.ageMs ?? -1) > (oldest?.ageMs ?? -1) ? each : oldest), undefined);

/** The state of an instance, in a word. */
export type State = 'serving' | 'bypass' | 'unheard' | 'down';

/** What an instance does that is silent nobody knows. Its card tells whether its lease can still hold. */
export function stateOf({ status, isSilent }: Instance): State {
  if (status.status === 'down') return 'down';
  if (isSilent) return 'unheard';
  return Object.values(status.caches).every(({ isServing }) => isServing) ? 'serving' : 'bypass';
}
