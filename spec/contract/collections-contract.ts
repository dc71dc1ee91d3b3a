import { expect } from 'chai';
import type { CacheKey } from '../../lib/cache/index.js';
import type { CacheStage } from './cache-stage.js';
import { describeRefusedBatches } from './collections-refusals.js';
import { describeFreshCollections } from './collections-freshness-contract.js';
import { describeOvertakenBatches } from './collections-eviction-contract.js';
import { describeSharedBatches } from './collections-sharing-contract.js';
import { describeBatchesOfFleet } from './collections-fleet-contract.js';
import { neverAll, noted, valuesBy } from './collections-stage.js';
import { cacheErrorOf, rejectionOf } from './rejection.js';

/** The part of the cache contract that is about many keys in one go. */
export function describeCollectionsContract(stage: CacheStage): void {
  describe('getAllOrLoad', () => {
    describeAnswers(stage);
    describeLoaders(stage);
    describeAbsent(stage);
    describeStored(stage);
    describeFailures(stage);
    describeRuns(stage);
    describeRefusedBatches(stage);
    describeSharedBatches(stage);
    describeOvertakenBatches(stage);
    describeFreshCollections(stage);
    describeBatchesOfFleet(stage);
  });
}

function describeAnswers(stage: CacheStage): void {
  it('runs no loader for no keys', async () => {
    expect(await stage.cache.getAllOrLoad([], neverAll)).to.deep.equal(new Map());
  });

  it('runs no loader for keys that are all cached, null and undefined included', async () => {
    for (const [key, value] of [['a', 1], ['b', null], ['c', undefined]] as const) await stage.cache.put(key, value); // prettier-ignore
    const answer = await stage.cache.getAllOrLoad(['c', 'b', 'a', 'b'], neverAll);
    expect([...answer]).to.deep.equal([['b', null], ['a', 1]]); // prettier-ignore
    expect(stage.cache.statistics()).to.include({ loads: 0, misses: 0 });
  });

  it('loads what is missing, distinct and in the order in which it first appears, and answers in the order of the keys', async () => {
    await stage.cache.put('b', 'put');
    const { calls, load } = noted();
    const answer = await stage.cache.getAllOrLoad(['d', 'b', 'a', 'd', 'c', 'a'], load);
    expect(calls).to.deep.equal([['d', 'a', 'c']]);
    expect([...answer]).to.deep.equal([['d', 'of d'], ['b', 'put'], ['a', 'of a'], ['c', 'of c']]); // prettier-ignore
    expect(stage.cache.statistics()).to.include({ loads: 3, misses: 3, fills: stage.hasRemote ? 3 : 0 });
  });

  it('stores each value as an entry of its own, which reads of one key and other instances find', async () => {
    await stage.cache.getAllOrLoad(['a', 'b'], noted().load);
    expect(await stage.cache.get('a')).to.deep.equal({ value: 'of a' });
    expect(await stage.cache.getOrLoad('b', neverAll)).to.equal('of b');
    expect([...(await stage.cache.getAllOrLoad(['b', 'a'], neverAll))]).to.deep.equal([['b', 'of b'], ['a', 'of a']]); // prettier-ignore
    const there = await stage.join();
    const { calls, load } = noted();
    await there.cache.getAllOrLoad(['a', 'b'], load);
    expect(calls).to.deep.equal(stage.hasRemote ? [] : [['a', 'b']]);
  });

  it('takes keys that are equal by value for one, and answers to each of them', async () => {
    const keys: CacheKey[] = [{ a: 1, b: 2 }, new Date(5), { b: 2, a: 1 }, new Date(5), ['x', 1], ['x', 1]];
    const { calls, load } = noted((missing) => new Map(missing.map((key, i) => [structuredClone(key), i])));
    const answer = await stage.cache.getAllOrLoad(keys, load);
    expect(calls).to.deep.equal([[keys[0], keys[1], keys[4]]]);
    expect(keys.map((key) => answer.get(key))).to.deep.equal([0, 1, 0, 1, 2, 2]);
    expect(await stage.cache.get({ a: 1, b: 2 })).to.deep.equal({ value: 0 });
  });

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

  it('is not confused by a caller who changes his array, nor by a loader that changes its own', async () => {
    const keys = ['a', 'b', 'c'];
    const reading = stage.cache.getAllOrLoad(keys, (missing) => {
      const loaded = valuesBy('of', missing);
      (missing as string[]).reverse().pop();
      return loaded;
    });
    keys.reverse().pop();
    expect([...(await reading)]).to.deep.equal([['a', 'of a'], ['b', 'of b'], ['c', 'of c']]); // prettier-ignore
    expect(await stage.cache.get('a')).to.deep.equal({ value: 'of a' });
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

function describeLoaders(stage: CacheStage): void {
  const shapes: Readonly<Record<string, Parameters<typeof noted>[0]>> = {
    'a `Map`': (keys) => valuesBy('of', keys),
    'a promise of a `Map`': async (keys) => valuesBy('of', keys),
    'a `Map` in another order, with more than was asked for': (keys) => valuesBy('of', ['more', ...keys.slice().reverse()]),
    'an array in the order of the keys': (keys) => [...valuesBy('of', keys).values()],
    'what is used like a `Map`': (keys) => {
      const map = valuesBy('of', keys);
      return { get: (key: CacheKey) => map.get(key) } as unknown as ReadonlyMap<CacheKey, unknown>;
    },
  };
  for (const [what, answer] of Object.entries(shapes)) {
    it(`takes ${what} from its loader`, async () => {
      const { calls, load } = noted(answer);
      expect([...(await stage.cache.getAllOrLoad(['b', 'a'], load))]).to.deep.equal([['b', 'of b'], ['a', 'of a']]); // prettier-ignore
      expect(await stage.cache.getAll(['a', 'b', 'more'])).to.deep.equal([{ value: 'of a' }, { value: 'of b' }, undefined]);
      expect(calls).to.have.length(1);
    });
  }

  const misshapen: Readonly<Record<string, readonly [loaded: unknown, message: string]>> = {
    nothing: [undefined, 'Expected a `Map` or an array of the values of 2 keys, got undefined.'],
    null: [null, 'Expected a `Map` or an array of the values of 2 keys, got null.'],
    'a string': ['ab', 'Expected a `Map` or an array of the values of 2 keys, got string.'],
    'an object': [{ a: 1, b: 2 }, 'Expected a `Map` or an array of the values of 2 keys, got object.'],
    'too few values': [[1], 'Expected an array of 2 values, one for each key and in their order, got 1.'],
    'too many values': [[1, 2, 3], 'Expected an array of 2 values, one for each key and in their order, got 3.'],
  };
  for (const [what, [loaded, message]] of Object.entries(misshapen)) {
    it(`refuses ${what} from its loader, and stores nothing`, async () => {
      const error = await cacheErrorOf(stage.cache.getAllOrLoad(['a', 'b'], () => loaded as never));
      expect([error.code, error.message]).to.deep.equal([
        'CACHE_OPERATION_INVALID',
        `${message} A \`Map\` may leave out what does not exist. In an array, \`undefined\` stands in its place.`,
      ]);
      expect(await stage.cache.getAll(['a', 'b'])).to.deep.equal([undefined, undefined]);
      await stage.cache.getAllOrLoad(['a', 'b'], noted().load);
      expect(await stage.cache.getAll(['a', 'b']), 'the fill leases were given back').to.deep.equal([{ value: 'of a' }, { value: 'of b' }]);
    });
  }
}

function describeAbsent(stage: CacheStage): void {
  const lacking: Readonly<Record<string, Parameters<typeof noted>[0]>> = {
    'that the `Map` lacks': (keys) => valuesBy('of', keys.filter((key) => key !== 'none')), // prettier-ignore
    'that is undefined in the `Map`': (keys) => valuesBy('of', keys).set('none', undefined),
    'that is undefined in the array': (keys) => keys.map((key) => (key === 'none' ? undefined : `of ${String(key)}`)),
  };
  for (const [what, answer] of Object.entries(lacking)) {
    it(`leaves out a key ${what}, and stores nothing under it`, async () => {
      const { calls, load } = noted(answer);
      const asked: unknown[] = [];
      const about = (value: unknown, key: CacheKey): number => asked.push([key, value]);
      const options = {
        unless: (...args: [unknown, CacheKey]) => (about(...args), false),
        ttl: (...args: [unknown, CacheKey]) => (about(...args), '5m' as const),
      };
      expect([...(await stage.cache.getAllOrLoad(['none', 'a'], load, options))]).to.deep.equal([['a', 'of a']]);
      expect(asked, '`unless` and `ttl` are not asked about it').to.deep.equal([['a', 'of a'], ['a', 'of a']]); // prettier-ignore
      expect(await stage.cache.getAll(['none', 'a'])).to.deep.equal([undefined, { value: 'of a' }]);
      await stage.cache.getAllOrLoad(['none', 'a'], load, options);
      expect(calls).to.deep.equal([['none', 'a'], ['none']]);
      expect(await stage.load('none', 'found'), 'its fill lease was given back').to.equal('found');
      expect(await stage.cache.get('none')).to.deep.equal({ value: 'found' });
    });

    it(`stores a key ${what} as \`absent\` says, and reads of one key answer the same`, async () => {
      for (const [absent, value] of [
        ['null', null],
        ['undefined', undefined],
      ] as const) {
        await stage.cache.clear();
        const { calls, load } = noted(answer);
        const asked: unknown[] = [];
        const options = { absent, unless: (_value: unknown, key: CacheKey) => (asked.push(key), key === 'none') };
        const expected = absent === 'null' ? [['a', 'of a'], ['none', null]] : [['a', 'of a']]; // prettier-ignore
        for (let i = 0; i < 2; i += 1) expect([...(await stage.cache.getAllOrLoad(['a', 'none'], load, options))]).to.deep.equal(expected);
        expect([calls, asked]).to.deep.equal([[['a', 'none']], ['a']]);
        expect(await stage.cache.get('none')).to.deep.equal({ value });
        expect(await stage.cache.getOrLoad('none', neverAll)).to.equal(value);
      }
    });
  }

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
}

function describeStored(stage: CacheStage): void {
  it('does not store an element that `unless` vetoes, and does not ask about what is cached', async () => {
    await stage.cache.put('a', 'put');
    const asked: unknown[] = [];
    const { calls, load } = noted();
    const unless = (value: unknown, key: CacheKey): boolean => (asked.push([key, value]), key === 'c');
    const answer = await stage.cache.getAllOrLoad(['a', 'b', 'c'], load, { unless });
    expect([...answer]).to.deep.equal([['a', 'put'], ['b', 'of b'], ['c', 'of c']]); // prettier-ignore
    expect(asked).to.deep.equal([['b', 'of b'], ['c', 'of c']]); // prettier-ignore
    expect(await stage.cache.getAll(['b', 'c'])).to.deep.equal([{ value: 'of b' }, undefined]);
    await stage.cache.getAllOrLoad(['b', 'c'], load);
    expect(calls).to.deep.equal([['b', 'c'], ['c']]);
    expect(await stage.cache.get('c'), 'its fill lease was given back').to.deep.equal({ value: 'of c' });
  });

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

function describeFailures(stage: CacheStage): void {
  it('rejects with what the loader threw, the same object, and stores nothing', async () => {
    for (const thrown of [new Error('no such books'), 'a string', undefined, Object.freeze({ status: 404 })]) {
      const failing = [
        () => Promise.reject(thrown),
        (): never => {
          throw thrown;
        },
      ];
      for (const loader of failing) expect(await rejectionOf(stage.cache.getAllOrLoad(['a', 'b'], loader))).to.equal(thrown);
    }
    expect(await stage.cache.getAll(['a', 'b'])).to.deep.equal([undefined, undefined]);
    await stage.cache.getAllOrLoad(['a', 'b'], noted().load);
    expect(await stage.cache.getAll(['a', 'b']), 'the fill leases were given back').to.deep.equal([{ value: 'of a' }, { value: 'of b' }]);
    expect(stage.cache.statistics().loadFailures).to.equal(16);
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

function describeRuns(stage: CacheStage): void {
  it('asks its loader for at most `maximumBatch` keys at a time, one call after the other', async () => {
    let running = 0;
    const { calls, load } = noted(async (keys) => {
      running += 1;
      expect(running).to.equal(1);
      await stage.cache.get('none');
      running -= 1;
      return valuesBy('of', keys);
    });
    const keys = ['a', 'b', 'c', 'd', 'e'];
    expect(await stage.cache.getAllOrLoad(keys, load, { maximumBatch: 2 })).to.deep.equal(valuesBy('of', keys));
    expect(calls).to.deep.equal([['a', 'b'], ['c', 'd'], ['e']]);
    expect(await stage.cache.getAll(['a', 'e'])).to.deep.equal([{ value: 'of a' }, { value: 'of e' }]);
  });

  it('asks for at most 1000 unless it is told otherwise', async () => {
    const { calls, load } = noted();
    await stage.cache.getAllOrLoad(Array.from({ length: 1_001 }, (_, i) => i), load); // prettier-ignore
    expect(calls.map(({ length }) => length)).to.deep.equal([1_000, 1]);
  });

  it('begins no further call after one that failed, and keeps what was loaded before', async () => {
    const thrown = new Error('in the middle');
    const { calls, load } = noted((keys) => (keys.includes('c') ? Promise.reject(thrown) : valuesBy('of', keys)));
    expect(await rejectionOf(stage.cache.getAllOrLoad(['a', 'b', 'c', 'd', 'e'], load, { maximumBatch: 2 }))).to.equal(thrown);
    expect(calls).to.deep.equal([['a', 'b'], ['c', 'd']]); // prettier-ignore
    const again = noted();
    await stage.cache.getAllOrLoad(['a', 'b', 'c', 'd', 'e'], again.load);
    expect(again.calls).to.deep.equal([['c', 'd', 'e']]);
  });
}
