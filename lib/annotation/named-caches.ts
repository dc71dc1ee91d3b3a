/** The caches that decorators of this process name: as many as the program has written down, however long it runs. */
const named = new Set<string>();

/** A decorator names these caches. */
export function nameCaches(names: readonly string[]): void {
  for (const name of names) named.add(name);
}

/** Whether a decorator names this cache. */
export const isNamedByDecorator = (cache: string): boolean => named.has(cache);
