import type { CacheStatus, InstanceView } from './api.js';

/** The counters of one cache in all instances together. */
export interface CacheFigures {
  readonly name: string;
  readonly about: CacheStatus;
  /** How many instances have it. */
  readonly instances: number;
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
export function cachesOf(instances: readonly InstanceView[]): readonly CacheFigures[] {
  const byName = new Map<string, CacheStatus[]>();
  for (const { status } of instances) {
    for (const [name, cache] of Object.entries(status.caches)) {
      const others = byName.get(name);
      if (others === undefined) byName.set(name, [cache]);
      else others.push(cache);
    }
  }
  return [...byName]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, all]) => ({
      name,
      about: all[0] as CacheStatus,
      instances: all.length,
      sum: (of) => all.reduce((sum, cache) => sum + figure(cache, of), 0),
      most: (of) => {
        const known = all.map(({ statistics }) => statistics[of]).filter((value) => typeof value === 'number');
        return known.length === 0 ? undefined : Math.max(...known);
      },
    }));
}

/** The state of an instance, in a word. */
export type State = 'serving' | 'bypass' | 'lost' | 'down';

/**
 * A silent instance cannot be serving for longer than the lease it reported last. That follows from the
 * protocol, without asking it. A lease that does not end by itself proves nothing
 * (`whenDisconnected: 'serve'`).
 */
export function stateOf({ status, agoMs, isSilent }: InstanceView): State {
  const caches = Object.values(status.caches);
  if (status.status === 'down') return 'down';
  if (!isSilent) return caches.every(({ isServing }) => isServing) ? 'serving' : 'bypass';
  return caches.every(({ isServing, leaseLeftMs }) => !isServing || (leaseLeftMs !== undefined && leaseLeftMs < agoMs)) ? 'bypass' : 'lost';
}
