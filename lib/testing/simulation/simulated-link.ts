import type { CommandLink } from './command-link.js';
import type { SubscriberLink } from './subscriber-link.js';

/** A link of a simulated instance, and what it can suffer. */
export abstract class SimulatedLink {
  readonly #lanes: { hold(): void; resume(): void };
  /** @internal */
  protected readonly tell: (line: string) => void;

  /** @internal Made by {@link simulateFleet}. */
  constructor(lanes: { hold(): void; resume(): void }, tell: (line: string) => void) {
    this.#lanes = lanes;
    this.tell = tell;
  }

  /** Loses the connection, with all that is on its way. The instance notices, and connects again. */
  abstract cut(): void;

  /** From now on nothing goes through, nothing gets lost, and nobody is told: the connection is half-open. */
  halfOpen(): void {
    this.tell('halfOpen()');
    this.#lanes.hold();
  }

  /** Ends {@link halfOpen}: what was held back goes on. */
  heal(): void {
    this.tell('heal()');
    this.#lanes.resume();
  }
}

/** The link of an instance that carries its commands. */
export class SimulatedCommandLink extends SimulatedLink {
  readonly #link: CommandLink;

  /** @internal Made by {@link simulateFleet}. */
  constructor(link: CommandLink, tell: (line: string) => void) {
    super(link, tell);
    this.#link = link;
  }

  /**
   * Loses the connection.
   *
   * @param late - whether what was sent may still be executed, with nobody to hear the answer. Default:
   *   `false`.
   */
  override cut(late = false): void {
    this.tell(late ? 'cut(true)' : 'cut()');
    this.#link.cut(late);
  }
}

/** The link of an instance on which it hears messages. */
export class SimulatedSubscriberLink extends SimulatedLink {
  readonly #link: SubscriberLink;

  /** @internal Made by {@link simulateFleet}. */
  constructor(link: SubscriberLink, tell: (line: string) => void) {
    super(link, tell);
    this.#link = link;
  }

  override cut(): void {
    this.tell('cut()');
    this.#link.cut(false);
  }

  /**
   * Loses messages without a trace: the connection stands, and nobody is told.
   *
   * @param count - how many of the next ones. Default: 1.
   * @param channel - of which channel, as in `'book-channel'`. Default: of any. The heartbeats of the
   *   instance come back on a channel too.
   */
  dropNext(count = 1, channel?: string): void {
    this.tell(`dropNext(${count}${channel === undefined ? '' : `, '${channel}'`})`);
    this.#link.swallow(channel, count);
  }
}
