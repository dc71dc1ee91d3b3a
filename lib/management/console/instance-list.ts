import type { InstanceView } from './api.js';
import { byId, keyed, make, printable, type Row, setText } from './dom.js';
import { figure, type State, stateOf } from './figures.js';
import { count, duration, percent } from './format.js';

const WORDS: Readonly<Record<State, string>> = { serving: 'Serving', bypass: 'Bypass', lost: 'No contact', down: 'Down' };

/** The cards of the instances. */
export const showInstances = keyed<InstanceView>(byId('instance-list'), ({ status }) => status.id, card);

function card({ status }: InstanceView): Row<InstanceView> {
  const state = make('span.state');
  const about = make('p.about');
  const leaseText = make('span');
  const lease = make('progress');
  lease.setAttribute('aria-label', 'What is left of the read lease');
  const pairs = new Map(['Reads', 'From L1', 'Entries in L1', 'Time in bypass'].map((name) => [name, make('dd')]));
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

function update(view: InstanceView, { element, state, about, leaseText, lease, pairs, links }: CardElements): void {
  const { status, agoMs, isSilent, isSelf } = view;
  const caches = Object.values(status.caches);
  const now = stateOf(view);
  element.dataset['state'] = now === 'lost' ? 'down' : now;
  element.dataset['silent'] = String(isSilent);
  state.dataset['state'] = now;
  setText(state, WORDS[now]);
  const up = duration(Math.max(0, status.at - status.startedAt) + agoMs);
  const omitted = status.omittedCaches === undefined ? '' : ` · ${count(status.omittedCaches)} more caches, not shown`;
  setText(
    about,
    isSilent ? `Silent for ${duration(agoMs)}` : `${isSelf ? 'This one · ' : ''}${status.host}:${status.pid} · up ${up}${omitted}`,
  );
  about.title = about.textContent;

  const leases = caches.filter(({ isServing }) => isServing).map(({ leaseLeftMs }) => leaseLeftMs);
  const ends = leases.filter((left) => left !== undefined);
  lease.max = status.boundMs === 0 ? 1 : status.boundMs;
  if (leases.length === 0 || now === 'bypass') [lease.value, leaseText.textContent] = [0, isSilent ? 'run out' : 'none'];
  else if (ends.length === 0) [lease.value, leaseText.textContent] = [lease.max, 'does not end'];
  else {
    // Shown as reported. The lease is renewed four times within a bound; only silence makes it doubtful.
    const left = Math.max(0, Math.min(...ends) - (isSilent ? agoMs : 0));
    lease.value = left;
    setText(leaseText, `${count(left)} of ${count(status.boundMs)} ms`);
  }

  const sum = (of: string): number => caches.reduce((total, cache) => total + figure(cache, of), 0);
  const reads = sum('localHits') + sum('remoteHits') + sum('misses');
  const values: Readonly<Record<string, string>> = {
    Reads: count(reads),
    'From L1': percent(sum('localHits'), reads),
    'Entries in L1': count(sum('localSize')),
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
