import type { CommandLink } from './command-link.js';
import type { SubscriberLink } from './subscriber-link.js';

/** What both links of an instance can suffer. */
export interface SimulatedLink {
  /** Loses the connection, with all that is on its way. The instance notices, and connects again. */
  cut(): void;
  /** From now on nothing goes through, nothing gets lost, and nobody is told: the connection is half-open. */
  halfOpen(): void;
  /** Ends {@link halfOpen}: what was held back goes on. */
  heal(): void;
}

/** The link of an instance that carries its commands. */
export class SimulatedCommandLink implements SimulatedLink {
  readonly #link: CommandLink;
  readonly #tell: (line: string) => void;

  /** @internal Made by {@link simulateFleet}. */
  constructor(link: CommandLink, tell: (line: string) => void) {
    this.#link = link;
    this.#tell = tell;
  }

  /**
   * Loses the connection.
   *
   * @param late - whether what was sent may still be executed, with nobody to hear the answer. Default:
   *   `false`.
   */
  cut(late = false): void {
    this.#tell(late ? 'cut(true)' : 'cut()');
    this.#link.cut(late);
  }

  halfOpen(): void {
    this.#tell('halfOpen()');
    this.#link.hold();
  }

  heal(): void {
    this.#tell('heal()');
    this.#link.resume();
  }
}

/** The link of an instance on which it hears messages. */
export class SimulatedSubscriberLink implements SimulatedLink {
  readonly #link: SubscriberLink;
  readonly #tell: (line: string) => void;

  /** @internal Made by {@link simulateFleet}. */
  constructor(link: SubscriberLink, tell: (line: string) => void) {
    this.#link = link;
    this.#tell = tell;
  }

  cut(): void {
    this.#tell('cut()');
    this.#link.cut(false);
  }

  halfOpen(): void {
    this.#tell('halfOpen()');
    this.#link.hold();
  }

  heal(): void {
    this.#tell('heal()');
    this.#link.resume();
  }

  /**
   * Loses messages without a trace: the connection stands, and nobody is told.
   *
   * @param count - how many of the next ones. Default: 1.
   * @param channel - of which channel, as in `'book-channel'`. Default: of any. The heartbeats of the
   *   instance come back on a channel too.
   */
  dropNext(count = 1, channel?: string): void {
    this.#tell(`dropNext(${count}${channel === undefined ? '' : `, '${channel}'`})`);
    this.#link.swallow(channel, count);
  }
}
