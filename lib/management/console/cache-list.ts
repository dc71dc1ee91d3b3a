import { byId, keyed, make, printable, type Row, setText } from './dom.js';
import type { CacheFigures } from './figures.js';
import { bytes, count, duration, milliseconds, percent, plural } from './format.js';
import { proofList } from './proof-list.js';

const SVG = 'http://www.w3.org/2000/svg';
const TIERS = ['local', 'remote', 'loader'] as const;

/** The columns of the table. */
const COLUMNS = { reads: 'Reads', share: 'Share', entries: 'Entries', dropped: 'Dropped', failed: 'Failed' } as const;

/** The figures below it. */
const MORE = [
  ...(['loads', 'stale', 'refreshes', 'fills', 'evictions', 'clears', 'messagesApplied', 'bypassed'] as const),
  ...(['memory', 'tags', 'withheld', 'pendingEvictions'] as const),
] as const;

/** The counters of what L1 has dropped. */
const REMOVALS = ['expirations', 'sizeRemovals', 'remoteRemovals', 'explicitRemovals', 'coherenceRemovals'];

/**
 * The cards of the caches. `clear` is called to clear one; the button is hidden where that is not allowed.
 */
export function cacheList(clear: (cache: string) => void): (caches: readonly CacheFigures[], isWritable: boolean) => void {
  let writable = false;
  const showAll = keyed<CacheFigures>(
    byId('cache-list'),
    ({ name }) => name,
    ({ name }) => card(name, clear, () => writable),
  );
  return (caches, isWritable) => {
    writable = isWritable;
    showAll(caches);
  };
}

/** The elements of a cache's card that change. */
interface CardElements {
  readonly element: HTMLElement;
  readonly about: HTMLElement;
  readonly bar: Bar;
  readonly cells: ReadonlyMap<string, HTMLElement>;
}

function card(name: string, clear: (cache: string) => void, isWritable: () => boolean): Row<CacheFigures> {
  const about = make('p');
  const button = make('button.danger', 'Clear');
  button.type = 'button';
  button.setAttribute('aria-label', `Clear cache ${printable(name)}`);
  button.addEventListener('click', () => clear(name));
  const bar = makeBar();
  const cells = new Map<string, HTMLElement>();
  const more = make('p.hint.more', ...MORE.map((figure) => place(cells, make('span'), figure)));
  const proofs = proofList();
  const element = make(
    'li.card.cache',
    make('header', make('h3', name), about, button),
    make('div.bar', bar.element),
    makeTable(cells),
    proofs.element,
    more,
  );
  element.dataset['cache'] = name;
  const update = (figures: CacheFigures): void => {
    button.hidden = !isWritable();
    proofs.update(figures.proofs);
    show(figures, { element, about, bar, cells });
  };
  return { element, update };
}

/** Has `element` show a figure. */
function place<E extends HTMLElement>(cells: Map<string, HTMLElement>, element: E, figure: string): E {
  element.dataset['figure'] = figure;
  cells.set(figure, element);
  return element;
}

/** The shares of the reads that each tier answered, as one bar of three parts. */
interface Bar {
  readonly element: SVGElement;
  readonly shares: readonly SVGElement[];
}

function makeBar(): Bar {
  const element = document.createElementNS(SVG, 'svg');
  element.setAttribute('viewBox', '0 0 100 1');
  element.setAttribute('preserveAspectRatio', 'none');
  element.setAttribute('role', 'img');
  const shares = TIERS.map((tier) => {
    const share = document.createElementNS(SVG, 'rect');
    share.setAttribute('class', tier);
    share.setAttribute('height', '1');
    element.append(share);
    return share;
  });
  return { element, shares };
}

/**
 * The table of the tiers. A column means the same in each row; where a tier has no such figure, there is a
 * dash. Each cell is put into `cells` under its figure.
 */
function makeTable(cells: Map<string, HTMLElement>): HTMLElement {
  const rowOf = (tier: (typeof TIERS)[number], title: string, word = ''): HTMLElement =>
    make(
      'tr',
      heading(make('th', make(`i.${tier}`), title, make('span.word', word)), 'row'),
      ...Object.keys(COLUMNS).map((column) => place(cells, make('td'), `${tier}-${column}`)),
    );
  return make(
    'table.tiers',
    make(
      'thead',
      make('tr', heading(make('th', 'Tier'), 'col'), ...Object.values(COLUMNS).map((title) => heading(make('th', title), 'col'))),
    ),
    make('tbody', rowOf('local', 'L1', ' local'), rowOf('remote', 'L2', ' remote'), rowOf('loader', 'Method')),
  );
}

function show(figures: CacheFigures, { element, about, bar, cells }: CardElements): void {
  const { about: cache, sum, instances, isGrey } = figures;
  element.dataset['grey'] = String(isGrey);
  const lives = cache.ttlMs === undefined ? [] : [cache.ttlMs === 0 ? 'without end' : `lives ${life(cache.ttlMs)}`];
  setText(about, [...(cache.topic === undefined ? [] : [cache.topic]), ...lives, plural(instances, 'instance')].join(' · '));
  const answered = [sum('localHits'), sum('remoteHits'), sum('misses')] as const;
  const reads = answered[0] + answered[1] + answered[2];
  const [local, remote, missed] = answered.map((part) => percent(part, reads));
  showBar(bar, answered, reads);
  bar.element.setAttribute('aria-label', `Of ${plural(reads, 'read')} L1 answered ${local}, L2 ${remote}, the method ${missed}`);
  const texts: Readonly<Record<string, string>> = { ...tiersOf(figures, reads), ...more(figures) };
  for (const [name, made] of cells) setText(made, texts[name] ?? '–');
}

/** The figures of the table. What a tier does not have, or nobody counts, is left out. */
function tiersOf({ about: { tiers }, sum }: CacheFigures, reads: number): Readonly<Record<string, string>> {
  const answers = (tier: string, figure: string): object => ({
    [`${tier}-reads`]: count(sum(figure)),
    [`${tier}-share`]: percent(sum(figure), reads),
  });
  const removals = REMOVALS.reduce((all, of) => all + sum(of), 0);
  return {
    ...(tiers === 'remote'
      ? {}
      : { ...answers('local', 'localHits'), 'local-entries': count(sum('localSize')), 'local-dropped': count(removals) }),
    ...(tiers === 'local' ? {} : { ...answers('remote', 'remoteHits'), 'remote-failed': count(sum('remoteFailures')) }),
    ...answers('loader', 'misses'),
    'loader-failed': count(sum('loadFailures')),
  };
}

function showBar({ shares }: Bar, answered: readonly number[], reads: number): void {
  let x = 0;
  shares.forEach((share, i) => {
    const width = reads === 0 ? 0 : (100 * (answered[i] as number)) / reads;
    share.setAttribute('x', String(x));
    share.setAttribute('width', String(width));
    x += width;
  });
}

/** The figures below the table. */
function more({ about: { tiers }, sum, most, hasTags }: CacheFigures): Readonly<Record<(typeof MORE)[number], string>> {
  const loads = sum('loads');
  const refreshes = sum('refreshes');
  const lag = most('p99LagMs');
  const pending = sum('pendingEvictions');
  const withheld = sum('withheld');
  const held = sum('withheldKeys');
  return {
    loads: `${plural(loads, 'load')}${loads === 0 ? '' : `, ${milliseconds(sum('loadTimeMs') / loads)} each`}`,
    stale: staleness(sum('servedStale'), sum('loadTimeouts')),
    refreshes: refreshes === 0 ? '' : `${count(refreshes)} in the background, ${count(sum('refreshFailures'))} failed`,
    fills: `${plural(sum('fills'), 'fill')}, ${count(sum('refusedFills'))} refused`,
    evictions: `${plural(sum('evictions'), 'key')} evicted`,
    clears: plural(sum('clears'), 'clear'),
    messagesApplied: `${plural(sum('messagesApplied'), 'message')} applied${lag === undefined ? '' : `, 99 of 100 within ${milliseconds(lag)}`}`,
    bypassed: `${plural(sum('bypassed'), 'read')} in bypass`,
    memory: tiers === 'remote' || most('localBytes') === undefined ? '' : `${bytes(sum('localBytes'))} in L1`,
    tags: hasTags ? `${plural(sum('tagEvictions'), 'tag')} evicted, ${plural(sum('overtaken'), 'read')} overtaken` : '',
    withheld: withheld + held === 0 ? '' : `${plural(withheld, 'value')} withheld, ${plural(held, 'key')} now`,
    pendingEvictions: pending === 0 ? '' : `${plural(pending, 'eviction')} pending`,
  };
}

function staleness(served: number, timeouts: number): string {
  if (served + timeouts === 0) return '';
  return `${plural(served, 'read')} served stale${timeouts === 0 ? '' : `, ${count(timeouts)} timed out`}`;
}

/** A time to live, without the zeros that nobody would write. */
const life = (ms: number): string => duration(ms).replace(/\.0(?=\s)| 0\ss$| 0 (min|h)$/, '');

function heading(cell: HTMLTableCellElement, scope: 'row' | 'col'): HTMLElement {
  cell.scope = scope;
  return cell;
}
