import { NoticeLog } from './notice-log.js';
import type { MakeServer, ServerHandle } from './server-handle.js';

/** A sample's servers, and what they tell. */
export class Fleet<N extends { readonly kind: string }> {
  readonly servers: readonly ServerHandle[];
  readonly notices = new NoticeLog<N>();

  /** @param basePort - the port of the first server; the others take the next ones. `0`: any free ones. */
  constructor(names: readonly string[], make: MakeServer<N>, basePort = 0) {
    this.servers = names.map((name, i) => make(name, basePort === 0 ? 0 : basePort + i, (notice) => this.notices.add(name, notice)));
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
