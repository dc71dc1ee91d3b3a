/** The caches that decorators of this process name. Their number does not grow while the program runs. */
const named = new Set<string>();

/** Remembers that a decorator names these caches. */
export function nameCaches(names: readonly string[]): void {
  for (const name of names) named.add(name);
}

/** Whether a decorator names this cache. */
export const isNamedByDecorator = (cache: string): boolean => named.has(cache);
