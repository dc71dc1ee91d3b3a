import { byId, keyed, make, printable, type Row, setText } from './dom.js';
import { figure, oldestOf, proofOf, type State, stateOf } from './figures.js';
import type { Instance } from './fleet.js';
import { ago, bytes, count, duration, milliseconds, percent, plural } from './format.js';

const WORDS: Readonly<Record<State, string>> = { serving: 'Serving', bypass: 'Bypass', unheard: 'Not heard', down: 'Down' };

/** The cards of the instances. */
export const showInstances = keyed<Instance>(byId('instance-list'), ({ status }) => status.id, card);

function card({ status }: Instance): Row<Instance> {
  const state = make('span.state');
  const about = make('p.about');
  const leaseText = make('span');
  const lease = make('progress');
  lease.setAttribute('aria-label', 'What is left of the read lease');
  const pairs = new Map(
    ['Proven age', 'Reads', 'From L1', 'Entries in L1', 'Values in L1', 'Time in bypass'].map((name) => [name, make('dd')]),
  );
  const links = make('p.links');
  const name = make('h3', status.id);
  name.title = printable(status.id);
  const labels = make('div.labels', make('span', 'Read lease'), leaseText);
  const list = make('dl.pairs', ...[...pairs].map(([title, value]) => make('div', make('dt', title), value)));
  const element = make('li.card.instance', make('header', name, state), about, make('div.lease', labels, lease), list, links);
  element.dataset['instance'] = status.id;
  return { element, update: (view) => update(view, { element, state, about, leaseText, lease, pairs, links }) };
}

/** The elements of an instance's card that change. */
interface CardElements {
  readonly element: HTMLElement;
  readonly state: HTMLElement;
  readonly about: HTMLElement;
  readonly leaseText: HTMLElement;
  readonly lease: HTMLProgressElement;
  readonly pairs: ReadonlyMap<string, HTMLElement>;
  readonly links: HTMLElement;
}

function aboutOf({ status, isSelf, isSilent, agoMs }: Instance): string {
  const { host, pid, startedAt, at, omittedCaches } = status;
  return [
    ...(isSilent ? [`Last heard ${ago(agoMs)}`] : []),
    ...(isSelf ? ['This one'] : []),
    `${host}:${pid}`,
    ...(isSilent ? [] : [`up ${duration(Math.max(0, at - startedAt) + agoMs)}`]),
    ...(omittedCaches === undefined ? [] : [`${plural(omittedCaches, 'more cache')}, not shown`]),
  ].join(' · ');
}

/**
 * What is left of the lease: as reported, since it is renewed four times within a bound. Only silence makes
 * it doubtful. A silent instance cannot be serving for longer than the lease that it reported last. That
 * follows from the protocol, without asking it. A lease that does not end by itself proves nothing
 * (`whenDisconnected: 'serve'`).
 */
function leaseOf(view: Instance): { readonly leftMs: number; readonly text: string } {
  const { status, isSilent, agoMs } = view;
  const { boundMs } = status;
  const leases = Object.values(status.caches).flatMap(({ isServing, leaseLeftMs }) => (isServing ? [leaseLeftMs] : []));
  const ends = leases.filter((left) => left !== undefined);
  if (leases.length === 0 || stateOf(view) === 'bypass') return { leftMs: 0, text: isSilent ? 'run out' : 'none' };
  if (ends.length === 0) return { leftMs: Number.POSITIVE_INFINITY, text: 'does not end' };
  const leftMs = Math.max(0, Math.min(...ends) - (isSilent ? agoMs : 0));
  return { leftMs, text: isSilent && leftMs === 0 ? 'run out' : `${count(leftMs)} of ${count(boundMs)} ms` };
}

/** How old the oldest proof of its caches is, beside the bound. */
function provenAge(view: Instance): string {
  const oldest = oldestOf(Object.values(view.status.caches).map((cache) => proofOf(cache, view)));
  return oldest === undefined ? '–' : `${milliseconds(oldest.ageMs)}, bound ${milliseconds(oldest.boundMs)}`;
}

function update(view: Instance, { element, state, about, leaseText, lease, pairs, links }: CardElements): void {
  const { status, isSilent, isGrey } = view;
  const caches = Object.values(status.caches);
  const now = stateOf(view);
  element.dataset['state'] = now;
  element.dataset['grey'] = String(isGrey);
  state.dataset['state'] = now;
  setText(state, WORDS[now]);
  setText(about, aboutOf(view));
  about.title = about.textContent;
  const { leftMs, text } = leaseOf(view);
  lease.max = status.boundMs === 0 ? 1 : status.boundMs;
  lease.value = Math.min(leftMs, lease.max);
  setText(leaseText, text);

  const sum = (of: string): number => caches.reduce((total, cache) => total + figure(cache, of), 0);
  const reads = sum('localHits') + sum('remoteHits') + sum('misses');
  const values: Readonly<Record<string, string>> = {
    'Proven age': provenAge(view),
    Reads: count(reads),
    'From L1': percent(sum('localHits'), reads),
    'Entries in L1': count(sum('localSize')),
    'Values in L1': caches.some(({ statistics }) => 'localBytes' in statistics) ? bytes(sum('localBytes')) : '–',
    'Time in bypass': duration(Math.max(0, ...caches.map((cache) => figure(cache, 'bypassTimeMs')))),
  };
  for (const [title, value] of pairs) setText(value, values[title] ?? '');

  const told = Object.entries(status.links);
  while (links.children.length > told.length) links.lastElementChild?.remove();
  told.forEach(([link, health], i) => {
    const each = links.children[i] ?? links.appendChild(make('span'));
    const isUp = health === 'up' && !isSilent;
    (each as HTMLElement).dataset['up'] = isSilent ? 'unknown' : String(isUp);
    setText(each, `${isUp ? '✓' : isSilent ? '?' : '✗'} ${link}`);
  });
}
