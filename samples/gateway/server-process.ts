/**
 * One gateway as a process of its own: `server-process.js <name> <port> <database file> <issuer> <upstream> <log|silent>`. How Redis is
 * reached comes from the environment, as in any deployment.
 */
import { redisOptionsFromEnv } from '../../lib/index.js';
import { runServerProcess } from '../support/run-server-process.js';
import { GATEWAY_NAMES } from './gateway-names.js';
import { GatewayServer } from './gateway-server.js';

const [name = '', port = '0', file = '', issuer = '', upstream = '', logs = 'silent'] = process.argv.slice(2);
const redis = redisOptionsFromEnv();
if (redis === undefined) throw new Error('A gateway in a process of its own needs REDIS_URL or REDIS_HOST.');

await runServerProcess(
  new GatewayServer({
    name,
    instanceId: `${name}-${process.pid}`,
    port: Number(port),
    file,
    issuer,
    upstream,
    backend: { redis, gateways: GATEWAY_NAMES.length },
    log: logs === 'log' ? (line) => console.log(line) : () => undefined,
  }),
);
