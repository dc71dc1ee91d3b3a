import { byId, keyed, make, printable, type Row, setText } from './dom.js';
import type { CacheFigures } from './figures.js';
import { count, duration, milliseconds, percent } from './format.js';

const SVG = 'http://www.w3.org/2000/svg';
const TIERS = ['local', 'remote', 'loader'] as const;
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
  readonly about: HTMLElement;
  readonly bar: Bar;
  readonly cells: ReadonlyMap<string, HTMLElement>;
  readonly more: HTMLElement;
}

function card(name: string, clear: (cache: string) => void, isWritable: () => boolean): Row<CacheFigures> {
  const about = make('p');
  const button = make('button.danger', 'Clear');
  button.type = 'button';
  button.setAttribute('aria-label', `Clear cache ${printable(name)}`);
  button.addEventListener('click', () => clear(name));
  const bar = makeBar();
  const cells = new Map<string, HTMLElement>();
  const table = makeTable(cells);
  const more = make('p.hint');
  const element = make('li.card.cache', make('header', make('h3', name), about, button), make('div.bar', bar.element), table, more);
  element.dataset['cache'] = name;
  const update = (figures: CacheFigures): void => {
    button.hidden = !isWritable();
    show(figures, { about, bar, cells, more });
  };
  return { element, update };
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

/** The table of the three tiers; each cell is put into `cells` under its figure. */
function makeTable(cells: Map<string, HTMLElement>): HTMLElement {
  const cell = (figure: string): HTMLElement => {
    const made = make('td');
    made.dataset['figure'] = figure;
    cells.set(figure, made);
    return made;
  };
  const rowOf = (tier: (typeof TIERS)[number], title: string, ...figures: readonly string[]): HTMLElement =>
    make('tr', heading(make('th', make(`i.${tier}`), title), 'row'), ...figures.map(cell));
  return make(
    'table.tiers',
    make('thead', make('tr', ...['Tier', 'Answered', 'Share', 'Kept', 'Dropped'].map((title) => heading(make('th', title), 'col')))),
    make(
      'tbody',
      rowOf('local', 'L1 local', 'localHits', 'localShare', 'localSize', 'removals'),
      rowOf('remote', 'L2 remote', 'remoteHits', 'remoteShare', 'fills', 'refusedFills'),
      rowOf('loader', 'Method', 'misses', 'missShare', 'loads', 'loadFailures'),
    ),
  );
}

function show(figures: CacheFigures, { about, bar, cells, more }: CardElements): void {
  const { about: cache, sum } = figures;
  const lives = cache.ttlMs === undefined ? '' : cache.ttlMs === 0 ? ' · without end' : ` · lives ${life(cache.ttlMs)}`;
  setText(about, `${cache.topic ?? ''}${lives}`);
  const answered = [sum('localHits'), sum('remoteHits'), sum('misses')] as const;
  const reads = answered[0] + answered[1] + answered[2];
  const [local = '', remote = '', missed = ''] = answered.map((part) => percent(part, reads));
  showBar(bar, answered, reads);
  bar.element.setAttribute('aria-label', `Of ${count(reads)} reads L1 answered ${local}, L2 ${remote}, the method ${missed}`);
  const removals = REMOVALS.reduce((all, of) => all + sum(of), 0);
  const texts: Readonly<Record<string, string>> = {
    localHits: count(answered[0]),
    localShare: local,
    localSize: cache.tiers === 'remote' ? 'unused' : count(sum('localSize')),
    removals: count(removals),
    remoteHits: count(answered[1]),
    remoteShare: remote,
    fills: cache.tiers === 'local' ? 'unused' : count(sum('fills')),
    refusedFills: count(sum('refusedFills')),
    misses: count(answered[2]),
    missShare: missed,
    loads: count(sum('loads')),
    loadFailures: count(sum('loadFailures')),
  };
  for (const [name, made] of cells) setText(made, texts[name] ?? '');
  setText(more, summary(figures));
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

/** The figures that are not in the table, in a line. */
function summary({ sum, most }: CacheFigures): string {
  const loads = sum('loads');
  const lag = most('p99LagMs');
  return [
    `${count(sum('evictions'))} keys evicted`,
    `${count(sum('clears'))} clears`,
    `${count(sum('messagesApplied'))} messages applied${lag === undefined ? '' : `, 99 of 100 within ${milliseconds(lag)}`}`,
    `a load takes ${milliseconds(loads === 0 ? undefined : sum('loadTimeMs') / loads)}`,
    `${count(sum('bypassed'))} reads in bypass`,
    ...(sum('pendingEvictions') > 0 ? [`${count(sum('pendingEvictions'))} evictions pending`] : []),
  ].join(' · ');
}

/** A time to live, without the zeros that nobody would write. */
const life = (ms: number): string => duration(ms).replace(/\.0(?=\s)| 0\ss$| 0 (min|h)$/, '');

function heading(cell: HTMLTableCellElement, scope: 'row' | 'col'): HTMLElement {
  cell.scope = scope;
  return cell;
}
