import { expect } from 'chai';
import type { CacheKey } from '../../lib/cache/index.js';
import { answerOf, checkLoadAll, identityOf, valuesOf } from '../../lib/cache/load-all.js';
import { CacheKeyError } from '../../lib/errors/index.js';
import { cacheErrorIn } from '../contract/rejection.js';

const TOO_LONG = 'x'.repeat(2 ** 20 + 1);

describe(checkLoadAll.name, () => {
  it('takes what can be options, and what is not there', () => {
    for (const options of [
      {},
      { absent: undefined, maximumBatch: undefined },
      { absent: 'null' },
      { absent: 'undefined', maximumBatch: 1 },
    ] as const)
      expect(() => checkLoadAll(options)).not.to.throw();
  });

  it('refuses everything else', () => {
    const batch = (got: string): string => `Expected \`maximumBatch\` to be a whole number of at least 1, got ${got}.`;
    const refused: readonly (readonly [options: unknown, message: string])[] = [
      [{ absent: 'nil' }, "Expected `absent` to be 'null' or 'undefined', got nil."],
      [{ absent: null }, "Expected `absent` to be 'null' or 'undefined', got null."],
      [{ absent: false }, "Expected `absent` to be 'null' or 'undefined', got false."],
      ...([0, -1, 2.5, Infinity, '10'] as const).map((maximumBatch) => [{ maximumBatch }, batch(String(maximumBatch))] as const),
    ];
    for (const [options, message] of refused) {
      const error = cacheErrorIn(() => checkLoadAll(options as Parameters<typeof checkLoadAll>[0]));
      expect([error.code, error.message]).to.deep.equal(['CACHE_OPTION_INVALID', message]);
    }
  });
});

describe(identityOf.name, () => {
  it('is the same for keys that are equal by value, and only for them', () => {
    const keys: CacheKey[] = ['a', { a: 1, b: 2 }, { b: 2, a: 1 }, 1, '1', new Date(1), new Date(1)];
    const ids = keys.map((key) => identityOf(key, {}));
    expect(ids.map((id) => ids.indexOf(id))).to.deep.equal([0, 1, 1, 3, 4, 5, 5]);
  });

  it('is one of its own for a key that is too long, and an error for what cannot be a key: both are told', () => {
    const told: unknown[] = [];
    const onError = (verb: string, error: unknown, key: unknown): void => void told.push([verb, (error as CacheKeyError).code, key]);
    const [one, other] = [identityOf(TOO_LONG, { onError }), identityOf(TOO_LONG, {})];
    expect([typeof one, one === other]).to.deep.equal(['symbol', false]);
    const bad = Symbol('bad') as never;
    expect(cacheErrorIn(() => identityOf(bad, { onError }))).to.be.instanceOf(CacheKeyError);
    expect(told).to.deep.equal([['get', 'CACHE_KEY_TOO_LONG', TOO_LONG], ['get', 'CACHE_KEY_UNSUPPORTED', bad]]); // prettier-ignore
  });
});

describe(valuesOf.name, () => {
  it('finds the values of a map and of an array, in the order of the keys', () => {
    const keys = ['b', 'a', 'none'];
    expect(valuesOf(keys, new Map<string, unknown>([['a', null], ['b', 0], ['more', 1]]))).to.deep.equal([0, null, undefined]); // prettier-ignore
    expect(valuesOf(keys, [0, null, undefined])).to.deep.equal([0, null, undefined]);
    expect(valuesOf([], new Map())).to.deep.equal([]);
    expect(valuesOf([], [])).to.deep.equal([]);
  });

  it('finds keys by value, where a map knows them by identity', () => {
    const [one, same] = [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ];
    expect(valuesOf([one, [1], new Date(1)] as CacheKey[], new Map<CacheKey, unknown>([[same, 'o'], [[1], 'l'], [new Date(1), 'd']]))).to.deep.equal(['o', 'l', 'd']); // prettier-ignore
    expect(valuesOf([one], new Map([[one, 'itself'], [same, 'its equal']])), 'the very same first').to.deep.equal(['itself']); // prettier-ignore
    expect(valuesOf([{ a: 2 }] as CacheKey[], new Map<CacheKey, unknown>([[one, 'o']]))).to.deep.equal([undefined]);
  });

  it('takes ids for absent that a map lacks and that are no keys, and passes over what is none in the map', () => {
    class Id {}
    const [one, other] = [new Id(), new Id()] as unknown as [CacheKey, CacheKey];
    const long = [TOO_LONG];
    const loaded = new Map<unknown, unknown>([[(): undefined => undefined, 'foreign'], [one, 'one'], [['a'], 'list']]); // prettier-ignore
    expect(valuesOf<CacheKey, unknown>([one, other, ['a'], ['b'], long], loaded)).to.deep.equal([
      'one',
      undefined,
      'list',
      undefined,
      undefined,
    ]);
  });

  it('finds by identity alone in what is used like a map, but cannot be gone through', () => {
    const [one, same] = [[1], [1]];
    const map = new Map<unknown, unknown>([[one, 'one']]);
    const loaded = { get: (key: CacheKey) => map.get(key) } as unknown as ReadonlyMap<CacheKey, unknown>;
    expect(valuesOf<CacheKey, unknown>([one, same], loaded)).to.deep.equal(['one', undefined]);
  });

  it('takes no string for a list of characters', () => {
    expect(cacheErrorIn(() => valuesOf(['a', 'b'], 'ab' as never)).code).to.equal('CACHE_OPERATION_INVALID');
  });

  it('refuses what does not fit the keys, and says what it got', () => {
    const misshapen: readonly (readonly [loaded: unknown, message: string])[] = [
      ...([undefined, null, 'ab', { a: 1, b: 2 }] as const).map((loaded) => {
        const got = loaded === null ? 'null' : typeof loaded;
        return [loaded, `Expected a \`Map\` or an array of the values of 2 keys, got ${got}.`] as const;
      }),
      [[1], 'Expected an array of 2 values, one for each key and in their order, got 1.'],
      [[1, 2, 3], 'Expected an array of 2 values, one for each key and in their order, got 3.'],
    ];
    for (const [loaded, message] of misshapen) {
      const error = cacheErrorIn(() => valuesOf(['a', 'b'], loaded as never));
      expect([error.code, error.message]).to.deep.equal([
        'CACHE_OPERATION_INVALID',
        `${message} A \`Map\` may leave out what does not exist. In an array, \`undefined\` stands in its place.`,
      ]);
    }
  });
});

describe(answerOf.name, () => {
  it('answers in the order of the keys, without those whose value is undefined', () => {
    const keys = ['c', 'a', 'none', 'b', 'a', 'undefined'];
    const values = new Map([['a', 1], ['b', null], ['c', 0], ['undefined', undefined]]); // prettier-ignore
    expect([...answerOf(keys, keys, values)]).to.deep.equal([['c', 0], ['a', 1], ['b', null]]); // prettier-ignore
  });

  it('answers to each of several objects that are one key', () => {
    const keys = [{ a: 1 }, { a: 1 }];
    const answer = answerOf(keys, ['~{"a":1}', '~{"a":1}'], new Map([['~{"a":1}', 'value']]));
    expect(keys.map((key) => answer.get(key))).to.deep.equal(['value', 'value']);
  });
});
