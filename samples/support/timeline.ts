import { monotonicMs } from './monotonic-time.js';
import type { Colour, Painter } from './painter.js';
import type { AnswerSource } from './request-trace.js';

const COLOURS: Readonly<Partial<Record<string, Colour>>> = {
  L1: 'green',
  L2: 'cyan',
  database: 'yellow',
  joined: 'cyan',
  stale: 'yellow',
} satisfies Record<AnswerSource, Colour>;

/**
 * Prints what happened when, and on which server:
 *
 * `+    41.3 ms  server-2  saw the eviction`
 */
export class Timeline {
  readonly #print: (line: string) => void;
  readonly #paint: Painter;
  readonly #startedAtMs: number;

  /** Its zero is now. */
  constructor(print: (line: string) => void, paint: Painter) {
    this.#print = print;
    this.#paint = paint;
    this.#startedAtMs = monotonicMs();
  }

  /** Begins a chapter. */
  chapter(title: string): void {
    this.#print('');
    this.#print(this.#paint('bold', title));
  }

  /** Something happened on a server at this time of the common clock. */
  event(atMs: number, server: string, text: string): void {
    const offset = `+ ${(atMs - this.#startedAtMs).toFixed(1).padStart(7)} ms`;
    this.#print(`  ${this.#paint('dim', offset)}  ${server.padEnd(8)}  ${text}`);
  }

  /** A server answered a read, now. `what` tells its answer; `source` is an {@link AnswerSource}, or another place. */
  answer(server: string, what: string, source: string, isFresh: boolean): void {
    const verdict = isFresh ? '' : this.#paint('red', '   STALE');
    this.event(monotonicMs(), server, `read    ${what}  ${this.#paint(COLOURS[source] ?? 'cyan', `from ${source}`)}${verdict}`);
  }
}
