import { NoticeLog } from './notice-log.js';
import type { MakeServer, ServerHandle } from './server-handle.js';

/** How many servers there are. */
export const FLEET_SIZE = 4;

/** The four servers, and what they tell. */
export class Fleet {
  readonly servers: readonly ServerHandle[];
  readonly notices = new NoticeLog();

  /** @param basePort - the port of the first server; the others take the next ones. `0`: any free ones. */
  constructor(make: MakeServer, basePort = 0) {
    this.servers = Array.from({ length: FLEET_SIZE }, (_, i) => {
      const name = `server-${i + 1}`;
      return make(name, basePort === 0 ? 0 : basePort + i, (notice) => this.notices.add(name, notice));
    });
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
