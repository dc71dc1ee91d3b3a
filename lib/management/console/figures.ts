import type { CacheStatus } from './api.js';
import type { Instance } from './fleet.js';

/** The counters of one cache in all instances together. */
export interface CacheFigures {
  readonly name: string;
  readonly about: CacheStatus;
  /** How many instances have it. */
  readonly instances: number;
  /** Whether its entries can be evicted by tag, through one of them at least. */
  readonly hasTags: boolean;
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
  const byName = new Map<string, { readonly cache: CacheStatus; readonly isGrey: boolean }[]>();
  for (const { status, isGrey } of instances) {
    for (const [name, cache] of Object.entries(status.caches)) {
      const others = byName.get(name);
      if (others === undefined) byName.set(name, [{ cache, isGrey }]);
      else others.push({ cache, isGrey });
    }
  }
  return [...byName]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, all]) => ({
      name,
      about: (all[0] as { readonly cache: CacheStatus }).cache,
      instances: all.length,
      hasTags: all.some(({ cache }) => cache.tags === true),
      isGrey: all.every(({ isGrey }) => isGrey),
      sum: (of) => all.reduce((sum, { cache }) => sum + figure(cache, of), 0),
      most: (of) => {
        const known = all.map(({ cache: { statistics } }) => statistics[of]).filter((value) => typeof value === 'number');
        return known.length === 0 ? undefined : Math.max(...known);
      },
    }));
}

/** The state of an instance, in a word. */
export type State = 'serving' | 'bypass' | 'unheard' | 'down';

/** What an instance does that is silent nobody knows. Its card tells whether its lease can still hold. */
export function stateOf({ status, isSilent }: Instance): State {
  if (status.status === 'down') return 'down';
  if (isSilent) return 'unheard';
  return Object.values(status.caches).every(({ isServing }) => isServing) ? 'serving' : 'bypass';
}
