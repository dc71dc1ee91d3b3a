import { inMs } from './report.js';

/** A request with a token. */
export interface TokenUse {
  /** When it was asked, on the clock that tokens end by. */
  readonly atMs: number;
  readonly status: number;
}

/** What was seen of the end of a token. */
export class TokenEnd {
  readonly #endsAtMs: number;
  readonly #uses: TokenUse[] = [];

  constructor(endsAtMs: number) {
    this.#endsAtMs = endsAtMs;
  }

  note(use: TokenUse): void {
    this.#uses.push(use);
  }

  /** Whether it was accepted, and no request was accepted that was asked after its end. */
  get isKept(): boolean {
    const accepted = this.#accepted;
    return accepted.length > 0 && accepted.every(({ atMs }) => atMs < this.#endsAtMs);
  }

  /** In words: the last request that was accepted, and the first that was not. */
  get told(): string {
    const last = this.#accepted.at(-1);
    const refused = this.#uses.find(({ status }) => status !== 200);
    const first = last === undefined ? 'never accepted' : `accepted ${this.#accepted.length} times, at last ${this.#when(last)}`;
    return `${first}; ${refused === undefined ? 'never refused' : `answered ${refused.status} ${this.#when(refused)}`}`;
  }

  get #accepted(): readonly TokenUse[] {
    return this.#uses.filter(({ status }) => status === 200);
  }

  #when({ atMs }: TokenUse): string {
    const ms = atMs - this.#endsAtMs;
    return ms < 0 ? `${inMs(-ms)} before its end` : `${inMs(ms)} after its end`;
  }
}
