/**
 * The Hello sample, `npm run sample:hello`. Read `hello-service.ts` first, then `hello-server.ts`: the subscription, its check, its repair and
 * the clearing of what may be out of date are the library's. `connection-watch.ts` shows how to hear of them.
 */
import { redisOptionsFromEnv } from '../../lib/index.js';
import { type Backend, chooseBackend } from '../support/backend.js';
import { Links } from '../support/links.js';
import { NoticeLog } from '../support/notice-log.js';
import { painterFor } from '../support/painter.js';
import { runSample } from '../support/run-sample.js';
import type { Teardown } from '../support/teardown.js';
import { Timeline } from '../support/timeline.js';
import { readCommandLine, type SampleOptions, USAGE } from './command-line.js';
import { HelloServer } from './hello-server.js';
import { GreetingStore } from './hello-service.js';
import { type HelloNotice, Journal } from './journal.js';
import { outageOf } from './outage.js';
import { Story } from './story.js';
import { revive, watch } from './watch.js';

const print = (line: string): void => console.log(line);
const paint = painterFor(process.stdout);

/** Starts both servers, does what it was asked to do, and returns the exit code. */
async function run({ mode }: SampleOptions, teardown: Teardown): Promise<number> {
  const backend = await chooseBackend(teardown);
  // To a Redis that is not ours there is a way that can be cut.
  const links = mode === 'story' && backend.server === undefined ? await Links.open(['hello'], backend.env, teardown) : undefined;
  const redis = links === undefined ? backend.redis : redisOptionsFromEnv(links.envOf('hello'));
  introduce(backend);
  await forgetLastRun(backend);

  const store = new GreetingStore();
  const notices = new NoticeLog<HelloNotice>();
  const timeline = new Timeline(print, paint);
  const start = async (name: string): Promise<HelloServer> => {
    const server = await HelloServer.start(name, redis, store, new Journal(name, timeline, notices));
    teardown.defer(() => server.stop());
    return server;
  };
  const servers = [await start('one'), await start('two')] as const;

  if (mode === 'watch') {
    const forever = [watch(servers, store, timeline)];
    if (backend.server !== undefined) forever.push(revive(backend.server, teardown, print));
    return Promise.race(forever);
  }
  const { reads, wrong } = await new Story({
    servers,
    store,
    notices,
    timeline,
    outage: outageOf(backend.server, links?.of('hello')),
  }).tell();
  print('');
  print(wrong === 0 ? paint('green', `Right: all ${reads} reads.`) : paint('red', `Wrong: ${wrong} of ${reads} reads.`));
  return wrong === 0 ? 0 : 1;
}

/** A Redis that is used again may still know the greeting of the last run: a server of its own empties the cache, and leaves. */
async function forgetLastRun({ redis }: Backend): Promise<void> {
  const silent = new Journal('setup', new Timeline(() => undefined, paint), new NoticeLog());
  const server = await HelloServer.start('setup', redis, new GreetingStore(), silent);
  try {
    await server.clear();
  } finally {
    await server.stop();
  }
}

function introduce({ description }: Backend): void {
  print(paint('bold', 'One greeting, cached on two servers'));
  print(`  Redis:   ${description}`);
  print("  Cache:   'hello', 60 s to live, at most 100 entries in L1, evictions on user-events");
  print('');
}

await runSample({ usage: USAGE, read: readCommandLine, isEndless: ({ mode }) => mode === 'watch', run });
