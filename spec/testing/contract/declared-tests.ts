import type { TestRunner } from '../../../lib/testing/index.js';

/** A test runner that runs nothing until it is told to. */
export class DeclaredTests implements TestRunner {
  /** The titles that were left out. */
  readonly leftOut: string[] = [];
  readonly #tests = new Map<string, () => Promise<void>>();
  readonly #path: string[] = [];

  readonly describe = (title: string, body: () => void): void => {
    this.#path.push(title);
    body();
    this.#path.pop();
  };

  readonly it = Object.assign((title: string, test: () => Promise<void>) => void this.#tests.set(this.#full(title), test), {
    skip: (title: string) => void this.leftOut.push(this.#full(title)),
  });

  get titles(): readonly string[] {
    return [...this.#tests.keys()];
  }

  /** Runs the tests with these titles, and tells the titles of those that fail. Default: all. */
  async failures(titles = this.titles): Promise<readonly string[]> {
    const failed: string[] = [];
    for (const title of titles) await this.#tests.get(title)!().catch(() => failed.push(title));
    return failed;
  }

  /** Without the title of the contract. */
  #full(title: string): string {
    return [...this.#path.slice(1), title].join(' ');
  }
}
