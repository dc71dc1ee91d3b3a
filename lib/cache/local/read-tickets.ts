import type { Milliseconds } from '../../time/index.js';
import { TransientMap } from '../transient-map.js';

/** A load that later callers of the same key may join. */
export interface Joinable {
  /** Whether it has lasted for `limitMs`. */
  isLate(now: Milliseconds, limitMs: Milliseconds): boolean;
}

/**
 * The right of one read to fill the local tier. The read takes it before anything is sent.
 *
 * An eviction of the key, a clear, or messages that were missed cancel the ticket. The value is then given to
 * the callers who already wait for it, and is not kept.
 */
export class ReadTicket<L extends Joinable = Joinable> {
  isCancelled = false;
  /** If the read may run a loader: its load, which later callers of the key may join. */
  load: L | undefined;
  /** The next older ticket of the same key. */
  older: ReadTicket<L> | undefined;

  constructor(
    readonly version: number,
    older: ReadTicket<L> | undefined,
  ) {
    this.older = older;
  }
}

/** The tickets of one cache: one for each running read. */
export class ReadTickets<L extends Joinable = Joinable> {
  /** The newest ticket of each key. It links to the older ones. */
  readonly #newest = new TransientMap<string, ReadTicket<L>>();
  /**
   * Increased by every {@link cancelAll}: tickets with an older version are cancelled without being visited.
   */
  #version = 0;

  begin(key: string): ReadTicket<L> {
    const ticket = new ReadTicket<L>(this.#version, this.#newest.get(key));
    this.#newest.set(key, ticket);
    return ticket;
  }

  /** Gives a ticket back: the read has its value, or has failed. */
  end(key: string, ticket: ReadTicket<L>): void {
    // The old table of a Map can stay in memory for long, and would keep every loaded value alive.
    ticket.load = undefined;
    const newest = this.#newest.get(key);
    if (newest === ticket) {
      if (ticket.older === undefined) this.#newest.remove(key);
      else this.#newest.set(key, ticket.older);
      return;
    }
    for (let at = newest; at !== undefined; at = at.older) if (at.older === ticket) at.older = ticket.older;
  }

  /**
   * The newest load of `key` that can be joined, if it has not lasted for `limitMs`. Plain reads may have
   * begun after it.
   */
  joinable(key: string, now: Milliseconds, limitMs: Milliseconds): L | undefined {
    let ticket = this.#newest.get(key);
    while (ticket !== undefined && ticket.load === undefined) ticket = ticket.older;
    return ticket?.load?.isLate(now, limitMs) === false ? ticket.load : undefined;
  }

  isValid(ticket: ReadTicket<L>): boolean {
    return !ticket.isCancelled && ticket.version === this.#version;
  }

  /** Cancels all tickets of `key`, and detaches their loads: later callers do not join them. */
  cancel(key: string): void {
    const newest = this.#newest.get(key);
    if (newest === undefined) return;
    for (let ticket: ReadTicket<L> | undefined = newest; ticket !== undefined; ticket = ticket.older) ticket.isCancelled = true;
    this.detach(key);
  }

  /** Makes the loads of `key` impossible to join. */
  protected detach(key: string): void {
    this.#newest.remove(key);
  }

  /** Cancels all tickets, of every key. */
  cancelAll(): void {
    this.#version += 1;
    this.#newest.clear();
  }
}
