import { evict, inspect, type KeyInspection, reasonOf, type TierInspection, Unauthorized } from './api.js';
import { byId, make, printable } from './dom.js';
import { duration } from './format.js';

/** The box in which one key is looked up. */
export class KeyLookUp {
  readonly #cache = byId<HTMLSelectElement>('look-cache');
  readonly #key = byId<HTMLInputElement>('look-key');
  readonly #evict = byId<HTMLButtonElement>('look-evict');
  readonly #result = byId('look-result');
  readonly #unauthorized: () => void;
  /** Counts the questions, so that only the answer to the last one is shown. */
  #question = 0;

  constructor(unauthorized: () => void) {
    this.#unauthorized = unauthorized;
    byId('look').addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#look();
    });
    this.#evict.addEventListener('click', () => void this.#doEvict());
  }

  /** Offers these caches, and the button for evicting if `isWritable`. */
  offer(caches: readonly string[], isWritable: boolean): void {
    this.#evict.hidden = !isWritable;
    const present = [...this.#cache.options].map(({ value }) => value);
    if (present.length === caches.length && present.every((name, i) => name === caches[i])) return;
    const chosen = this.#cache.value;
    this.#cache.replaceChildren(...caches.map((name) => new Option(printable(name), name)));
    if (caches.includes(chosen)) this.#cache.value = chosen;
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
    await this.#ask(async (cache, key) => show(await inspect(cache, key)));
  }

  async #doEvict(): Promise<void> {
    this.#evict.disabled = true;
    await this.#ask(async (cache, key) => {
      await evict(cache, key);
      return [make('p', 'Evicted: no instance serves it any more.'), ...show(await inspect(cache, key))];
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
}

function show({ key, instance, local, remote, isServing, isDoubtful, isWithheld }: KeyInspection): readonly HTMLElement[] {
  const row = (title: string, tier: TierInspection, name: string): HTMLElement => {
    const value = make('dd', tell(tier));
    value.dataset['tier'] = name;
    return make('div', make('dt', title), value);
  };
  return [
    make('p', make('span.key', key === '' ? '(empty)' : key)),
    make('dl.pairs', row(`L1 of ${instance}`, local, 'local'), row('L2, Redis', remote, 'remote')),
    ...(isServing ? [] : [make('p.hint', 'This instance is in bypass: it does not serve its L1 now.')]),
    ...(isDoubtful ? [make('p.hint', 'An eviction of it waits for an acknowledgement: neither tier is asked.')] : []),
    ...(isWithheld ? [make('p.hint', 'A write of it is under way, or its writer has died: nothing is stored under it.')] : []),
  ];
}

function tell({ state, leftMs }: TierInspection): string {
  if (state === 'held') return leftMs === undefined ? 'held' : `held, ${duration(leftMs)} left`;
  return { absent: 'not held', unknown: 'cannot be asked now', unused: 'not used' }[state];
}
