import { BookClient } from './book-client.js';
import type { Fleet } from '../support/fleet.js';
import type { ServerNotice } from './server-notice.js';
import { STOCK } from './stock.js';

/** How often a book is read, from one server after the other, in milliseconds. */
const READ_EVERY_MS = 60;

/** People who look at books, so that there is something to be seen. */
export class Readers {
  readonly #fleet: Fleet<ServerNotice>;
  #timer: NodeJS.Timeout | undefined;
  #turn = 0;

  constructor(fleet: Fleet<ServerNotice>) {
    this.#fleet = fleet;
  }

  /** Idempotent. */
  start(): void {
    this.#timer ??= setInterval(() => this.#read(), READ_EVERY_MS);
  }

  /** Idempotent. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #read(): void {
    const turn = (this.#turn += 1);
    const { servers } = this.#fleet;
    const url = servers[turn % servers.length]?.url;
    const book = STOCK[Math.floor(turn / servers.length) % STOCK.length];
    if (url === undefined || url === '' || book === undefined) return;
    new BookClient(url).find(book.name).catch(() => undefined); // A reader whose server has ended shrugs.
  }
}
