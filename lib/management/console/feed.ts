import type { FeedEntry } from './api.js';
import { attempt, byId, keyed, make, type Row, setText, shownKey } from './dom.js';
import type { Instance } from './fleet.js';
import { count, isTime, milliseconds, plural, timeOfDay } from './format.js';

/** One eviction, or another event, with what each instance reported about it. */
interface Event {
  readonly id: string;
  readonly first: FeedEntry;
  readonly instance: string;
  /** By the clock of the page. */
  readonly heardAt: number;
  readonly applied: Map<string, number | undefined>;
}

/** What the page knows besides the event. */
interface Surroundings {
  readonly instances: readonly Instance[];
  /**
   * When an instance last emptied its local tier of a cache because it may have missed
   * something, by instance and cache.
   */
  readonly repairs: ReadonlyMap<string, number>;
}

/** How many events are remembered, and how many of them are shown. */
const MAXIMUM_EVENTS = 500;
const MAXIMUM_SHOWN = 60;

/**
 * The most instances that are remembered of an event, and of repairs: anybody can claim to be an instance.
 */
const MAXIMUM_REMEMBERED = 1_000;

/** How long after an eviction the page still waits for an instance that was silent. */
const AWAITED_FOR_MS = 120_000;

/** The kinds of events by which the feed is filtered. */
const KINDS: Readonly<Record<FeedEntry['kind'], string>> = {
  evicted: 'evictions',
  tagsEvicted: 'evictions',
  cleared: 'evictions',
  bypass: 'bypass',
  gap: 'gaps',
  link: 'links',
};

/** The kinds that every instance reports, and that make one event. */
const isEviction = ({ kind }: FeedEntry): boolean => KINDS[kind] === 'evictions';

/** The live feed. */
export class Feed {
  readonly #events = new Map<string, Event>();
  readonly #show: (events: readonly Event[]) => void;
  readonly #began: (event: FeedEntry) => void;
  readonly #repairs = new Map<string, number>();
  readonly #text = byId<HTMLInputElement>('feed-text');
  readonly #kind = byId<HTMLSelectElement>('feed-kind');
  #instances: readonly Instance[] = [];
  /** What was there when the reader paused. */
  #paused: readonly Event[] | undefined;
  #others = 0;

  /**
   * @param pick - called with a key that was chosen to be looked up.
   * @param began - called with each event once.
   */
  constructor(pick: (cache: string, key: string) => void, began: (event: FeedEntry) => void) {
    this.#began = began;
    this.#show = keyed<Event>(
      byId('feed'),
      ({ id }) => id,
      (event) => row(event, pick, () => ({ instances: this.#instances, repairs: this.#repairs })),
    );
    const pause = byId('pause');
    pause.addEventListener('click', () => {
      this.#paused = this.#paused === undefined ? this.#newestFirst() : undefined;
      pause.setAttribute('aria-pressed', String(this.#paused !== undefined));
      pause.textContent = this.#paused === undefined ? 'Pause' : 'Go on';
      this.render();
    });
    for (const field of [this.#text, this.#kind]) field.addEventListener('input', () => this.render());
  }

  /** Takes the reports of `instance`. All instances report an eviction, which makes one event. */
  add(instance: string, entries: readonly FeedEntry[]): void {
    for (const entry of entries) attempt(() => this.#add(instance, entry));
    this.render();
  }

  #add(instance: string, entry: FeedEntry): void {
    if (entry.kind === 'gap' || (entry.kind === 'bypass' && entry.active === false))
      remember(this.#repairs, `${instance}/${entry.cache}`, entry.at);
    const isShared = isEviction(entry) && entry.seq !== undefined;
    const id = isShared ? `${entry.cache}#${entry.seq}#${entry.origin}` : `${instance}#${(this.#others += 1)}`;
    let event = this.#events.get(id);
    if (event === undefined) {
      event = { id, first: entry, instance, heardAt: performance.now(), applied: new Map() };
      remember(this.#events, id, event, MAXIMUM_EVENTS);
      attempt(() => this.#began(entry));
    }
    if (isShared) remember(event.applied, instance, entry.lagMs);
  }

  /** The present instances, which every eviction should reach. */
  fleet(instances: readonly Instance[]): void {
    this.#instances = instances;
    this.render();
  }

  render(): void {
    const all = this.#paused ?? this.#newestFirst();
    const wanted = all.filter((event) => attempt(() => this.#wants(event)) === true);
    const empty = byId('feed-empty');
    empty.hidden = wanted.length > 0;
    setText(empty, all.length === 0 ? 'Nothing has been evicted since this page was opened.' : 'No event is like that.');
    setText(byId('feed-count'), this.#isFiltered ? `${count(wanted.length)} of ${plural(all.length, 'event')}` : '');
    this.#show(wanted.slice(0, MAXIMUM_SHOWN));
  }

  #newestFirst(): readonly Event[] {
    return [...this.#events.values()].reverse();
  }

  get #isFiltered(): boolean {
    return this.#text.value.trim() !== '' || this.#kind.value !== '';
  }

  /** Whether the event has the wanted kind, and the wanted text in its cache, a key, a tag or an instance. */
  #wants({ first, instance }: Event): boolean {
    if (this.#kind.value !== '' && KINDS[first.kind] !== this.#kind.value) return false;
    const text = this.#text.value.trim().toLowerCase();
    if (text === '') return true;
    const { cache = '', keys = [], tags = [], origin = instance } = first; // An eviction that all report is of its origin.
    return [cache, origin, ...keys, ...tags].some((each) => each.toLowerCase().includes(text));
  }
}

/** Drops the oldest if there are too many. */
function remember<V>(map: Map<string, V>, key: string, value: V, most = MAXIMUM_REMEMBERED): void {
  map.set(key, value);
  if (map.size > most) map.delete(map.keys().next().value as string);
}

function row(event: Event, pick: (cache: string, key: string) => void, around: () => Surroundings): Row<Event> {
  const { first } = event;
  const time = make('time', timeOfDay(first.at));
  if (isTime(first.at)) time.dateTime = new Date(first.at).toISOString();
  const what = make('div.what', time, ...describe(event, pick));
  const applied = make('ul.applied');
  const element = make('li.entry', what);
  element.dataset['kind'] = first.kind;
  element.dataset['good'] = String(first.active === false || first.isUp === true);
  if (isEviction(first)) element.append(applied);
  const show = keyed<readonly [string, string, string]>(
    applied,
    ([instance]) => instance,
    () => {
      const item = make('li');
      return {
        element: item,
        update: ([, state, text]) => {
          item.dataset['state'] = state;
          setText(item, text);
        },
      };
    },
  );
  return { element, update: () => show(reached(event, around())) };
}

/** Every instance of the fleet, and whether the event has reached it. */
function reached({ first, heardAt, applied }: Event, { instances, repairs }: Surroundings): readonly (readonly [string, string, string])[] {
  const { at, cache = '' } = first;
  const told = [...applied].map(
    ([id, lagMs]) => [id, 'applied', lagMs === undefined ? `${id} ✓` : `${id} ${milliseconds(lagMs)}`] as const,
  );
  if (performance.now() - heardAt > AWAITED_FOR_MS) return told;
  const others = instances
    .filter(({ status }) => !applied.has(status.id) && status.startedAt < at && cache in status.caches)
    .map(({ status: { id }, isSilent }) => {
      // It was away. On its return it emptied its local tier, which covers everything it missed.
      if ((repairs.get(`${id}/${cache}`) ?? 0) > at) return [id, 'repaired', `${id} emptied its L1`] as const;
      return isSilent ? ([id, 'unheard', `${id} not heard`] as const) : ([id, 'awaited', `${id} …`] as const);
    });
  return [...told, ...others].sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
}

function describe({ first, instance }: Event, pick: (cache: string, key: string) => void): readonly (Node | string)[] {
  const { kind, cache = '', keys = [], tags = [], count: all = keys.length + tags.length, origin } = first;
  const from = origin === undefined ? [] : [make('span.from', `by ${origin}`)];
  const untold = all - keys.length - tags.length;
  const more = untold > 0 ? [make('span.from', `and ${count(untold)} more`)] : [];
  switch (kind) {
    case 'evicted':
      return [make('strong', cache), ...keys.map((key) => keyButton(cache, key, pick)), ...more, ...from];
    case 'tagsEvicted':
      return [
        make('strong', cache),
        all === 1 ? 'by tag' : 'by tags',
        ...tags.map((tag) => make('span.key', shownKey(tag))),
        ...more,
        ...from,
      ];
    case 'cleared':
      return [make('strong', cache), 'cleared', ...from];
    case 'bypass':
      return [
        make('strong', instance),
        first.active === true ? `bypasses the local tier of ${cache}` : `serves the local tier of ${cache} again`,
      ];
    case 'gap':
      return [make('strong', instance), `${missedOf(cache, Number(first.expected), Number(first.received))} and emptied its local tier`];
    case 'link':
      return [make('strong', instance), `${first.isUp === true ? 'has' : 'lost'} its ${first.link} link`];
    default:
      return [make('strong', instance), String(kind)];
  }
}

function missedOf(cache: string, expected: number, received: number): string {
  const last = received - 1;
  if (last === expected) return `missed a message of ${cache} (${expected})`;
  return last > expected
    ? `missed messages of ${cache} (${expected} to ${last})`
    : `was told number ${received} of ${cache} where ${expected} was due,`;
}

function keyButton(cache: string, key: string, pick: (cache: string, key: string) => void): HTMLElement {
  const button = make('button.key', shownKey(key));
  button.type = 'button';
  button.title = 'Look it up';
  button.addEventListener('click', () => pick(cache, key));
  return button;
}
