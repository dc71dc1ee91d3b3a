import type { FakeRedis } from './fake-redis.js';
import type { Memory } from './fake-memory.js';
import type { Links } from './simulated-backend.js';

/** What a {@link SimulatedRedis} remembered at some time. */
export interface RedisSnapshot {
  /** @internal */
  readonly memory: Memory;
}

/** The Redis of a simulated fleet. It is up when the fleet begins. */
export class SimulatedRedis {
  readonly #server: FakeRedis;
  readonly #links: () => readonly Links[];
  readonly #tell: (line: string) => void;
  #isDown = false;

  /** @internal Made by {@link simulateFleet}. */
  constructor(server: FakeRedis, links: () => readonly Links[], tell: (line: string) => void) {
    this.#server = server;
    this.#links = links;
    this.#tell = tell;
  }

  /** Forgets everything, as FLUSHALL does. Connections stand. */
  flush(): void {
    this.#tell('flush()');
    this.#server.flush();
  }

  /** What it remembers now, to {@link restart} with. */
  snapshot(): RedisSnapshot {
    return { memory: this.#server.snapshot() };
  }

  /**
   * Ends, and comes back at once as another process. All connections are lost.
   *
   * @param from - what it remembers. Default: nothing.
   */
  restart(from?: RedisSnapshot): void {
    this.#tell(from === undefined ? 'restart()' : 'restart(snapshot)');
    this.#server.restart(from?.memory);
    for (const { command, subscriber } of this.#links()) {
      command.cut(false);
      subscriber.cut(true);
    }
  }

  /** Goes away: all connections are lost, and none can be opened. It forgets nothing. */
  down(): void {
    this.#tell('down()');
    this.#isDown = true;
    for (const links of this.#links()) {
      links.command.cut(false);
      links.subscriber.cut(true);
      this.met(links);
    }
  }

  /** @internal These links lead to it. */
  met({ command, subscriber }: Links): void {
    if (!this.#isDown) return;
    command.hold('server');
    subscriber.hold('server');
  }

  /** Ends {@link down}. */
  up(): void {
    this.#tell('up()');
    this.#isDown = false;
    for (const { command, subscriber } of this.#links()) {
      command.resume('server');
      subscriber.resume('server');
    }
  }
}
