/**
 * One server as a process of its own: `server-process.js <name> <port> <database file>`, started by `child_process.fork`. How Redis is reached
 * comes from the environment, as in any deployment. It ends with the process that started it, however that one ends.
 */
import { redisOptionsFromEnv } from '../../lib/index.js';
import { BookServer } from './book-server.js';
import type { ServerNotice } from './server-notice.js';

const [name = 'server', port = '0', file = 'books.db'] = process.argv.slice(2);

const notify = (notice: ServerNotice): void => {
  if (process.connected) process.send?.(notice);
};

const server = new BookServer({
  name,
  instanceId: `${name}-${process.pid}`,
  port: Number(port),
  file,
  redis: redisOptionsFromEnv(),
  hasLinks: process.env['BOOK_HAS_LINKS'] === '1',
  notify,
});

const end = (): void => {
  server.stop().then(
    () => process.exit(0),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
};

process.on('SIGINT', () => undefined); // Ctrl-C reaches the whole process group. Who started us decides what ends, and in which order.
process.on('SIGTERM', end);
process.on('disconnect', end);

try {
  notify({ kind: 'listening', url: await server.start() });
} catch (error) {
  notify({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  if (process.connected) process.disconnect(); // Else whoever started us was faster.
}
