import { clear, type Hello, reasonOf, Unauthorized } from './api.js';
import { cacheList } from './cache-list.js';
import { confirmed } from './confirm.js';
import { askForToken, Connection } from './connection.js';
import { attempt, byId, setText } from './dom.js';
import { Feed } from './feed.js';
import { cachesOf } from './figures.js';
import { Fleet } from './fleet.js';
import { milliseconds } from './format.js';
import { History } from './history.js';
import { showInstances } from './instance-list.js';
import { KeyLookUp } from './key-look-up.js';
import { showOverview } from './overview.js';
import { makePlots } from './plots.js';
import { Problems } from './problems.js';
import { Ranking } from './ranking.js';
import { TagEviction } from './tag-eviction.js';
import { chooseTheme } from './theme.js';

/** Statuses that arrive within this time are shown together. */
const GATHER_MS = 100;

/** How often the page is drawn anew when nothing arrives: its ages go on. */
const TICK_MS = 500;

let hello: Hello | undefined;
let drawing: ReturnType<typeof setTimeout> | undefined;
const fleet = new Fleet();
const history = new History();
const problems = new Problems();
const plots = makePlots();
const byTag = new TagEviction(askForToken);
const lookUp = new KeyLookUp(askForToken, (cache, tag) => byTag.pick(cache, tag));
const pick = (cache: string, key: string): void => lookUp.pick(cache, key);
const ranking = new Ranking(pick);
const feed = new Feed(pick, (event) => ranking.count(event));
const showCaches = cacheList((cache) => void confirmClear(cache));
chooseTheme(() => plots?.redraw());

function show(): void {
  clearTimeout(drawing);
  drawing = undefined;
  const instances = fleet.instances();
  const caches = cachesOf(instances);
  const isWritable = hello?.allowWrites === true;
  document.body.dataset['grey'] = String(instances.length > 0 && instances.every(({ isGrey }) => isGrey));
  showBlindness();
  showOverview(instances, history);
  showInstances(instances);
  showCaches(caches, isWritable);
  lookUp.offer(
    caches.map(({ name }) => name),
    isWritable,
  );
  byTag.offer(
    caches.filter(({ hasTags }) => hasTags).map(({ name }) => name),
    isWritable,
  );
  feed.fleet(instances);
  ranking.render();
  plots?.show(history);
}

/** The page sees the fleet through one instance's link. It sees nothing while that link is away. */
function showBlindness(): void {
  const blind = fleet.blind();
  if (blind !== undefined) {
    const { id } = blind.status;
    problems.show('redis', `${id} has lost its link to Redis. This page looks through it, so the other instances cannot be seen now.`);
  } else if (problems.has('redis')) {
    problems.solve('redis');
    recovered();
  }
}

function recovered(): void {
  problems.recovered();
  lookUp.recovered();
  byTag.recovered();
}

function greet(said: Hello): void {
  hello = said;
  fleet.begin(said);
  byId('namespace').hidden = false;
  setText(byId('namespace'), said.namespace);
  const { instance, boundMs, allowWrites } = said;
  setText(byId('through'), `seen through ${instance} · bound ${milliseconds(boundMs)}${allowWrites ? '' : ' · read-only'}`);
}

async function confirmClear(cache: string): Promise<void> {
  const text = 'Every entry goes, in both tiers and every instance. What is read next is loaded again.';
  if (!(await confirmed(`Clear ${cache}?`, text, `Clear ${cache}`))) return;
  try {
    await clear(cache);
    problems.solve(`clear ${cache}`);
  } catch (error) {
    if (error instanceof Unauthorized) return askForToken();
    problems.failed(`clear ${cache}`, `${cache} was not cleared. ${reasonOf(error)}`);
  }
}

const connection = new Connection(
  {
    hello: greet,
    status: (view) => {
      fleet.told(view);
      drawing ??= setTimeout(show, GATHER_MS);
    },
    fleet: ({ instances }) => {
      fleet.listed(instances);
      history.look(fleet.instances());
      show();
    },
    feed: ({ instance, entries }) => {
      for (const entry of entries) attempt(() => history.note(entry));
      feed.add(instance, entries);
    },
    gone: ({ instance }) => fleet.gone(instance),
  },
  problems,
  recovered,
);

void connection.stay();
setInterval(show, TICK_MS);
