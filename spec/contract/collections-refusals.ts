import { expect } from 'chai';
import type { CacheKey } from '../../lib/cache/index.js';
import type { CacheStage } from './cache-stage.js';
import { type AllOptions, neverAll, noted, valuesBy } from './collections-stage.js';
import { cacheErrorOf, rejectionOf } from './rejection.js';

const TOO_LONG = 'x'.repeat(2 ** 20 + 1);

/** What a read of many keys refuses: options, arguments and keys. */
export function describeRefusedBatches(stage: CacheStage): void {
  const refused: Readonly<Record<string, readonly [options: unknown, message: string]>> = {
    'a `maximumBatch` of 0': [{ maximumBatch: 0 }, 'Expected `maximumBatch` to be a whole number of at least 1, got 0.'],
    'a negative `maximumBatch`': [{ maximumBatch: -1 }, 'Expected `maximumBatch` to be a whole number of at least 1, got -1.'],
    'half a key': [{ maximumBatch: 1.5 }, 'Expected `maximumBatch` to be a whole number of at least 1, got 1.5.'],
    'a `maximumBatch` in words': [{ maximumBatch: '10' }, 'Expected `maximumBatch` to be a whole number of at least 1, got 10.'],
    'another `absent`': [{ absent: 'nil' }, "Expected `absent` to be 'null' or 'undefined', got nil."],
    'null as `absent`': [{ absent: null }, "Expected `absent` to be 'null' or 'undefined', got null."],
  };
  for (const [what, [options, message]] of Object.entries(refused)) {
    it(`refuses ${what} before anything is loaded`, async () => {
      const error = await cacheErrorOf(stage.cache.getAllOrLoad(['a'], neverAll, options as AllOptions));
      expect([error.code, error.message]).to.deep.equal(['CACHE_OPTION_INVALID', message]);
    });
  }

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

  it('refuses what is no array of keys, and what is no loader', async () => {
    for (const [keys, loader] of [
      ['ab', neverAll],
      [new Set(['a']), neverAll],
      [undefined, neverAll],
      [['a'], undefined],
      [[], 'load'],
    ])
      // prettier-ignore
      expect((await cacheErrorOf(stage.cache.getAllOrLoad(keys as string[], loader as never))).code).to.equal('CACHE_OPTION_INVALID');
  });

  it('refuses a key that cannot be one, tells of it, and loads nothing', async () => {
    const told: unknown[] = [];
    const { calls, load } = noted();
    const bad = Symbol('bad') as unknown as CacheKey;
    const failed = stage.cache.getAllOrLoad(['a', bad], load, { onError: (verb, error, key) => void told.push([verb, error, key]) });
    const error = await cacheErrorOf(failed);
    expect([error.code, told, calls]).to.deep.equal(['CACHE_KEY_UNSUPPORTED', [['get', error, bad]], []]);
  });

  it('loads a key that is too long with the others, does not store it, and tells of it', async () => {
    const told: unknown[] = [];
    const { calls, load } = noted();
    const onError: AllOptions['onError'] = (verb, error, key) => void told.push([verb, (error as { code: string }).code, key]);
    for (let i = 0; i < 2; i += 1) {
      const answer = await stage.cache.getAllOrLoad(['a', TOO_LONG, 'b'], load, { onError });
      expect(answer).to.deep.equal(valuesBy('of', ['a', TOO_LONG, 'b']));
    }
    expect(calls).to.deep.equal([['a', TOO_LONG, 'b'], [TOO_LONG]]);
    expect(told).to.deep.equal([['get', 'CACHE_KEY_TOO_LONG', TOO_LONG], ['get', 'CACHE_KEY_TOO_LONG', TOO_LONG]]); // prettier-ignore
  });

  it('loads a key that is too long under a tracer too, which is told of the others', async () => {
    const traced: unknown[] = [];
    stage.here.runtime.events.tracer = {
      trace: ({ step, keys }, action) => (step === 'load' && traced.push(keys), Promise.resolve(action())),
    };
    const answer = await stage.cache.getAllOrLoad(['a', TOO_LONG, 'b'], noted().load);
    expect(answer).to.deep.equal(valuesBy('of', ['a', TOO_LONG, 'b']));
    expect(traced).to.deep.equal([['a', 'b']]);
  });

  it('fails with what `onError` throws about a key', async () => {
    const thrown = new Error('strict');
    const onError = (): never => {
      throw thrown;
    };
    expect(await rejectionOf(stage.cache.getAllOrLoad(['a', TOO_LONG], neverAll, { onError }))).to.equal(thrown);
  });
}
