import { evictTagged, reasonOf, Unauthorized } from './api.js';
import { confirmed } from './confirm.js';
import { byId, make, offer, shownKey } from './dom.js';

/** The box for evictions by tag. It is there if a cache has tags and writing is allowed. */
export class TagEviction {
  readonly #cache = byId<HTMLSelectElement>('tag-cache');
  readonly #tag = byId<HTMLInputElement>('tag-text');
  readonly #evict = byId<HTMLButtonElement>('tag-evict');
  readonly #result = byId('tag-result');
  readonly #unauthorized: () => void;

  constructor(unauthorized: () => void) {
    this.#unauthorized = unauthorized;
    byId('tag-form').addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#confirm();
    });
  }

  /** Offers these caches, which have tags. */
  offer(caches: readonly string[], isWritable: boolean): void {
    byId('by-tag').hidden = !isWritable || caches.length === 0;
    offer(this.#cache, caches);
  }

  /** Takes over a tag that was chosen elsewhere. */
  pick(cache: string, tag: string): void {
    this.#cache.value = cache;
    this.#tag.value = tag === '' ? '~""' : tag; // As it can be typed: the field must not be empty.
    this.#result.replaceChildren();
    this.#tag.focus();
  }

  /** The connections work again: what has failed may be asked for again. */
  recovered(): void {
    if (this.#result.querySelector('.error') !== null) this.#result.replaceChildren();
  }

  async #confirm(): Promise<void> {
    const [cache, tag] = [this.#cache.value, this.#tag.value];
    const text = `Every entry that carries the tag ${tag} goes, in both tiers and every instance. What is read next is loaded again.`;
    if (!(await confirmed(`Evict by tag from ${cache}?`, text, 'Evict by tag'))) return;
    this.#evict.disabled = true;
    try {
      await evictTagged(cache, tag);
      this.#result.replaceChildren(make('p', 'Evicted by tag ', make('span.key', shownKey(tag)), ': no instance serves what carried it.'));
    } catch (error) {
      if (error instanceof Unauthorized) this.#unauthorized();
      else this.#result.replaceChildren(make('p.error', reasonOf(error)));
    }
    this.#evict.disabled = false;
  }
}
