/**
 * A record of `caches` by their names. It has no prototype, because a cache may have the name of something
 * that every object inherits.
 */
export function byName<C, T>(caches: ReadonlyMap<string, C>, of: (cache: C) => T): Record<string, T> {
  const record = Object.create(null) as Record<string, T>;
  for (const [name, cache] of caches) record[name] = of(cache);
  return record;
}
