import { byId, make } from './dom.js';
import { cachesOf, oldestOf, stateOf } from './figures.js';
import type { Instance } from './fleet.js';
import { count, milliseconds, percent, plural } from './format.js';
import type { History } from './history.js';

const tiles = new Map(
  ['Instances', 'Proven age', 'Hit ratio, last minute', 'From L1, last minute', 'A load, last minute', 'Eviction lag, p99'].map((title) => {
    const value = make('dd', '–');
    byId('overview').append(make('div', make('dt', title), value));
    return [title, value];
  }),
);

function tile(title: string, text: string, small = ''): void {
  const value = tiles.get(title) as HTMLElement;
  const about = small === '' ? '' : ` ${small}`;
  if (value.textContent === text + about) return;
  value.replaceChildren(text, ...(about === '' ? [] : [make('small', about)]));
}

/** The figures of the whole fleet, in six tiles. */
export function showOverview(instances: readonly Instance[], history: History): void {
  const caches = cachesOf(instances);
  tile('Instances', count(instances.length), states(instances));
  const oldest = oldestOf(caches.flatMap(({ proofs }) => proofs));
  tile('Proven age', milliseconds(oldest?.ageMs), oldest === undefined ? '' : `at worst; bound ${milliseconds(oldest.boundMs)}`);
  const { localHits, remoteHits, misses, loads, loadTimeMs } = history.lastMinute();
  const reads = localHits + remoteHits + misses;
  tile('Hit ratio, last minute', percent(localHits + remoteHits, reads), reads === 0 ? 'no reads' : `of ${plural(reads, 'read')}`);
  tile('From L1, last minute', percent(localHits, reads));
  tile('A load, last minute', milliseconds(loads === 0 ? undefined : loadTimeMs / loads), plural(loads, 'load'));
  const lags = caches.map(({ most }) => most('p99LagMs')).filter((lag) => lag !== undefined);
  tile('Eviction lag, p99', milliseconds(lags.length === 0 ? undefined : Math.max(...lags)), lags.length === 0 ? '' : 'at worst');
}

/** `all serving`, or how many are in which state. */
function states(instances: readonly Instance[]): string {
  if (instances.length === 0) return '';
  const all = instances.map(stateOf);
  const words = { serving: 'serving', bypass: 'in bypass', unheard: 'not heard', down: 'down' } as const;
  const told = Object.entries(words).flatMap(([state, word]) => {
    const number = all.filter((each) => each === state).length;
    return number === 0 ? [] : number === all.length ? [all.length === 1 ? word : `all ${word}`] : [`${count(number)} ${word}`];
  });
  return told.join(', ');
}
