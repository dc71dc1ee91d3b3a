import type { Tagged } from '../tag/tagged.js';

/**
 * Which entries of the local tier carry which tags. It is touched when an entry comes or goes, never by a
 * read.
 */
export class TagIndex {
  readonly #tagged = new Map<string, Tagged>();
  /** Tag → the only key that carries it, or a set of them. Most tags are on few entries. */
  readonly #keys = new Map<string, string | Set<string>>();

  /** What the entry carries; `undefined`: nothing. */
  of(key: string): Tagged | undefined {
    return this.#tagged.get(key);
  }

  /** The keys of the entries that carry one of these tags, each once. */
  keysOf(tags: readonly string[]): readonly string[] {
    const groups = tags.flatMap((tag) => {
      const keys = this.#keys.get(tag);
      return keys === undefined ? [] : [typeof keys === 'string' ? [keys] : [...keys]];
    });
    return groups.length === 1 ? (groups[0] as string[]) : [...new Set(groups.flat())];
  }

  /** An entry has come, or has another value now. */
  set(key: string, tagged: Tagged | undefined): void {
    this.delete(key);
    if (tagged === undefined || tagged.tags.length === 0) return;
    this.#tagged.set(key, tagged);
    for (const tag of tagged.tags) this.#add(tag, key);
  }

  /** The entry is gone. */
  delete(key: string): void {
    const tagged = this.#tagged.get(key);
    if (tagged === undefined) return;
    this.#tagged.delete(key);
    for (const tag of tagged.tags) this.#remove(tag, key);
  }

  /** All are gone. */
  clear(): void {
    this.#tagged.clear();
    this.#keys.clear();
  }

  #add(tag: string, key: string): void {
    const keys = this.#keys.get(tag);
    if (keys === undefined) this.#keys.set(tag, key);
    else if (typeof keys === 'string') this.#keys.set(tag, new Set([keys, key]));
    else keys.add(key);
  }

  #remove(tag: string, key: string): void {
    const keys = this.#keys.get(tag);
    if (typeof keys === 'object') keys.delete(key);
    if (keys === key || (typeof keys === 'object' && keys.size === 0)) this.#keys.delete(tag);
  }
}
