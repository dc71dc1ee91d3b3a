import { byId, keyed, make, printable, type Row, setText } from './dom.js';
import type { CacheFigures } from './figures.js';
import { count, duration, milliseconds, percent } from './format.js';

const SVG = 'http://www.w3.org/2000/svg';
const TIERS = ['local', 'remote', 'loader'] as const;

/** The cards of the caches. `clear` is told when one is to be cleared; without it there is no button. */
export function cacheList(clear: (cache: string) => void): (caches: readonly CacheFigures[], isWritable: boolean) => void {
  let writable = false;
  const show = keyed<CacheFigures>(
    byId('cache-list'),
    ({ name }) => name,
    ({ name }) => card(name, clear, () => writable),
  );
  return (caches, isWritable) => {
    writable = isWritable;
    show(caches);
  };
}

function card(name: string, clear: (cache: string) => void, isWritable: () => boolean): Row<CacheFigures> {
  const about = make('p');
  const button = make('button.danger', 'Clear');
  button.type = 'button';
  button.setAttribute('aria-label', `Clear cache ${printable(name)}`);
  button.addEventListener('click', () => clear(name));

  const bar = document.createElementNS(SVG, 'svg');
  bar.setAttribute('viewBox', '0 0 100 1');
  bar.setAttribute('preserveAspectRatio', 'none');
  bar.setAttribute('role', 'img');
  const shares = TIERS.map((tier) => {
    const share = document.createElementNS(SVG, 'rect');
    share.setAttribute('class', tier);
    share.setAttribute('height', '1');
    bar.append(share);
    return share;
  });

  const cells = new Map<string, HTMLElement>();
  const cell = (figure: string): HTMLElement => {
    const made = make('td');
    made.dataset['figure'] = figure;
    cells.set(figure, made);
    return made;
  };
  const rowOf = (tier: (typeof TIERS)[number], title: string, ...figures: readonly string[]): HTMLElement =>
    make('tr', heading(make('th', make(`i.${tier}`), title), 'row'), ...figures.map(cell));
  const table = make(
    'table.tiers',
    make('thead', make('tr', ...['Tier', 'Answered', 'Share', 'Kept', 'Dropped'].map((title) => heading(make('th', title), 'col')))),
    make(
      'tbody',
      rowOf('local', 'L1 local', 'localHits', 'localShare', 'localSize', 'removals'),
      rowOf('remote', 'L2 remote', 'remoteHits', 'remoteShare', 'fills', 'refusedFills'),
      rowOf('loader', 'Method', 'misses', 'missShare', 'loads', 'loadFailures'),
    ),
  );
  const more = make('p.hint');
  const element = make('li.card.cache', make('header', make('h3', name), about, button), make('div.bar', bar), table, more);
  element.dataset['cache'] = name;

  const update = (figures: CacheFigures): void => {
    const { about: cache, sum, most } = figures;
    button.hidden = !isWritable();
    const lives = cache.ttlMs === undefined ? '' : cache.ttlMs === 0 ? ' · without end' : ` · lives ${life(cache.ttlMs)}`;
    setText(about, `${cache.topic ?? ''}${lives}`);
    const answered = [sum('localHits'), sum('remoteHits'), sum('misses')] as const;
    const reads = answered[0] + answered[1] + answered[2];
    let x = 0;
    shares.forEach((share, i) => {
      const width = reads === 0 ? 0 : (100 * (answered[i] as number)) / reads;
      share.setAttribute('x', String(x));
      share.setAttribute('width', String(width));
      x += width;
    });
    const [local, remote, missed] = answered.map((part) => percent(part, reads));
    bar.setAttribute('aria-label', `Of ${count(reads)} reads L1 answered ${local}, L2 ${remote}, the method ${missed}`);
    const removals = ['expirations', 'sizeRemovals', 'remoteRemovals', 'explicitRemovals', 'coherenceRemovals'].reduce(
      (all, of) => all + sum(of),
      0,
    );
    const entries = cache.tiers === 'remote' ? 'unused' : count(sum('localSize'));
    const texts: Readonly<Record<string, string>> = {
      localHits: count(answered[0]),
      localShare: local ?? '',
      localSize: entries,
      removals: count(removals),
      remoteHits: count(answered[1]),
      remoteShare: remote ?? '',
      fills: cache.tiers === 'local' ? 'unused' : count(sum('fills')),
      refusedFills: count(sum('refusedFills')),
      misses: count(answered[2]),
      missShare: missed ?? '',
      loads: count(sum('loads')),
      loadFailures: count(sum('loadFailures')),
    };
    for (const [name, made] of cells) setText(made, texts[name] ?? '');
    const loads = sum('loads');
    const lag = most('p99LagMs');
    setText(
      more,
      [
        `${count(sum('evictions'))} keys evicted`,
        `${count(sum('clears'))} clears`,
        `${count(sum('messagesApplied'))} messages applied${lag === undefined ? '' : `, 99 of 100 within ${milliseconds(lag)}`}`,
        `a load takes ${milliseconds(loads === 0 ? undefined : sum('loadTimeMs') / loads)}`,
        `${count(sum('bypassed'))} reads in bypass`,
        ...(sum('pendingEvictions') > 0 ? [`${count(sum('pendingEvictions'))} evictions pending`] : []),
      ].join(' · '),
    );
  };
  return { element, update };
}

/** A time that was written by hand has no odd ends. */
const life = (ms: number): string => duration(ms).replace(/\.0(?=\s)| 0\ss$| 0 (min|h)$/, '');

function heading(cell: HTMLTableCellElement, scope: 'row' | 'col'): HTMLElement {
  cell.scope = scope;
  return cell;
}
