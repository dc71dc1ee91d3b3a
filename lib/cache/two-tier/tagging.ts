import type { CacheEvents } from '../../event/index.js';
import type { LoadOptions } from '../cache.js';
import { encodeTags } from '../tag/encode-tags.js';
import { noTags } from '../no-tags.js';

/** Decides which tags the values of one cache carry. */
export class Tagging {
  readonly #cache: string;
  readonly #events: CacheEvents;
  /** Whether its entries carry tags. */
  readonly isOn: boolean;

  constructor(cache: string, isOn: boolean, events: CacheEvents) {
    this.#cache = cache;
    this.isOn = isOn;
    this.#events = events;
  }

  /**
   * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` if there are tags in a cache without them.
   */
  check(tags: unknown): void {
    if (!this.isOn && tags !== undefined) throw noTags(this.#cache);
  }

  /** The tags of a value, in their encoded form. @throws {CacheError} for what cannot be tags. */
  of(tags: unknown): readonly string[] {
    this.check(tags);
    return tags === undefined ? [] : encodeTags(tags);
  }

  /**
   * Like {@link of}, for a loaded value. `undefined`: the value is not stored. What cannot be tags becomes an
   * `error` event and does not throw, because the load has succeeded.
   */
  ofLoaded<V>(value: V, tags: LoadOptions<V>['tags']): readonly string[] | undefined {
    try {
      this.check(tags);
      return typeof tags === 'function' ? encodeTags(tags(value)) : this.of(tags);
    } catch (error) {
      this.#events.emit('error', { where: `\`tags\` of a load into cache '${this.#cache}'`, error, cache: this.#cache });
      return undefined;
    }
  }
}
