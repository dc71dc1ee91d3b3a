import { evict, inspect, type KeyInspection, reasonOf, type TierInspection, Unauthorized } from './api.js';
import { byId, make, offer, shownKey } from './dom.js';
import { duration } from './format.js';

/** The box in which one key is looked up. */
export class KeyLookUp {
  readonly #cache = byId<HTMLSelectElement>('look-cache');
  readonly #key = byId<HTMLInputElement>('look-key');
  readonly #evict = byId<HTMLButtonElement>('look-evict');
  readonly #result = byId('look-result');
  readonly #unauthorized: () => void;
  readonly #pickTag: (cache: string, tag: string) => void;
  #isWritable = false;
  /** Counts the questions, so that only the answer to the last one is shown. */
  #question = 0;

  /** @param pickTag - called with a tag that was chosen to be evicted. */
  constructor(unauthorized: () => void, pickTag: (cache: string, tag: string) => void) {
    this.#unauthorized = unauthorized;
    this.#pickTag = pickTag;
    byId('look').addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#look();
    });
    this.#evict.addEventListener('click', () => void this.#doEvict());
  }

  /** Offers these caches, and the button for evicting if `isWritable`. */
  offer(caches: readonly string[], isWritable: boolean): void {
    this.#isWritable = isWritable;
    this.#evict.hidden = !isWritable;
    offer(this.#cache, caches);
  }

  /** Looks up a key that was chosen elsewhere. */
  pick(cache: string, key: string): void {
    this.#cache.value = cache;
    this.#key.value = key;
    this.#key.focus();
    void this.#look();
  }

  /** The connections work again: what has failed may be asked for again. */
  recovered(): void {
    if (this.#result.querySelector('.error') !== null) this.#result.replaceChildren();
  }

  async #look(): Promise<void> {
    await this.#ask(async (cache, key) => this.#show(await inspect(cache, key)));
  }

  async #doEvict(): Promise<void> {
    this.#evict.disabled = true;
    await this.#ask(async (cache, key) => {
      await evict(cache, key);
      return [make('p', 'Evicted: no instance serves it any more.'), ...this.#show(await inspect(cache, key))];
    });
    this.#evict.disabled = false;
  }

  async #ask(question: (cache: string, key: string) => Promise<readonly HTMLElement[]>): Promise<void> {
    const number = (this.#question += 1);
    let answer: readonly HTMLElement[];
    try {
      answer = await question(this.#cache.value, this.#key.value);
    } catch (error) {
      if (error instanceof Unauthorized) return this.#unauthorized();
      answer = [make('p.error', reasonOf(error))];
    }
    if (number === this.#question) this.#result.replaceChildren(...answer);
  }

  #show({ cache, key, instance, local, remote, tags, isServing, isDoubtful, isWithheld }: KeyInspection): readonly HTMLElement[] {
    const row = (title: string, tier: TierInspection, name: string): HTMLElement => {
      const value = make('dd', tell(tier));
      value.dataset['tier'] = name;
      return make('div', make('dt', title), value);
    };
    const carried = tags && [make('div', make('dt', 'Tags'), make('dd.tags', ...this.#tagsOf(cache, tags)))];
    return [
      make('p', make('span.key', shownKey(key))),
      make('dl.pairs', row(`L1 of ${instance}`, local, 'local'), row('L2, Redis', remote, 'remote'), ...(carried ?? [])),
      ...(isServing ? [] : [make('p.hint', 'This instance is in bypass: it does not serve its L1 now.')]),
      ...(isDoubtful ? [make('p.hint', 'An eviction of it waits for an acknowledgement: neither tier is asked.')] : []),
      ...(isWithheld ? [make('p.hint', 'A write of it is under way, or its writer has died: nothing is stored under it.')] : []),
    ];
  }

  /** Each tag, as a button where it can be evicted by. */
  #tagsOf(cache: string, tags: readonly string[]): readonly (HTMLElement | string)[] {
    if (tags.length === 0) return ['none'];
    if (!this.#isWritable) return tags.map((tag) => make('span.key', shownKey(tag)));
    return tags.map((tag) => {
      const button = make('button.key', shownKey(tag));
      button.type = 'button';
      button.title = 'Evict by this tag';
      button.addEventListener('click', () => this.#pickTag(cache, tag));
      return button;
    });
  }
}

function tell({ state, leftMs }: TierInspection): string {
  if (state === 'held') return leftMs === undefined ? 'held' : `held, ${duration(leftMs)} left`;
  if (state === 'stale') return leftMs === undefined ? 'stale' : `stale, kept for ${duration(leftMs)} more`;
  return { absent: 'not held', unknown: 'cannot be asked now', unused: 'not used' }[state];
}
