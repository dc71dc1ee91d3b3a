/** After this many removals the `Map` is replaced by a new, small one. */
const RENEWAL = 1_024;

/**
 * A map for entries that come and go by the thousand per second.
 *
 * V8 moves the table of a `Map` that has lived for a while to its old space. New tables of the same `Map` are
 * made there as well: one whenever it becomes empty, and one after half as many removals as it has room for.
 * A removal then takes 0.2 to 0.6 µs instead of 0.03, and the old tables stay until the next full garbage
 * collection.
 *
 * So this class replaces its `Map` by a new one: when it becomes empty, and from time to time.
 */
export class TransientMap<K, V> {
  #map = new Map<K, V>();
  #removals = 0;

  get size(): number {
    return this.#map.size;
  }

  get(key: K): V | undefined {
    return this.#map.get(key);
  }

  has(key: K): boolean {
    return this.#map.has(key);
  }

  set(key: K, value: V): void {
    this.#map.set(key, value);
  }

  /** Removes the entry of `key`, which must be present. */
  remove(key: K): void {
    if (this.#map.size === 1) return this.clear();
    this.#map.delete(key);
    this.#removals += 1;
    if (this.#removals % RENEWAL === 0) this.#map = new Map(this.#map);
  }

  clear(): void {
    if (this.#map.size > 0) this.#map = new Map();
  }
}
