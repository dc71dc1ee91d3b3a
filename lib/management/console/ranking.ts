import type { FeedEntry } from './api.js';
import { byId, keyed, make, setText, shownKey } from './dom.js';
import { plural } from './format.js';

interface Place {
  readonly id: string;
  readonly name: string;
  /** Of a key or a tag. */
  readonly cache?: string | undefined;
  readonly times: number;
  /** Of an instance: how many of them were tags. */
  readonly tags?: number | undefined;
}

const SHOWN = 5;

/** The most keys and instances that are counted. The one that was evicted longest ago is given up. */
const MAXIMUM_COUNTED = 1_000;

/**
 * Which keys and tags were evicted most, and by which instances, as far as the feed has told since the page
 * was opened. Only the page counts: to count reads as well would cost each hit.
 */
export class Ranking {
  readonly #keys = new Map<string, Place>();
  readonly #tags = new Map<string, Place>();
  readonly #instances = new Map<string, Place>();
  readonly #showKeys: (places: readonly Place[]) => void;
  readonly #showTags: (places: readonly Place[]) => void;
  readonly #showInstances: (places: readonly Place[]) => void;

  /** @param pick - called with a key that was chosen to be looked up. */
  constructor(pick: (cache: string, key: string) => void) {
    this.#showKeys = list('evicted-keys', ({ name, cache = '' }) => {
      const button = make('button.key', shownKey(name));
      button.type = 'button';
      button.title = `Look it up in ${cache}`;
      button.addEventListener('click', () => pick(cache, name));
      return button;
    });
    this.#showTags = list('evicted-tags', ({ name, cache = '' }) => {
      const tag = make('span.key', shownKey(name));
      tag.title = `Of ${cache}`;
      return tag;
    });
    this.#showInstances = list('evicting-instances', ({ name }) => make('span', name));
  }

  /** Counts an eviction, which must be told once, however many instances report it. */
  count({ kind, cache, keys = [], tags = [], count = 1, origin }: FeedEntry): void {
    if (kind !== 'evicted' && kind !== 'tagsEvicted' && kind !== 'cleared') return;
    for (const key of keys) add(this.#keys, { id: `${cache}/${key}`, name: key, cache, times: 1 });
    for (const tag of tags) add(this.#tags, { id: `${cache}/${tag}`, name: tag, cache, times: 1 });
    const times = kind === 'cleared' ? 1 : count;
    if (origin !== undefined) add(this.#instances, { id: origin, name: origin, times, tags: kind === 'tagsEvicted' ? times : 0 });
  }

  render(): void {
    byId('ranking').hidden = this.#keys.size + this.#tags.size + this.#instances.size === 0;
    byId('evicted-tags-title').hidden = this.#tags.size === 0;
    this.#showKeys(most(this.#keys));
    this.#showTags(most(this.#tags));
    this.#showInstances(most(this.#instances));
  }
}

function add(places: Map<string, Place>, place: Place): void {
  const before = places.get(place.id);
  places.delete(place.id);
  places.set(place.id, { ...place, times: (before?.times ?? 0) + place.times, tags: (before?.tags ?? 0) + (place.tags ?? 0) });
  if (places.size > MAXIMUM_COUNTED) places.delete(places.keys().next().value as string);
}

const most = (places: ReadonlyMap<string, Place>): readonly Place[] =>
  [...places.values()].sort((a, b) => b.times - a.times || a.id.localeCompare(b.id)).slice(0, SHOWN);

function list(id: string, name: (place: Place) => HTMLElement): (places: readonly Place[]) => void {
  return keyed<Place>(
    byId(id),
    (place) => place.id,
    (place) => {
      const times = make('span.hint');
      return {
        element: make('li', name(place), times),
        update: (now) => setText(times, now.cache === undefined ? evictedBy(now) : plural(now.times, 'time')),
      };
    },
  );
}

/** What an instance evicted: `3 keys`, `2 tags`, `3 keys, 2 tags`. */
function evictedBy({ times, tags = 0 }: Place): string {
  const keys = times - tags;
  return [...(keys > 0 ? [plural(keys, 'key')] : []), ...(tags > 0 ? [plural(tags, 'tag')] : [])].join(', ');
}
