import type { Backend } from '../support/backend.js';
import { EmbeddedServer } from '../support/embedded-server.js';
import { Fleet } from '../support/fleet.js';
import type { Links } from '../support/links.js';
import { ProcessServer } from '../support/process-server.js';
import type { MakeServer } from '../support/server-handle.js';
import { AdminToken, TOKEN_VARIABLE } from './admin-token.js';
import { SERVER_NAMES } from './server-names.js';
import type { SettingsNotice } from './server-notice.js';
import { SettingsServer } from './settings-server.js';

/** What a fleet of servers is given. */
export interface SettingsFleetOptions {
  /** Of the first server; the others take the next ones. `0`: any free ones. */
  readonly port: number;
  /** Of the database. */
  readonly file: string;
  readonly token: string;
  readonly backend: Backend;
  /** The servers' ways to Redis, which can be cut; `undefined`: they reach it by themselves, or there is none. */
  readonly links: Links | undefined;
}

/** Three servers: processes where there is a Redis between them, else containers of this process. */
export function settingsFleet({ port, file, token, backend, links }: SettingsFleetOptions): Fleet<SettingsNotice> {
  const program = new URL('./server-process.js', import.meta.url);
  const asContainer: MakeServer<SettingsNotice> = (name, port, notify) =>
    new EmbeddedServer(
      name,
      (instanceId) => new SettingsServer({ name, instanceId, port, file, token: new AdminToken(token), redis: undefined, notify }),
    );
  const asProcess: MakeServer<SettingsNotice> = (name, port, notify) => {
    const env = { ...(links?.envOf(name) ?? backend.env), [TOKEN_VARIABLE]: token };
    return new ProcessServer<SettingsNotice>({ name, program, args: [name, `${port}`, file], env, notify });
  };
  return new Fleet(SERVER_NAMES, backend.redis === undefined ? asContainer : asProcess, port);
}
