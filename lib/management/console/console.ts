import { clear, follow, type Hello, type InstanceView, type StreamEvents, token, Unauthorized } from './api.js';
import { cacheList } from './cache-list.js';
import { attempt, byId, make, setText } from './dom.js';
import { Feed } from './feed.js';
import { cachesOf, stateOf } from './figures.js';
import { count, milliseconds, percent } from './format.js';
import { History } from './history.js';
import { showInstances } from './instance-list.js';
import { KeyLookUp } from './key-look-up.js';
import { Plots } from './plots.js';
import { chooseTheme } from './theme.js';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;

/** Statuses that arrive within this time are shown together. */
const GATHER_MS = 100;

let hello: Hello | undefined;
let drawing: ReturnType<typeof setTimeout> | undefined;
const views = new Map<string, InstanceView>();
const history = new History();
const plots = new Plots();
const lookUp = new KeyLookUp(askForToken);
const feed = new Feed((cache, key) => lookUp.pick(cache, key));
const showCaches = cacheList((cache) => void confirmClear(cache));
chooseTheme(() => plots.redraw());

const tiles = new Map(
  ['Instances', 'Hit ratio, last minute', 'From L1, last minute', 'A load, last minute', 'Eviction lag, p99'].map((title) => {
    const value = make('dd', '–');
    byId('overview').append(make('div', make('dt', title), value));
    return [title, value];
  }),
);

function tile(title: string, text: string, small = ''): void {
  const value = tiles.get(title) as HTMLElement;
  if (value.textContent === text + small) return;
  value.replaceChildren(text, ...(small === '' ? [] : [make('small', small)]));
}

/**
 * An instance sent its status.
 *
 * @throws {TypeError} for a status that cannot be shown, before it can spoil the picture of the others.
 */
function told(view: InstanceView): void {
  Object.keys(view.status.links);
  for (const { statistics } of Object.values(view.status.caches)) Object.keys(statistics);
  views.set(view.status.id, view);
  drawing ??= setTimeout(showFleet, GATHER_MS);
}

/** Takes the list of the instances that are there. An instance that is not named has gone. */
function present(at: number, instances: StreamEvents['fleet']['instances']): void {
  const named = new Map(instances.map((each) => [each.id, each]));
  for (const [id, view] of views) {
    const { agoMs, isSilent } = named.get(id) ?? {};
    if (agoMs === undefined || isSilent === undefined) views.delete(id);
    else views.set(id, { ...view, agoMs, isSilent });
  }
  history.look(at, sorted());
  showFleet();
}

const byName = new Intl.Collator('en', { numeric: true });
const sorted = (): readonly InstanceView[] => [...views.values()].sort((a, b) => byName.compare(a.status.id, b.status.id));

function showFleet(): void {
  clearTimeout(drawing);
  drawing = undefined;
  const instances = sorted();
  const caches = cachesOf(instances);
  const isWritable = hello?.allowWrites === true;
  showInstances(instances);
  showCaches(caches, isWritable);
  lookUp.offer(
    caches.map(({ name }) => name),
    isWritable,
  );
  feed.fleet(instances);
  plots.show(history);
  showOverview(instances);
  showNotice(instances);
}

function showOverview(instances: readonly InstanceView[]): void {
  const serving = instances.filter((view) => stateOf(view) === 'serving').length;
  tile('Instances', count(instances.length), serving === instances.length ? ' all serving' : ` ${count(serving)} serving`);
  const [local, remote, misses] = [history.lastMinute('localHits'), history.lastMinute('remoteHits'), history.lastMinute('misses')];
  const reads = local + remote + misses;
  tile('Hit ratio, last minute', percent(local + remote, reads), reads === 0 ? ' no reads' : ` of ${count(reads)}`);
  tile('From L1, last minute', percent(local, reads));
  const loads = history.lastMinute('loads');
  tile('A load, last minute', milliseconds(loads === 0 ? undefined : history.lastMinute('loadTimeMs') / loads), ` ${count(loads)} loads`);
  const lags = cachesOf(instances)
    .map(({ most }) => most('p99LagMs'))
    .filter((lag) => lag !== undefined);
  tile('Eviction lag, p99', milliseconds(lags.length === 0 ? undefined : Math.max(...lags)), lags.length === 0 ? '' : ' at worst');
}

/** The page sees the fleet through one instance's link. It sees nothing while that link is away. */
function showNotice(instances: readonly InstanceView[]): void {
  const self = instances.find(({ isSelf }) => isSelf);
  const isBlind = self !== undefined && Object.values(self.status.links).some((status) => status !== 'up');
  const notice = byId('notice');
  notice.hidden = !isBlind;
  setText(
    notice,
    isBlind ? `This page looks through ${self.status.id}, which has lost its link: the other instances cannot be seen now.` : '',
  );
}

function showConnection(state: 'live' | 'connecting' | 'lost', text: string): void {
  byId('connection').dataset['state'] = state;
  setText(byId('connection'), text);
}

async function confirmClear(cache: string): Promise<void> {
  setText(byId('confirm-title'), `Clear ${cache}?`);
  setText(byId('confirm-text'), 'Every entry goes, in both tiers and every instance. What is read next is loaded again.');
  setText(byId('confirm-yes'), `Clear ${cache}`);
  const dialog = byId<HTMLDialogElement>('confirm');
  dialog.returnValue = '';
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener('close', resolve, { once: true }));
  if (dialog.returnValue !== 'yes') return;
  try {
    await clear(cache);
  } catch (error) {
    if (error instanceof Unauthorized) return askForToken();
    showConnection('lost', error instanceof Error ? error.message : String(error));
  }
}

/** Asks for a token. The stream is tried again with it. */
function askForToken(): void {
  const dialog = byId<HTMLDialogElement>('token');
  if (token.get() !== '') setText(byId('token-text'), 'The one given is not right. It is kept until this tab is closed.');
  if (!dialog.open) dialog.showModal();
}

async function tokenGiven(): Promise<void> {
  const dialog = byId<HTMLDialogElement>('token');
  await new Promise((resolve) => dialog.addEventListener('close', resolve, { once: true }));
  const value = byId<HTMLInputElement>('token-value');
  token.set(value.value.trim());
  value.value = '';
}

async function live(): Promise<never> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      await follow(
        {
          hello: (data) => {
            hello = data;
            byId('namespace').hidden = false;
            setText(byId('namespace'), data.namespace);
            setText(
              byId('through'),
              `seen through ${data.instance} · bound ${milliseconds(data.boundMs)}${data.allowWrites ? '' : ' · read-only'}`,
            );
          },
          status: told,
          fleet: ({ at, instances }) => present(at, instances),
          feed: ({ instance, entries }) => {
            for (const entry of entries) attempt(() => history.note(entry));
            feed.add(instance, entries);
          },
          gone: ({ instance }) => void views.delete(instance), // The next picture of the fleet leaves it out.
        },
        () => {
          pause = FIRST_PAUSE_MS;
          showConnection('live', 'Live');
        },
      );
    } catch (error) {
      if (error instanceof Unauthorized) {
        showConnection('lost', 'Locked');
        askForToken();
        await tokenGiven();
        continue;
      }
    }
    showConnection('lost', 'Reconnecting');
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

void live();
