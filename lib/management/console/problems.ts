import { byId, make, setText } from './dom.js';

interface Line {
  readonly element: HTMLElement;
  readonly text: HTMLElement;
  /** Something that was asked for and has failed. */
  readonly isFailure: boolean;
}

/** The place for what is wrong. A line is there until it works again. */
export class Problems {
  readonly #place = byId('problems');
  readonly #lines = new Map<string, Line>();

  /** Something is wrong, until it is solved. */
  show(id: string, text: string): void {
    this.#say(id, text, false);
  }

  /** Something that was asked for has failed. It is there until it works, or the reader has seen it. */
  failed(id: string, text: string): void {
    this.#say(id, text, true);
  }

  solve(id: string): void {
    this.#lines.get(id)?.element.remove();
    this.#lines.delete(id);
  }

  /** The connections work again, so what has failed may be asked for again. */
  recovered(): void {
    for (const [id, { isFailure }] of this.#lines) if (isFailure) this.solve(id);
  }

  has(id: string): boolean {
    return this.#lines.has(id);
  }

  #say(id: string, said: string, isFailure: boolean): void {
    let line = this.#lines.get(id);
    if (line === undefined) {
      const text = make('p');
      line = { element: make('div.notice', text, isFailure ? this.#closing(id) : undefined), text, isFailure };
      line.element.dataset['problem'] = id;
      this.#lines.set(id, line);
      this.#place.append(line.element);
    }
    setText(line.text, said);
  }

  #closing(id: string): HTMLElement {
    const button = make('button.quiet', 'Close');
    button.type = 'button';
    button.addEventListener('click', () => this.solve(id));
    return button;
  }
}
