/**
 * One server as a process of its own: `server-process.js <name> <port> <database file>`. How Redis is reached comes from the environment, as
 * in any deployment.
 */
import { redisOptionsFromEnv } from '../../lib/index.js';
import { notifyParent, runServerProcess } from '../support/run-server-process.js';
import { BookServer } from './book-server.js';

const [name = 'server', port = '0', file = 'books.db'] = process.argv.slice(2);

await runServerProcess(
  new BookServer({
    name,
    instanceId: `${name}-${process.pid}`,
    host: process.env['BOOK_HOST'],
    port: Number(port),
    file,
    redis: redisOptionsFromEnv(),
    die: process.env['BOOK_MAY_DIE'] === '1' ? () => process.kill(process.pid, 'SIGKILL') : undefined,
    hasLinks: process.env['BOOK_HAS_LINKS'] === '1',
    notify: notifyParent,
  }),
);
