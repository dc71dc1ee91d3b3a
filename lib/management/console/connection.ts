import { follow, type Hello, Refused, type StreamHandlers, token, Unauthorized } from './api.js';
import { byId, setText } from './dom.js';
import { timeOfDay } from './format.js';
import type { Problems } from './problems.js';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;

/** The handler sends something every second. After so much silence there is no answer. */
const NO_ANSWER_AFTER_MS = 5_000;

/** The stream of the handler: followed as long as the page is open, and taken up again when it is lost. */
export class Connection {
  readonly #handlers: StreamHandlers;
  readonly #problems: Problems;
  readonly #opened: () => void;
  #instance: string | undefined;
  /** When something has last arrived, by the wall clock. */
  #heardAt: number | undefined;

  /** @param opened - called each time when the stream is open. */
  constructor(handlers: StreamHandlers, problems: Problems, opened: () => void) {
    this.#handlers = { ...handlers, hello: (hello) => this.#hello(hello, handlers) };
    this.#problems = problems;
    this.#opened = opened;
  }

  /** Follows the stream, again and again. */
  async stay(): Promise<never> {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        await this.#follow(() => (pause = FIRST_PAUSE_MS));
      } catch (error) {
        if (error instanceof Unauthorized) {
          this.#show('lost', 'Locked');
          this.#problems.solve('server');
          askForToken();
          await tokenGiven();
          continue;
        }
        this.#problems.show('server', error instanceof Refused ? `${this.#name} refuses the live stream: ${error.message}` : this.#silence);
      }
      this.#show('lost', 'Reconnecting');
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  /** Until the stream ends, or nothing arrives any more. */
  async #follow(opened: () => void): Promise<void> {
    const giveUp = new AbortController();
    let isOpen = false;
    let waiting = setTimeout(() => giveUp.abort(), NO_ANSWER_AFTER_MS);
    const heard = (): void => {
      clearTimeout(waiting);
      waiting = setTimeout(() => giveUp.abort(), NO_ANSWER_AFTER_MS);
      this.#heardAt = Date.now();
      if (isOpen) return;
      isOpen = true;
      opened();
      this.#show('live', 'Live');
      this.#problems.solve('server');
      this.#opened();
    };
    try {
      await follow(this.#handlers, heard, giveUp.signal);
    } finally {
      clearTimeout(waiting);
    }
  }

  #hello(hello: Hello, handlers: StreamHandlers): void {
    this.#instance = hello.instance;
    handlers.hello(hello);
  }

  get #name(): string {
    return this.#instance === undefined ? location.host : `${this.#instance} (${location.host})`;
  }

  get #silence(): string {
    const since = this.#heardAt === undefined ? '' : ` since ${timeOfDay(this.#heardAt).slice(0, 8)}`;
    return `No answer from ${this.#name}${since}. What is shown is as old as it says. The page goes on asking.`;
  }

  #show(state: 'live' | 'lost', text: string): void {
    byId('connection').dataset['state'] = state;
    setText(byId('connection'), text);
  }
}

/** Asks for a token. The stream is tried again with it. */
export function askForToken(): void {
  const dialog = byId<HTMLDialogElement>('token');
  if (token.get() !== '') setText(byId('token-text'), 'The one given is not right. It is kept until this tab is closed.');
  if (!dialog.open) dialog.showModal();
}

async function tokenGiven(): Promise<void> {
  const dialog = byId<HTMLDialogElement>('token');
  await new Promise((resolve) => dialog.addEventListener('close', resolve, { once: true }));
  const value = byId<HTMLInputElement>('token-value');
  token.set(value.value.trim());
  value.value = '';
}
