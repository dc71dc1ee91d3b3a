import { expect } from 'chai';
import type { CacheStage } from './cache-stage.js';
import { type AllOptions, noted, valuesBy } from './collections-stage.js';
import { cacheErrorOf } from './rejection.js';

const TOO_LONG = 'x'.repeat(2 ** 20 + 1);

/** Which options a read of many keys refuses beside its own, and what a tracer is told of a key that is refused. */
export function describeRefusedBatches(stage: CacheStage): void {
  const others: Readonly<Record<string, AllOptions>> = {
    'tags in a cache without them': { tags: ['herbert'] },
    'a `refreshAfter` that is none': { refreshAfter: 'soon' as never },
    'a `staleIfError` that is none': { staleIfError: 'yes' as never },
    'a `loadTimeout` that is none': { loadTimeout: -1 },
  };
  for (const [what, options] of Object.entries(others)) {
    it(`refuses ${what} before anything is loaded`, async () => {
      const { calls, load } = noted();
      expect((await cacheErrorOf(stage.cache.getAllOrLoad(['a'], load, options))).code).to.equal('CACHE_OPTION_INVALID');
      expect(calls).to.deep.equal([]);
    });
  }

  it('loads a key that is too long under a tracer too, which is told of the others', async () => {
    const traced: unknown[] = [];
    stage.here.runtime.events.tracer = {
      trace: ({ step, keys }, action) => (step === 'load' && traced.push(keys), Promise.resolve(action())),
    };
    const answer = await stage.cache.getAllOrLoad(['a', TOO_LONG, 'b'], noted().load);
    expect(answer).to.deep.equal(valuesBy('of', ['a', TOO_LONG, 'b']));
    expect(traced).to.deep.equal([['a', 'b']]);
  });
}
