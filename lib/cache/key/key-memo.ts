import type { CacheKey } from './cache-key.js';

/** The most keys a {@link KeyMemo} remembers. */
export const MAXIMUM_REMEMBERED = 4_096;

/** The longest array it remembers. */
const MAXIMUM_LENGTH = 4;

/** A map per element, and the encoded key at the end of the way. */
type Node = Map<unknown, Node | string>;

/**
 * The encoded forms of keys that are numbers, or short arrays of strings, numbers and booleans: what most methods with several arguments
 * have. Writing such a key out costs more than everything else of a hit together; two look-ups find what was written before.
 *
 * Bounded: when it is full it forgets everything, and learns again what is still in use.
 */
export class KeyMemo {
  /** By length; the first is for numbers by themselves. */
  readonly #roots: Node[] = Array.from({ length: MAXIMUM_LENGTH + 1 }, (): Node => new Map());
  #count = 0;

  /** The encoded form of `key`, if it is remembered. */
  get(key: CacheKey): string | undefined {
    if (!Array.isArray(key)) return isSimple(key) ? ((this.#roots[0] as Node).get(key) as string | undefined) : undefined;
    if (key.length > MAXIMUM_LENGTH || key.length === 0) return undefined;
    let node: Node | string | undefined = this.#roots[key.length];
    for (let i = 0; i < key.length; i += 1) {
      const part: unknown = key[i];
      if (node === undefined || !isSimple(part)) return undefined;
      node = (node as Node).get(part);
    }
    return node as string | undefined;
  }

  /** Remembers `encoded`, if `key` is of a kind it knows. */
  set(key: CacheKey, encoded: string): void {
    const parts: readonly unknown[] = Array.isArray(key) ? key : [key];
    if (parts.length > MAXIMUM_LENGTH || parts.length === 0 || !parts.every(isSimple)) return;
    if (this.#count === MAXIMUM_REMEMBERED && this.get(key) === undefined) this.#forget();
    let node = this.#roots[Array.isArray(key) ? parts.length : 0] as Node;
    for (const part of parts.slice(0, -1)) {
      let next = node.get(part) as Node | undefined;
      if (next === undefined) node.set(part, (next = new Map()));
      node = next;
    }
    const last = parts[parts.length - 1];
    if (!node.has(last)) this.#count += 1;
    node.set(last, encoded);
  }

  #forget(): void {
    for (const root of this.#roots) root.clear();
    this.#count = 0;
  }
}

/** Whether a `Map` tells it from all others as the encoding does: `0` and `-0` are one to a `Map`, and two keys. */
function isSimple(part: unknown): boolean {
  return typeof part === 'string' || (typeof part === 'number' && !Object.is(part, -0)) || typeof part === 'boolean';
}
