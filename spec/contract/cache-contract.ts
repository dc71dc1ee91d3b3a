import { expect } from 'chai';
import type { CacheKey, TwoTierCache } from '../../lib/cache/index.js';
import { CacheKeyError, CacheValueError } from '../../lib/errors/index.js';
import type { CacheOptions } from '../../lib/instance/options.js';
import { waitFor } from '../support/wait.js';
import type { Fleet, Instance } from './fleet.js';
import { cacheErrorOf, rejectionOf } from './rejection.js';

/** A class of cached values, with behaviour that only an instance has. */
export class Book {
  constructor(
    readonly title: string,
    readonly published: Date,
  ) {}

  get year(): number {
    return this.published.getUTCFullYear();
  }
}

/** What JSON alone would lose. */
const rich = () => ({
  at: new Date(5),
  tags: new Set(['a', 'b']),
  prices: new Map([['EUR', 12.5]]),
  stock: 9_007_199_254_740_993n,
  nothing: undefined,
  nan: NaN,
  minusZero: -0,
  bytes: new Uint8Array([1, 2, 3]),
  nested: { list: [1, [2, { deep: null }]] },
});

/** A value that looks like none, beside one that does not. */
const VALUES: readonly unknown[] = [
  null,
  undefined,
  0,
  -0,
  NaN,
  '',
  false,
  0n,
  [],
  {},
  'text',
  ':colon',
  true,
  [undefined, null],
  { a: undefined },
];

/** A promise that is settled by hand. */
function gate<T = void>(): { promise: Promise<T>; open: (value: T) => void } {
  let open!: (value: T) => void;
  return { promise: new Promise<T>((resolve) => (open = resolve)), open };
}

/**
 * What every cache does, whichever tiers it has and whatever carries them. (After Spring's `AbstractCacheTests` and the Redis cache's own;
 * the numbers C1, C5 and C8 are those of the README's promises.)
 *
 * @param makeFleet - an empty fleet of its own for each spec. Instances that join it share their remote tier and topics.
 */
export function describeCacheContract(name: string, tiers: 'both' | 'local' | 'remote', makeFleet: () => Fleet | Promise<Fleet>): void {
  const hasLocal = tiers !== 'remote';
  const hasRemote = tiers !== 'local';

  describe(`${name}, tiers: '${tiers}' (cache contract)`, () => {
    let fleet: Fleet;
    let cache: TwoTierCache;
    let here: Instance;

    const join = (options: CacheOptions = {}): Promise<Instance> => fleet.join({ tiers, ...options });
    const use = async (options: CacheOptions): Promise<void> => {
      here = await join(options);
      ({ cache } = here);
    };
    const load = <V>(key: CacheKey, value: V): Promise<V> => cache.getOrLoad(key, () => value);
    /** Waits until `instance` has applied an eviction or clear, from the moment of the call. */
    const applied = (instance: Instance): Promise<void> => {
      const before = instance.cache.statistics().messagesApplied;
      return waitFor(() => instance.cache.statistics().messagesApplied > before, { what: 'a message to be applied' });
    };

    beforeEach(async () => {
      fleet = await makeFleet();
      await use({});
    });

    afterEach(() => fleet.stop());

    it('has the name it was asked for by', () => {
      expect(cache.name).to.equal('book');
    });

    describe('get', () => {
      it('finds nothing under a key that was never written', async () => {
        expect(await cache.get('Dune')).to.equal(undefined);
      });

      for (const value of VALUES) {
        const shown = Object.is(value, -0) ? '-0' : typeof value === 'bigint' ? `${value}n` : (JSON.stringify(value) ?? 'undefined');
        it(`gives ${Number.isNaN(value) ? 'NaN' : shown} back as itself, put or loaded`, async () => {
          await cache.put('put', value);
          expect(await cache.get('put')).to.deep.equal({ value });
          expect(await load('loaded', value)).to.deep.equal(value);
          expect(await cache.get('loaded')).to.deep.equal({ value });
          const loader = (): never => {
            throw new Error('A hit needs no loader.');
          };
          expect([await cache.getOrLoad('put', loader), await cache.getOrLoad('loaded', loader)]).to.deep.equal([value, value]);
        });
      }

      it('tells keys apart by type and takes equal ones for one', async () => {
        const keys: CacheKey[] = [
          1,
          '1',
          [1],
          ['1'],
          1n,
          true,
          'true',
          null,
          'null',
          undefined,
          { a: 1, b: 2 },
          [['a', 1]],
          '~1',
          new Date(1),
        ];
        for (const [i, key] of keys.entries()) await cache.put(key, i);
        expect(await Promise.all(keys.map(async (key) => (await cache.get(key))?.value))).to.deep.equal(keys.map((_, i) => i));
        expect(await cache.get({ b: 2, a: 1 })).to.deep.equal({ value: 10 });
      });
    });

    describe('put', () => {
      it('replaces what was there', async () => {
        await load('Dune', 'old');
        await cache.put('Dune', 'new');
        expect(await cache.get('Dune')).to.deep.equal({ value: 'new' });
        expect(await load('Dune', 'never')).to.equal('new');
      });

      it('refuses null where nulls are not allowed, and leaves the old entry alone', async () => {
        await use({ allowNullValues: false });
        await cache.put('Dune', 'old');
        for (const nothing of [null, undefined]) {
          const error = await cacheErrorOf(cache.put('Dune', nothing));
          expect(error).to.be.instanceOf(CacheValueError);
          expect([error.code, error.message]).to.deep.equal([
            'CACHE_VALUE_NULL',
            `Cache 'book' does not allow ${String(nothing)}. Avoid storing it with \`unless: (result) => result == null\`, or set the cache's \`allowNullValues\`.`,
          ]);
          expect((await cacheErrorOf(cache.putIfAbsent('other', nothing))).code).to.equal('CACHE_VALUE_NULL');
        }
        expect(await cache.get('Dune')).to.deep.equal({ value: 'old' });
      });

      it('refuses a time to live that is none', async () => {
        const error = await cacheErrorOf(cache.put('Dune', 1, { ttl: -1 }));
        expect([error.code, error.message]).to.deep.equal([
          'CACHE_OPTION_INVALID',
          "Expected `ttl` to be a duration, not negative and at most 10 years, such as 500, '60s' or '5m', got `-1` (number).",
        ]);
        expect(await cache.get('Dune')).to.equal(undefined);
      });

      it('replaces the copies of other instances', async () => {
        const there = await join();
        await there.cache.getOrLoad('Dune', () => 'old');
        const told = applied(there);
        await cache.put('Dune', 'new');
        await told;
        expect(await there.cache.getOrLoad('Dune', () => 'loaded')).to.equal(hasRemote ? 'new' : 'loaded');
      });
    });

    describe('putIfAbsent', () => {
      it('stores where there is nothing, and says so', async () => {
        expect(await cache.putIfAbsent('Dune', 1)).to.equal(undefined);
        expect(await cache.get('Dune')).to.deep.equal({ value: 1 });
      });

      it('keeps what is there and returns it, be it null or undefined', async () => {
        for (const value of ['old', null, undefined]) {
          await cache.put('Dune', value);
          const { puts } = cache.statistics();
          expect(await cache.putIfAbsent('Dune', 'new')).to.deep.equal({ value });
          expect(await cache.get('Dune')).to.deep.equal({ value });
          expect(cache.statistics().puts, 'a losing put is none').to.equal(puts);
        }
      });
    });

    describe('evict', () => {
      it('removes that key only', async () => {
        await load('Dune', 1);
        await load('Emma', 2);
        await cache.evict('Dune');
        expect([await cache.get('Dune'), await cache.get('Emma')]).to.deep.equal([undefined, { value: 2 }]);
      });

      it('removes a list of keys; a composite key is a list of one', async () => {
        for (const key of ['a', 'b', 'c', ['a', 1] as const]) await load(key, key);
        await cache.evictAll(['a', 'b', 'none']);
        await cache.evict(['a', 1]);
        expect(await cache.getAll(['a', 'b', 'c', ['a', 1]])).to.deep.equal([undefined, undefined, { value: 'c' }, undefined]);
      });

      it('takes an empty list for nothing to do', async () => {
        await load('Dune', 1);
        await cache.evictAll([]);
        expect(await cache.get('Dune')).to.deep.equal({ value: 1 });
        expect(cache.statistics().evictions).to.equal(0);
      });

      it('is followed by a load that is stored again', async () => {
        await load('Dune', 1);
        await cache.evict('Dune');
        expect([await load('Dune', 2), await load('Dune', 3)]).to.deep.equal([2, 2]);
      });

      it('drops the copies of other instances', async () => {
        const there = await join();
        await there.cache.getOrLoad('Dune', () => 'old');
        const told = applied(there);
        await cache.evict('Dune');
        await told;
        expect(await there.cache.get('Dune')).to.equal(undefined);
      });

      it('C4: has been applied everywhere once it resolves, where that was asked for', async () => {
        // While the list of who is alive is young, the longest bound of the fleet is waited for: one of its own, then, with a short one.
        await fleet.stop();
        fleet = await makeFleet();
        const members = await Promise.all([1, 2, 3].map(() => fleet.join({ tiers }, { bound: '200ms' })));
        for (const { cache: copy } of members) await copy.getOrLoad('Dune', () => 'old');
        const [evicting, ...others] = members as [Instance, ...Instance[]];
        await evicting.cache.evict('Dune', { acks: 'all' });
        expect(others.map(({ cache: copy }) => copy.statistics().messagesApplied)).to.deep.equal([1, 1]);
        expect(await Promise.all(members.map(({ cache: copy }) => copy.get('Dune')))).to.deep.equal([undefined, undefined, undefined]);
      });
    });

    describe('evictIfPresent', () => {
      it('tells whether there was anything', async () => {
        await load('Dune', undefined);
        expect([await cache.evictIfPresent('Dune'), await cache.evictIfPresent('Dune')]).to.deep.equal([true, false]);
        expect(await cache.get('Dune')).to.equal(undefined);
      });
    });

    describe('clear', () => {
      it('removes everything of this cache and nothing of another', async () => {
        const other = here.runtime.manager.getCache('author') as TwoTierCache;
        await other.put('Dune', 'Herbert');
        for (let i = 0; i < 100; i += 1) await load(i, i);
        await cache.clear();
        expect(await cache.getAll([0, 1, 42, 99])).to.deep.equal([undefined, undefined, undefined, undefined]);
        expect(cache.statistics().localSize).to.equal(0);
        if (hasRemote) expect(await other.get('Dune')).to.deep.equal({ value: 'Herbert' });
      });

      it('leaves what is written afterwards', async () => {
        await load('Dune', 1);
        await cache.clear();
        await cache.put('Dune', 2);
        await load('Emma', 3);
        expect(await cache.getAll(['Dune', 'Emma'])).to.deep.equal([{ value: 2 }, { value: 3 }]);
      });

      it('empties the other instances', async () => {
        const there = await join();
        for (const key of ['a', 'b']) await there.cache.getOrLoad(key, () => 'old');
        const told = applied(there);
        await cache.clear();
        await told;
        expect(await there.cache.getAll(['a', 'b'])).to.deep.equal([undefined, undefined]);
      });
    });

    describe('invalidate', () => {
      it('clears, and says false only where it knows that there was nothing', async () => {
        expect(await cache.invalidate()).to.equal(hasRemote);
        await load('Dune', 1);
        expect(await cache.invalidate()).to.equal(true);
        expect(await cache.get('Dune')).to.equal(undefined);
      });
    });

    describe('getAll', () => {
      it('answers in the order of the keys, duplicates and missing ones included', async () => {
        for (const [key, value] of [['a', 1], ['b', null], ['c', undefined]] as const) await cache.put(key, value); // prettier-ignore
        await cache.get('a');
        expect(await cache.getAll(['c', 'x', 'a', 'b', 'a', 'x'])).to.deep.equal([
          { value: undefined },
          undefined,
          { value: 1 },
          { value: null },
          { value: 1 },
          undefined,
        ]);
        expect(await cache.getAll([])).to.deep.equal([]);
      });
    });

    describe('getOrLoad', () => {
      it('runs the loader on a miss only', async () => {
        let runs = 0;
        const loader = (): Promise<string> => Promise.resolve(`run ${(runs += 1)}`);
        expect([await cache.getOrLoad('Dune', loader), await cache.getOrLoad('Dune', loader)]).to.deep.equal(['run 1', 'run 1']);
        await cache.evict('Dune');
        expect(await cache.getOrLoad('Dune', loader)).to.equal('run 2');
      });

      it('runs one loader for callers that come together', async () => {
        const { promise, open } = gate<string>();
        let runs = 0;
        const callers = Array.from({ length: 10 }, () => cache.getOrLoad('Dune', () => ((runs += 1), promise)));
        open('once');
        expect(await Promise.all(callers)).to.deep.equal(Array.from({ length: 10 }, () => 'once'));
        expect([runs, cache.statistics().joined]).to.deep.equal([1, 9]);
      });

      it('is joined past a plain read that began after it', async () => {
        const { promise, open } = gate<string>();
        const first = cache.getOrLoad('Dune', () => promise);
        const reads = [cache.get('Dune'), cache.getAll(['Dune'])];
        const second = cache.getOrLoad('Dune', () => 'a second load');
        open('the first load');
        expect(await Promise.all([first, second])).to.deep.equal(['the first load', 'the first load']);
        await Promise.all(reads);
        expect(cache.statistics().loads).to.equal(1);
      });

      it('runs a loader for each caller that does not want to join', async () => {
        const { promise, open } = gate();
        let runs = 0;
        const loader = async (): Promise<number> => {
          const run = (runs += 1);
          await promise;
          return run;
        };
        const callers = [cache.getOrLoad('Dune', loader, { join: false }), cache.getOrLoad('Dune', loader, { join: false })];
        await waitFor(() => runs === 2, { what: 'both loads to begin' });
        open();
        expect((await Promise.all(callers)).sort()).to.deep.equal([1, 2]);
      });

      it('rejects with what the loader threw, the same object, and stores nothing', async () => {
        const frozen = Object.freeze({ status: 404 });
        for (const thrown of [new Error('no such book'), 'a string', undefined, frozen]) {
          const failing = [
            () => Promise.reject(thrown),
            (): never => {
              throw thrown;
            },
          ];
          for (const loader of failing) {
            expect(await rejectionOf(cache.getOrLoad('Dune', loader))).to.equal(thrown);
            expect(await cache.get('Dune')).to.equal(undefined);
          }
        }
        expect([await load('Dune', 'found'), cache.statistics().loadFailures]).to.deep.equal(['found', 8]);
      });

      it('fails for everybody who joined, and for nobody after', async () => {
        const { promise, open } = gate();
        const thrown = new Error('once');
        const callers = [1, 2].map(() => rejectionOf(cache.getOrLoad('Dune', () => promise.then(() => Promise.reject(thrown)))));
        open();
        expect(await Promise.all(callers)).to.deep.equal([thrown, thrown]);
        expect(await load('Dune', 'well')).to.equal('well');
      });

      const overtakers: Readonly<Record<string, (by: TwoTierCache) => Promise<unknown>>> = {
        evict: (by) => by.evict('Dune'),
        'evict of a list': (by) => by.evictAll(['Emma', 'Dune']),
        evictIfPresent: (by) => by.evictIfPresent('Dune'),
        clear: (by) => by.clear(),
        invalidate: (by) => by.invalidate(),
      };
      for (const [verb, overtake] of Object.entries(overtakers)) {
        it(`C5: does not store what ${verb} overtook, and lets no later caller join`, async () => {
          const { promise, open } = gate<string>();
          const begun = gate();
          const early = cache.getOrLoad('Dune', () => (begun.open(), promise));
          await begun.promise;
          const joined = cache.getOrLoad('Dune', () => 'not run');
          await overtake(cache);
          const late = await load('Dune', 'new');
          open('old');
          expect([await early, await joined, late]).to.deep.equal(['old', 'old', 'new']);
          expect(await cache.get('Dune')).to.deep.equal({ value: 'new' });
          expect(await (await join()).cache.get('Dune'), 'in the remote tier').to.deep.equal(hasRemote ? { value: 'new' } : undefined);
        });

        it(`C5: does not store what ${verb} in another instance overtook`, async () => {
          const there = await join();
          const { promise, open } = gate<string>();
          const begun = gate();
          const early = cache.getOrLoad('Dune', () => (begun.open(), promise));
          await begun.promise;
          const told = applied(here);
          await overtake(there.cache);
          if (!hasRemote) await told; // Without a remote tier that refuses it, nothing but the message tells.
          open('old');
          expect(await early).to.equal('old');
          await told;
          expect([await cache.get('Dune'), await there.cache.get('Dune')]).to.deep.equal([undefined, undefined]);
          expect(cache.statistics().refusedFills).to.equal(1);
        });
      }

      it('C5: does not store over a put that overtook it', async () => {
        const { promise, open } = gate<string>();
        const begun = gate();
        const early = cache.getOrLoad('Dune', () => (begun.open(), promise));
        await begun.promise;
        await cache.put('Dune', 'put');
        expect(await load('Dune', 'not run')).to.equal('put');
        open('old');
        expect(await early).to.equal('old');
        expect(await cache.get('Dune')).to.deep.equal({ value: 'put' });
      });

      it('does not store what `unless` vetoes, and does not ask on a hit', async () => {
        const asked: unknown[] = [];
        const options = { unless: (value: number) => (asked.push(value), value < 2) };
        for (const value of [1, 2, 3]) await cache.getOrLoad('Dune', () => value, options);
        expect(asked).to.deep.equal([1, 2]);
        expect(await cache.get('Dune')).to.deep.equal({ value: 2 });
      });

      it('gives the caller a null that may not be stored, and tells', async () => {
        await use({ allowNullValues: false });
        const told: unknown[][] = [];
        const options = { onError: (verb: string, error: unknown) => void told.push([verb, (error as CacheValueError).code]) };
        expect(await cache.getOrLoad('Dune', () => null, options)).to.equal(null);
        expect(told).to.deep.equal([['put', 'CACHE_VALUE_NULL']]);
        expect(await cache.get('Dune')).to.equal(undefined);
        expect(await load('Dune', 1)).to.equal(1);
      });

      it('fails with what `onError` throws', async () => {
        await use({ allowNullValues: false });
        const thrown = new Error('strict');
        const onError = (): never => {
          throw thrown;
        };
        expect(await rejectionOf(cache.getOrLoad('Dune', () => null, { onError }))).to.equal(thrown);
      });
    });

    if (hasLocal) {
      describe('time to live in the local tier', () => {
        /** How many reads of `keys` the local tier answers now. */
        const localHits = (...keys: CacheKey[]): boolean[] => keys.map((key) => cache.hitNow(key) !== undefined);

        it('ends after `ttl`, not before', async () => {
          await use({ ttl: '10s' });
          await load('Dune', 1);
          here.clock.advance(9_990);
          expect(localHits('Dune')).to.deep.equal([true]);
          here.clock.advance(10);
          expect(localHits('Dune')).to.deep.equal([false]);
        });

        it('never ends with 0, and may differ for nulls, by call and by value', async () => {
          await use({ ttl: 0, nullTtl: '5s' });
          await load('for ever', 1);
          await load('null', null);
          await load('undefined', undefined);
          await cache.getOrLoad('by call', () => 1, { ttl: '7s' });
          await cache.getOrLoad('by value', () => 3, { ttl: (value) => value * 1_000 });
          const keys = ['for ever', 'null', 'undefined', 'by call', 'by value'];
          expect(localHits(...keys)).to.deep.equal([true, true, true, true, true]);
          here.clock.advance(3_000);
          expect(localHits(...keys)).to.deep.equal([true, true, true, true, false]);
          here.clock.advance(2_000);
          expect(localHits(...keys)).to.deep.equal([true, false, false, true, false]);
          here.clock.advance(2_000);
          expect(localHits(...keys)).to.deep.equal([true, false, false, false, false]);
        });

        it('is at most `localTtl`', async () => {
          await use({ ttl: '10s', localTtl: '2s' });
          await load('Dune', 1);
          here.clock.advance(2_000);
          expect(localHits('Dune')).to.deep.equal([false]);
          expect(await load('Dune', 2)).to.equal(hasRemote ? 1 : 2);
        });
      });
    }

    describe('values', () => {
      it('C8: are deep-equal from the loader, the remote and the local tier', async () => {
        const there = await join();
        const loaded = await load('rich', rich());
        const again = await load('rich', rich());
        const elsewhere = await there.cache.getOrLoad('rich', rich);
        const elsewhereAgain = await there.cache.getOrLoad('rich', rich);
        for (const value of [loaded, again, elsewhere, elsewhereAgain]) expect(value).to.deep.equal(rich());
        expect((await there.cache.getAll(['rich']))[0]).to.deep.equal({ value: rich() });
        expect(there.cache.statistics().loads).to.equal(hasRemote ? 0 : 1);
      });

      it('C8: are instances of `type` wherever they come from', async () => {
        await use({ type: Book });
        const there = await join({ type: Book });
        const dune = (): Book => new Book('Dune', new Date(Date.UTC(1965, 7, 1)));
        for (const instance of [here, here, there, there]) {
          const book = await instance.cache.getOrLoad('Dune', dune);
          expect(book).to.be.instanceOf(Book);
          expect(book).to.deep.equal(dune());
          expect(book.year).to.equal(1965);
          const [one, two] = await instance.cache.getOrLoad('several', () => [dune(), new Book('Emma', new Date(0))]);
          expect([one?.year, two?.year]).to.deep.equal([1965, 1970]);
        }
      });

      if (hasRemote) {
        const refused: Readonly<Record<string, readonly [value: () => object, code: string]>> = {
          'cannot be encoded': [() => ({ close: () => undefined }), 'CACHE_VALUE_UNSUPPORTED'],
          'is too large': [() => ({ text: 'x'.repeat(2_000) }), 'CACHE_VALUE_TOO_LARGE'],
        };
        for (const [why, [make, code]] of Object.entries(refused)) {
          it(`one that ${why} reaches the caller and neither tier, and that is told`, async () => {
            await use({ maximumValueSize: 1_000 });
            const told: unknown[] = [];
            for (const run of [1, 2]) {
              const value = make();
              const onError = (verb: string, error: unknown, about: unknown): void => {
                told.push([verb, (error as CacheValueError).code, about === value]);
              };
              expect(await cache.getOrLoad('Dune', () => value, { onError }), `run ${run}`).to.equal(value);
              expect([cache.hitNow('Dune'), await cache.get('Dune')]).to.deep.equal([undefined, undefined]);
            }
            expect(told).to.deep.equal([['put', code, true], ['put', code, true]]); // prettier-ignore
            expect(await load('Dune', 'small'), 'the fill lease was given back').to.equal('small');
            expect(await cache.get('Dune')).to.deep.equal({ value: 'small' });
          });

          it(`one that ${why} is refused by put, and takes the old one with it`, async () => {
            await use({ maximumValueSize: 1_000 });
            const there = await join({ maximumValueSize: 1_000 });
            await load('Dune', 'old');
            await there.cache.get('Dune');
            const told = applied(there);
            const error = await cacheErrorOf(cache.put('Dune', make()));
            expect(error).to.be.instanceOf(CacheValueError);
            expect(error.code).to.equal(code);
            await told;
            expect([await cache.get('Dune'), await there.cache.get('Dune')]).to.deep.equal([undefined, undefined]);
          });
        }
      }
    });

    describe('keys', () => {
      it('that cannot be one are refused by every verb, with a rejection', async () => {
        const wrong = new Map() as unknown as CacheKey;
        let runs = 0;
        const calls = [
          cache.get(wrong),
          cache.getAll(['good', wrong]),
          cache.getOrLoad(wrong, () => (runs += 1)),
          cache.put(wrong, 1),
          cache.putIfAbsent(wrong, 1),
          cache.evict(wrong),
          cache.evictAll(['good', wrong]),
          cache.evictIfPresent(wrong),
        ];
        for (const call of calls) {
          const error = await cacheErrorOf(call);
          expect(error).to.be.instanceOf(CacheKeyError);
          expect(error.message).to.equal(
            'A key cannot be made of an instance of Map. Give the operation a `key` made of strings, numbers, bigints, booleans, null, undefined, dates, arrays and plain objects.',
          );
        }
        expect(runs).to.equal(0);
      });

      it('that cannot be one are told to a read’s `onError`, which may say more', async () => {
        const told: unknown[] = [];
        const wrong = new Map() as unknown as CacheKey;
        const error = await cacheErrorOf(cache.getOrLoad(wrong, () => 1, { onError: (verb, why) => void told.push(verb, why) }));
        expect(told).to.deep.equal(['get', error]);
        const more = new CacheKeyError('CACHE_KEY_UNSUPPORTED', 'More.');
        const onError = (): never => {
          throw more;
        };
        expect(await cacheErrorOf(cache.getOrLoad(wrong, () => 1, { onError }))).to.equal(more);
      });
    });

    describe('statistics', () => {
      it('count what happened, in a snapshot that does not change', async () => {
        await load('Dune', 1);
        await load('Dune', 1);
        await cache.get('none');
        await cache.put('Emma', 2);
        await cache.evictAll(['Dune', 'Emma']);
        await cache.clear();
        const before = cache.statistics();
        expect(before).to.deep.include({
          localHits: hasLocal ? 1 : 0,
          remoteHits: hasLocal ? 0 : 1,
          misses: 2,
          loads: 1,
          loadFailures: 0,
          puts: 1,
          fills: hasRemote ? 1 : 0,
          evictions: 2,
          clears: 1,
          bypassed: 0,
          remoteFailures: 0,
          localSize: 0,
        });
        expect(Object.isFrozen(before)).to.equal(true);
        await load('Dune', 1);
        expect(before.loads).to.equal(1);
      });
    });
  });
}
