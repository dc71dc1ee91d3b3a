import type { Clock } from '../../time/index.js';

/** So many lines are kept; those before them are left out. */
const MOST_LINES = 2_000;

/** So many are told with a violation. */
const TOLD_LINES = 60;

/** What has happened in a simulation, for people. */
export class Schedule {
  readonly seed: number;
  readonly #clock: Clock;
  #lines: string[] = [];
  #violation: string | undefined;
  #told: string | undefined;

  constructor(seed: number, clock: Clock) {
    this.seed = seed;
    this.#clock = clock;
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** The first answer that broke the contract. `undefined`: none has. */
  get violation(): string | undefined {
    return this.#violation;
  }

  tell(line: string): void {
    this.#lines.push(`${this.#clock.now().toFixed(0).padStart(6)} ms  ${line}`);
    if (this.#lines.length > 2 * MOST_LINES) this.#lines = this.#lines.slice(-MOST_LINES);
  }

  violated(violation: string): void {
    this.tell(`✗ ${violation}`);
    if (this.#violation !== undefined) return;
    this.#violation = violation;
    this.#told = this.#text();
  }

  /** What is told with a violation: up to where it happened. */
  text(): string {
    return this.#told ?? this.#text();
  }

  #text(): string {
    const lines = this.#lines.filter((line) => !/heartbeat|inbox/.test(line));
    const told = lines.slice(-TOLD_LINES);
    const omitted = lines.length > told.length ? `  … ${lines.length - told.length} lines before\n` : '';
    return `What happened, without heartbeats:\n${omitted}${told.join('\n')}`;
  }
}
