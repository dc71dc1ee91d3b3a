/**
 * One server as a process of its own: `server-process.js <name> <port> <database file>`. How Redis is reached, and the token of its
 * administrators, come from the environment, as in any deployment.
 */
import { redisOptionsFromEnv } from '../../lib/index.js';
import { notifyParent, runServerProcess } from '../support/run-server-process.js';
import { AdminToken, TOKEN_VARIABLE } from './admin-token.js';
import { SettingsServer } from './settings-server.js';

const [name = 'server', port = '0', file = 'settings.db'] = process.argv.slice(2);
const { [TOKEN_VARIABLE]: token = '' } = process.env;
if (token === '') throw new Error(`A server of its own needs ${TOKEN_VARIABLE}.`);

await runServerProcess(
  new SettingsServer({
    name,
    instanceId: `${name}-${process.pid}`,
    port: Number(port),
    file,
    token: new AdminToken(token),
    redis: redisOptionsFromEnv(),
    notify: notifyParent,
  }),
);
