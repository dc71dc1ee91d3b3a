import type { Backend } from '../support/backend.js';
import { EmbeddedServer } from '../support/embedded-server.js';
import { Fleet } from '../support/fleet.js';
import type { Links } from '../support/links.js';
import { ProcessServer } from '../support/process-server.js';
import type { MakeServer } from '../support/server-handle.js';
import { BookServer } from './book-server.js';
import { SERVER_NAMES } from './server-names.js';
import type { ServerNotice } from './server-notice.js';

/** What a fleet of book servers is given. */
export interface BookFleetOptions {
  /** Of the first server; the others take the next ones. `0`: any free ones. */
  readonly port: number;
  /** Of the database. */
  readonly file: string;
  readonly backend: Backend;
  /** The servers' links to Redis. `undefined`: there are none that could be paused, and a server dies after a commit if it is asked to. */
  readonly links: Links | undefined;
}

/** Four book servers: processes where there is a Redis between them, else containers of this process. */
export function bookFleet({ port, file, backend, links }: BookFleetOptions): Fleet<ServerNotice> {
  const program = new URL('./server-process.js', import.meta.url);
  const host = backend.env['BOOK_HOST']; // Processes read it themselves.
  const asContainer: MakeServer<ServerNotice> = (name, port, notify) =>
    new EmbeddedServer(
      name,
      (instanceId) => new BookServer({ name, instanceId, host, port, file, redis: undefined, hasLinks: false, notify }),
    );
  const asProcess: MakeServer<ServerNotice> = (name, port, notify) => {
    const env = links === undefined ? { ...backend.env, BOOK_MAY_DIE: '1' } : { ...links.envOf(name), BOOK_HAS_LINKS: '1' };
    return new ProcessServer({ name, program, args: [name, `${port}`, file], env, notify });
  };
  return new Fleet(SERVER_NAMES, backend.redis === undefined ? asContainer : asProcess, port);
}
