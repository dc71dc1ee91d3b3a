/** A record of `caches` by their names. Without a prototype: a name may be that of something every object inherits. */
export function byName<C, T>(caches: ReadonlyMap<string, C>, of: (cache: C) => T): Record<string, T> {
  const record = Object.create(null) as Record<string, T>;
  for (const [name, cache] of caches) record[name] = of(cache);
  return record;
}
