/** The right of one put to keep its value in the local tier, where there is no remote one. */
export interface PutTicket {
  readonly key: string;
  /** Whether something else may have changed the key since the put was sent. */
  isOvertaken: boolean;
}

/**
 * The puts of one cache that Redis has not answered yet. A put removes its key everywhere, and keeps the new
 * value here when its eviction is answered. The eviction of another instance may have been executed after
 * that, and yet be heard before: it travels on another connection. It overtakes the put.
 *
 * Evictions by this instance do not: their replies come in the order in which they were executed, on the
 * connection of the put.
 */
export class PutTickets {
  readonly #open = new Set<PutTicket>();

  begin(key: string): PutTicket {
    const ticket: PutTicket = { key, isOvertaken: false };
    this.#open.add(ticket);
    return ticket;
  }

  /** Gives a ticket back. */
  end(ticket: PutTicket): void {
    this.#open.delete(ticket);
  }

  /** Another instance has removed these keys. Default: all, or nobody knows which. */
  overtake(keys?: readonly string[]): void {
    for (const ticket of this.#open) if (keys?.includes(ticket.key) !== false) ticket.isOvertaken = true;
  }
}
