import type { Painter } from '../support/painter.js';

/** What the story has shown: prints every statement as it is made, and counts those that did not hold. */
export class Report {
  readonly #print: (line: string) => void;
  readonly #paint: Painter;
  #made = 0;
  #broken = 0;

  constructor(print: (line: string) => void, paint: Painter) {
    this.#print = print;
    this.#paint = paint;
  }

  chapter(title: string): void {
    this.#print('');
    this.#print(this.#paint('bold', title));
  }

  /** Says what was measured. */
  tell(text: string): void {
    this.#print(`         ${text}`);
  }

  /** States something that must hold. */
  state(holds: boolean, text: string): void {
    this.#made += 1;
    if (!holds) this.#broken += 1;
    this.#print(`  ${holds ? this.#paint('green', 'ok   ') : this.#paint('red', 'WRONG')}  ${text}`);
  }

  /** Prints the verdict. @returns the exit code: `0` if everything held. A story that stated nothing has shown nothing. */
  conclude(): number {
    const isGood = this.#made > 0 && this.#broken === 0;
    this.#print('');
    if (isGood) this.#print(this.#paint('green', `All ${this.#made} statements held.`));
    else this.#print(this.#paint('red', `${this.#broken} of ${this.#made} statements did not hold.`));
    return isGood ? 0 : 1;
  }
}

/** `1.2 ms`. */
export const inMs = (ms: number): string => `${ms.toFixed(1)} ms`;
