import { NoticeLog } from './notice-log.js';
import { SERVER_NAMES } from './server-names.js';
import type { MakeServer, ServerHandle } from './server-handle.js';

/** The four servers, and what they tell. */
export class Fleet {
  readonly servers: readonly ServerHandle[];
  readonly notices = new NoticeLog();

  /** @param basePort - the port of the first server; the others take the next ones. `0`: any free ones. */
  constructor(make: MakeServer, basePort = 0) {
    this.servers = SERVER_NAMES.map((name, i) => make(name, basePort === 0 ? 0 : basePort + i, (notice) => this.notices.add(name, notice)));
  }

  /** Resolves once all answer requests. */
  async start(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.start()));
  }

  /** Ends all of them, whatever became of them before. */
  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
  }
}
