import { expect } from 'chai';
import { runProgram } from '../../support/run-program.js';

describe("the contracts under Node's own test runner", () => {
  it('need nothing but `describe` and `it`', async () => {
    const output = await runProgram(`
      import { describe, it } from 'node:test';
      const { describeCacheContract, describeCacheManagerContract } = await import(new URL('testing/index.js', LIBRARY));
      const { MapCache, MapCacheManager } = await import(new URL('../spec/support/map-cache.js', LIBRARY));
      const features = { ttl: false, tags: false, intents: false, statistics: false, reentrantLoads: false };
      describeCacheContract(() => new MapCache('book'), { describe, it, features });
      describeCacheManagerContract(() => new MapCacheManager(), { describe, it, features: { refusal: false } });
    `);
    expect(output).to.match(/^ℹ fail 0$|^# fail 0$/m);
    expect(output).to.include('runs one loader for callers that come together');
    expect(output).to.match(/takes an empty list for nothing to do \(left out: no tags\).*SKIP/);
  });
});
