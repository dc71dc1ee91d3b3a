/**
 * The Gateway sample, `npm run sample:gateway`. Read `api-key-service.ts` and `token-service.ts` first: the caches are there. `relay.ts` has the
 * WebSockets, `rate-limits.ts` the limits; `gateway-server.ts` puts them together.
 */
import { join } from 'node:path';
import { type Backend, chooseBackend } from '../support/backend.js';
import type { ServersOptions } from '../support/command-line.js';
import type { Fleet } from '../support/fleet.js';
import { keepUp } from '../support/keep-up.js';
import type { LifeNotice } from '../support/life-notice.js';
import { painterFor } from '../support/painter.js';
import { runSample } from '../support/run-sample.js';
import type { Teardown } from '../support/teardown.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { ApiKeyService } from './api-key-service.js';
import { readCommandLine, USAGE } from './command-line.js';
import { CredentialStore } from './credential-store.js';
import { GatewayClient } from './gateway-client.js';
import { gatewayFleet } from './gateway-fleet.js';
import { Issuer } from './issuer.js';
import { Report } from './report.js';
import { Story } from './story.js';
import { Upstream } from './upstream.js';

const print = (line: string): void => console.log(line);
const paint = painterFor(process.stdout);

/** Starts everything, does what it was asked to do, and returns the exit code. */
async function run({ mode, port }: ServersOptions, teardown: Teardown): Promise<number> {
  const file = join(temporaryDirectory('gateway', teardown), 'credentials.db');
  const backend = await chooseBackend(teardown);
  const issuer = new Issuer();
  const upstream = new Upstream();
  for (const server of [issuer, upstream]) {
    teardown.defer(() => server.stop());
    await server.start();
  }
  const adminKey = await createAdminKey(file, teardown);
  const fleet = gatewayFleet({ port, file, issuer: issuer.url, upstream: upstream.url, backend, isLogged: mode === 'serve' });
  teardown.defer(() => fleet.stop());
  introduce(backend);
  await fleet.start();
  if (mode === 'serve') return serve(fleet, issuer, adminKey);

  const report = new Report(print, paint);
  await new Story({ gateways: fleet.servers, issuer, admin: new GatewayClient({ kind: 'key', text: adminKey }), report }).tell();
  return report.conclude();
}

/** Somebody has to be the first who may create keys. */
async function createAdminKey(file: string, teardown: Teardown): Promise<string> {
  const store = await CredentialStore.open(file);
  teardown.defer(() => store.close());
  const { text } = await new ApiKeyService(store).create({ owner: 'admin', plan: 'standard', isAdmin: true });
  return text;
}

function introduce({ description, redis }: Backend): void {
  print(paint('bold', 'An API gateway, three times'));
  print(`  Redis:     ${description}`);
  print(`  Gateways:  three ${redis === undefined ? 'containers embedded in this process' : 'processes'}`);
  print('  Database:  API keys and revoked tokens, as fingerprints, in an SQL database in a file');
}

async function serve(fleet: Fleet<LifeNotice>, issuer: Issuer, adminKey: string): Promise<number> {
  const [first, second] = fleet.servers.map(({ url }) => url);
  print('');
  for (const { name, url } of fleet.servers) print(`  ${name}  ${url}`);
  print('');
  print('  The key of the admin, which is shown this once:');
  print(`    ADMIN=${adminKey}`);
  print('  Create a key, use it on another gateway, revoke it:');
  print(`    curl ${first}/admin/keys -H "x-api-key: $ADMIN" --json '{"owner": "ann", "plan": "trial"}'`);
  print(`    curl -i ${second}/api/books -H "x-api-key: $KEY"`);
  print(`    curl -X DELETE ${first}/admin/keys/$ID -H "x-api-key: $ADMIN"`);
  print('  Get a token, use it, revoke it:');
  print(`    curl -X POST '${issuer.url}/tokens?subject=bob&seconds=60'`);
  print(`    curl -i ${second}/api/books -H "authorization: Bearer $TOKEN"`);
  print(`    curl ${first}/admin/revoked-tokens -H "x-api-key: $ADMIN" --json "{\\"token\\": \\"$TOKEN\\"}"`);
  print('  Listen on one gateway, and say something on another (Socket.IO):');
  print(`    node -e "require('socket.io-client')('${second}', {transports: ['websocket'], auth: {key: '$ADMIN'}}).onAny(console.log)"`);
  print(`    node -e "require('socket.io-client')('${first}', {transports: ['websocket'], auth: {key: '$ADMIN'}}).emit('say', 'hello')"`);
  print('');
  print('Ctrl-C ends them.');
  await keepUp(fleet);
  return 1;
}

await runSample({ usage: USAGE, read: readCommandLine, isEndless: ({ mode }) => mode === 'serve', run });
