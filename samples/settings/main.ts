/**
 * The Settings sample, `npm run sample:settings`. The same settings in two ways: `settings-board.ts`, a copy that messages keep up to date, and
 * `cached-settings.ts`, decorators. The rest of this folder puts them behind HTTP, runs them three times, and shows what happens.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Backend, chooseBackend } from '../support/backend.js';
import type { ServersOptions } from '../support/command-line.js';
import type { Fleet } from '../support/fleet.js';
import { keepUp } from '../support/keep-up.js';
import { Links } from '../support/links.js';
import { painterFor } from '../support/painter.js';
import { runSample } from '../support/run-sample.js';
import type { Teardown } from '../support/teardown.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { Timeline } from '../support/timeline.js';
import { TOKEN_VARIABLE } from './admin-token.js';
import { CachedSettings } from './cached-settings.js';
import { readCommandLine, USAGE } from './command-line.js';
import { conclude } from './conclusion.js';
import { DatabaseOutage } from './database-outage.js';
import { Notifier } from './notifier.js';
import { SERVER_NAMES } from './server-names.js';
import type { SettingsNotice } from './server-notice.js';
import { createSettingsContainer } from './settings-container.js';
import { settingsFleet } from './settings-fleet.js';
import { SettingsStore } from './settings-store.js';
import { Story } from './story.js';

const print = (line: string): void => console.log(line);
const paint = painterFor(process.stdout);

/** Starts everything, does what it was asked to do, and returns the exit code. */
async function run({ mode, port }: ServersOptions, teardown: Teardown): Promise<number> {
  const { [TOKEN_VARIABLE]: given = '' } = process.env;
  const token = given === '' ? randomBytes(18).toString('base64url') : given;
  const file = join(temporaryDirectory('settings', teardown), 'settings.db');
  const backend = await chooseBackend(teardown);
  const links = mode === 'story' ? await Links.open(SERVER_NAMES, backend.env, teardown) : undefined;
  const store = await SettingsStore.open(file);
  teardown.defer(() => store.close());
  await forgetOthers(store, backend);

  const fleet = settingsFleet({ port, file, token, backend, links });
  teardown.defer(() => fleet.stop());
  introduce(backend);
  await fleet.start();
  if (mode === 'serve') return serve(fleet, given === '' ? token : `$${TOKEN_VARIABLE}`);
  const outage = await DatabaseOutage.open(file);
  teardown.defer(() => outage.close());
  const story = new Story({ fleet, links, outage, store, token, timeline: new Timeline(print, paint) });
  return conclude(await story.tell(), print, paint);
}

/** A Redis that is used again may still know the settings of the last run: an instance of its own empties the cache, and leaves. */
async function forgetOthers(store: SettingsStore, { redis }: Backend): Promise<void> {
  const container = await createSettingsContainer({
    store,
    notifier: new Notifier(() => undefined),
    redis,
    instanceId: `setup-${process.pid}`,
  });
  try {
    await container.get(CachedSettings).forgetAll();
  } finally {
    await container.unbindAllAsync();
  }
}

function introduce({ description, redis }: Backend): void {
  print(paint('bold', 'Settings, changed on one of three servers and in force on all'));
  print(`  Redis:     ${description}`);
  print(`  Servers:   three ${redis === undefined ? 'containers embedded in this process' : 'processes'}`);
  print('  Database:  an SQL database in a file, shared by all three');
}

async function serve(fleet: Fleet<SettingsNotice>, token: string): Promise<number> {
  const [first, second] = fleet.servers;
  print('');
  for (const { name, url } of fleet.servers) print(`  ${name}  ${url}`);
  print('');
  print(`  curl -i ${second?.url}/settings/banner`);
  print(`  curl -i ${second?.url}/cached-settings/banner`);
  print(`  curl -i ${second?.url}/recent-settings/banner`);
  print(`  curl -X PUT ${first?.url}/admin/settings/banner -d '{"value": "Closed"}' \\`);
  print(`       -H "authorization: Bearer ${token}"`);
  print('');
  print('Ctrl-C ends them.');
  await keepUp(fleet);
  return 1;
}

await runSample({ usage: USAGE, read: readCommandLine, isEndless: ({ mode }) => mode === 'serve', run });
