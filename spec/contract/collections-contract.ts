import { expect } from 'chai';
import type { CacheKey } from '../../lib/cache/index.js';
import type { CacheStage } from './cache-stage.js';
import { describeRefusedBatches } from './collections-refusals.js';
import { describeFreshCollections } from './collections-freshness-contract.js';
import { describeOvertakenBatches } from './collections-eviction-contract.js';
import { describeSharedBatches } from './collections-sharing-contract.js';
import { describeBatchesOfFleet } from './collections-fleet-contract.js';
import { neverAll, noted, valuesBy } from './collections-stage.js';
import { rejectionOf } from './rejection.js';

/** The part of the cache contract that is about many keys in one go, and about options, tiers and instances. */
export function describeCollectionsContract(stage: CacheStage): void {
  describe('getAllOrLoad', () => {
    describeAnswers(stage);
    describeNulls(stage);
    describeStored(stage);
    describeRefusedBatches(stage);
    describeSharedBatches(stage);
    describeOvertakenBatches(stage);
    describeFreshCollections(stage);
    describeBatchesOfFleet(stage);
  });
}

function describeAnswers(stage: CacheStage): void {
  it('takes a hole in the array for the key undefined, and never for its name', async () => {
    const keys: (string | undefined)[] = Object.assign(new Array<string>(3), { 0: 'x', 2: 'y' });
    const { calls, load } = noted((missing) => missing.map((key) => `of ${typeof key} ${String(key)}`));
    const answer = await stage.cache.getAllOrLoad(keys, load);
    expect(calls).to.deep.equal([['x', undefined, 'y']]);
    expect([...answer.values()]).to.deep.equal(['of string x', 'of undefined undefined', 'of string y']);
    expect(await stage.cache.getAll(['undefined', undefined])).to.deep.equal([undefined, { value: 'of undefined undefined' }]);
    await stage.cache.put('undefined', 'its name');
    const found = (await stage.cache.getAll(keys as CacheKey[])).map((each) => each?.value);
    expect(found).to.deep.equal(['of string x', 'of undefined undefined', 'of string y']);
    await stage.cache.evictAll(keys);
    expect(await stage.cache.getAll(['x', undefined, 'y', 'undefined'])).to.deep.equal([
      undefined,
      undefined,
      undefined,
      { value: 'its name' },
    ]);
  });

  for (const copy of ['clone', 'freeze'] as const) {
    it(`hands out values as the cache does: \`copy: '${copy}'\``, async () => {
      await stage.use({ copy });
      const keys = ['a', 'b'];
      const loaded = await stage.cache.getAllOrLoad(keys, (missing) => missing.map((key) => ({ key })));
      const [one, other] = await Promise.all([1, 2].map(() => stage.cache.getAllOrLoad(keys, neverAll)));
      for (const key of keys) {
        const values = [loaded, one, other].map((answer) => answer?.get(key));
        expect(values).to.deep.equal([{ key }, { key }, { key }]);
        if (copy === 'freeze') expect(values.map(Object.isFrozen)).to.deep.equal([true, true, true]);
        else expect([new Set(values).size, ...values.map(Object.isFrozen)]).to.deep.equal([3, false, false, false]);
      }
    });
  }
}

function describeNulls(stage: CacheStage): void {
  it('does not store as null what may not be null, and tells', async () => {
    await stage.use({ allowNullValues: false });
    const told: unknown[] = [];
    const answer = await stage.cache.getAllOrLoad(['a', 'none'], (keys) => valuesBy('of', keys.slice(0, 1)), {
      absent: 'null',
      onError: (verb, error, key, value) => void told.push([verb, (error as { code: string }).code, key, value]),
    });
    expect([...answer]).to.deep.equal([['a', 'of a'], ['none', null]]); // prettier-ignore
    expect(told).to.deep.equal([['put', 'CACHE_VALUE_NULL', 'none', null]]);
    expect(await stage.cache.getAll(['a', 'none'])).to.deep.equal([{ value: 'of a' }, undefined]);
  });

  it('fails with what `onError` throws', async () => {
    await stage.use({ allowNullValues: false });
    const thrown = new Error('strict');
    const onError = (): never => {
      throw thrown;
    };
    const failed = stage.cache.getAllOrLoad(['a', 'b'], (keys) => keys.map((key) => (key === 'a' ? null : key)), { onError });
    expect(await rejectionOf(failed)).to.equal(thrown);
  });
}

function describeStored(stage: CacheStage): void {
  it('does not store an element whose `ttl` is over, cannot be one, or cannot be computed', async () => {
    const errors: unknown[] = [];
    stage.here.runtime.events.on('error', ({ where }) => void errors.push(where));
    const ttls: Readonly<Record<string, unknown>> = { over: 0, past: -1, wrong: 'soon', well: '5m' };
    const ttl = (_value: unknown, key: CacheKey): never => {
      if (key === 'thrown') throw new Error('No time.');
      return ttls[key as string] as never;
    };
    const keys = ['over', 'past', 'wrong', 'thrown', 'well'];
    const answer = await stage.cache.getAllOrLoad(keys, noted().load, { ttl });
    expect(answer).to.deep.equal(valuesBy('of', keys));
    expect(await stage.cache.getAll(keys)).to.deep.equal([undefined, undefined, undefined, undefined, { value: 'of well' }]);
    expect(errors).to.deep.equal(["`ttl` of a load into cache 'book'", "`ttl` of a load into cache 'book'"]);
  });

  if (!stage.hasRemote) return;

  it('stores the others if one cannot be encoded, or is too large, and tells of it', async () => {
    await stage.use({ maximumValueSize: 1_000 });
    const told: unknown[] = [];
    const values: Readonly<Record<string, unknown>> = { a: 'A', method: { close: () => undefined }, large: 'x'.repeat(2_000), b: 'B' };
    const keys = Object.keys(values);
    const answer = await stage.cache.getAllOrLoad(keys, (missing) => missing.map((key) => values[key]), {
      onError: (verb, error, key, value) => void told.push([verb, (error as { code: string }).code, key, value === values[key]]),
    });
    expect([...answer]).to.deep.equal(Object.entries(values));
    expect(told).to.have.deep.members([
      ['put', 'CACHE_VALUE_UNSUPPORTED', 'method', true],
      ['put', 'CACHE_VALUE_TOO_LARGE', 'large', true],
    ]);
    expect(await stage.cache.getAll(keys)).to.deep.equal([{ value: 'A' }, undefined, undefined, { value: 'B' }]);
    for (const key of ['method', 'large']) expect(await stage.load(key, 'small'), 'its fill lease was given back').to.equal('small');
    expect(await stage.cache.getAll(keys)).to.deep.equal(['A', 'small', 'small', 'B'].map((value) => ({ value })));
  });
}
