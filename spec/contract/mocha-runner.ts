import type { TestRunner } from '../../lib/testing/index.js';

/** Mocha, for the published contracts. A spec says itself what its implementation lacks, so nothing is pending. */
export const mochaRunner: TestRunner = {
  describe,
  it: Object.assign((title: string, test: () => Promise<void>) => it(title, test), { skip: () => undefined }),
};
