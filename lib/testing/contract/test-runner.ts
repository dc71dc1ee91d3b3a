/** The function of a test runner that declares one test: `it` of node:test, Mocha, Vitest or Jest. */
export interface DeclareTest {
  (title: string, test: () => Promise<void>): unknown;
  /** Declares a test that does not run. Default: a test that was left out is declared as one that passes. */
  readonly skip?: ((title: string, test: () => Promise<void>) => unknown) | undefined;
}

/** The two functions of a test runner that a contract is declared with. No hooks are needed. */
export interface TestRunner {
  /** Groups tests: `describe` of node:test, Mocha, Vitest or Jest. */
  readonly describe: (title: string, body: () => void) => unknown;
  readonly it: DeclareTest;
}

/** Declares a test that does not run. Its title says why. */
export function leaveOut({ it }: TestRunner, title: string, why: string): void {
  const declare = it.skip?.bind(it) ?? it;
  declare(`${title} (left out: ${why})`, () => Promise.resolve());
}

/** Ends what a test was given: by the caller's function, or by its own `stop`, if it has one. */
export async function endTest<T extends object>(made: T, stop?: (made: T) => unknown): Promise<void> {
  if (stop !== undefined) await stop(made);
  else await (made as { stop?: (() => unknown) | undefined }).stop?.();
}
