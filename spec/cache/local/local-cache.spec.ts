import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import fc from 'fast-check';
import sinon from 'sinon';
import { UNREADABLE, ValueCodec } from '../../../lib/cache/value/codec.js';
import { LocalCache } from '../../../lib/cache/local/local-cache.js';
import { LARGEST_MAXIMUM_SIZE, type LocalCacheOptions } from '../../../lib/cache/local/local-cache-options.js';
import { CacheConfigurationError, CacheValueError } from '../../../lib/errors/index.js';
import { CacheCounters } from '../../../lib/event/index.js';
import { FakeClock } from '../../support/fake-clock.js';

const NEVER = Infinity;

function setUp(options: Partial<LocalCacheOptions> = {}) {
  const clock = new FakeClock();
  const counters = new CacheCounters();
  const cache = new LocalCache({ maximumSize: 100, clock, counters, ...options });
  return {
    cache,
    clock,
    counters,
    get: (key: string) => cache.get(key, clock.now())?.value,
    has: (key: string) => cache.get(key, clock.now()) !== undefined,
    hitNow: (key: string) => cache.hitNow(key, clock.now()),
    set: (key: string, value: unknown, lifeMs = NEVER) => cache.set(key, value, clock.now() + lifeMs),
    keys: () => [...cache.keys()],
  };
}

describe(LocalCache.name, () => {
  describe('get', () => {
    it('tells an entry of `undefined` or `null` from no entry', () => {
      const { cache, clock, set } = setUp();
      set('undefined', undefined, 500);
      set('null', null);
      expect(cache.get('undefined', clock.now())).to.deep.equal({ value: undefined, expiresAt: 1_500 });
      expect(cache.get('null', clock.now())).to.deep.equal({ value: null, expiresAt: NEVER });
      expect(cache.get('none', clock.now())).to.equal(undefined);
    });

    it('serves an entry before its end, and neither at it nor after', () => {
      const { cache, counters, clock, get, set } = setUp();
      set('a', 1, 10);
      clock.advance(9.999);
      expect(get('a')).to.equal(1);
      clock.advance(0.001);
      expect(clock.now()).to.equal(1_010);
      expect(get('a')).to.equal(undefined);
      expect(cache.size).to.equal(0);
      expect(counters.expirations).to.equal(1);
    });
  });

  describe('hitNow', () => {
    it('gives one settled promise, the same at every call', async () => {
      const { hitNow, set } = setUp();
      const value = { title: 'Dune' };
      set('a', value);
      const promise = hitNow('a');
      expect(promise).to.be.an.instanceOf(Promise);
      expect(hitNow('a')).to.equal(promise);
      expect(await promise).to.equal(value);
      expect(await Promise.race([promise, Promise.resolve('later')])).to.equal(value);
    });

    it('gives another promise once the value was replaced, and none once it is gone', async () => {
      const { cache, clock, hitNow, set } = setUp();
      set('a', 1);
      const first = hitNow('a');
      set('a', 2, 10);
      expect(await first).to.equal(1);
      expect(await hitNow('a')).to.equal(2);
      clock.advance(10);
      expect(hitNow('a')).to.equal(undefined);
      set('a', 3);
      expect(await hitNow('a')).to.equal(3);
      cache.delete('a');
      expect(hitNow('a')).to.equal(undefined);
      set('b', undefined); // Takes the slot that `a` left.
      expect(await hitNow('b')).to.equal(undefined);
      expect(hitNow('b')).to.be.an.instanceOf(Promise);
    });
  });

  describe('servableUntil', () => {
    it('ends every read after it, and no write', async () => {
      const { cache, clock, counters, get, has, hitNow, set } = setUp();
      expect(cache.servableUntil).to.equal(Infinity);
      set('a', 1);
      cache.servableUntil = clock.now();
      expect(get('a')).to.equal(1);
      clock.advance(0.5);
      expect(has('a')).to.be.false;
      expect(hitNow('a')).to.equal(undefined);
      set('b', 2);
      expect(cache.size).to.equal(2);
      cache.servableUntil = Infinity;
      expect(get('a')).to.equal(1);
      expect(await hitNow('b')).to.equal(2);
      cache.servableUntil = -Infinity;
      expect(has('a')).to.be.false;
      expect(counters.expirations).to.equal(0);
    });
  });

  describe('set', () => {
    it('stores nothing that has already ended, and drops what was there', () => {
      const { counters, keys, set } = setUp();
      set('a', 1, 0);
      expect(keys()).to.deep.equal([]);
      set('b', 1);
      set('b', 2, 0);
      set('c', 1, -5);
      set('d', 1, NaN);
      expect(keys()).to.deep.equal([]);
      expect(counters.sizeRemovals + counters.expirations).to.equal(0);
    });

    it('replaces in place: value, end, and the order of arrival stays', () => {
      const { cache, clock, keys, set } = setUp();
      set('a', 1, 10);
      set('b', 1);
      set('a', 2, 20);
      expect(keys()).to.deep.equal(['a', 'b']);
      expect(cache.get('a', clock.now())).to.deep.equal({ value: 2, expiresAt: 1_020 });
    });

    it('takes a key whose entry has ended for a new one', () => {
      const { clock, counters, keys, set } = setUp();
      set('a', 1, 10);
      set('b', 1);
      clock.advance(10);
      set('a', 2);
      expect(keys()).to.deep.equal(['b', 'a']);
      expect(counters.expirations).to.equal(1);
    });

    it('sweeps ended entries with new ones, without being asked for them', () => {
      const { cache, clock, counters, set } = setUp({ maximumSize: 1_000 });
      for (let i = 0; i < 100; i += 1) set(`old${i}`, i, 10);
      clock.advance(10);
      for (let i = 0; i < 100; i += 1) set(`new${i}`, i);
      expect(counters.expirations).to.equal(100);
      expect(cache.size).to.equal(100);
      expect(counters.sizeRemovals).to.equal(0);
    });

    it('makes room with an ended entry the sweep meets, though it was read', () => {
      const { clock, counters, has, set } = setUp({ maximumSize: 3 });
      set('a', 1);
      set('b', 1, 10);
      set('c', 1);
      has('b');
      clock.advance(10);
      set('d', 1);
      expect(['a', 'b', 'c', 'd'].map(has)).to.deep.equal([true, false, true, true]);
      expect(counters).to.include({ expirations: 1, sizeRemovals: 0 });
    });
  });

  describe('delete and clear', () => {
    it('tell what they dropped', () => {
      const { cache, has, set } = setUp();
      set('a', 1);
      set('b', 1);
      set('c', 1);
      expect(cache.delete('a')).to.be.true;
      expect(cache.delete('a')).to.be.false;
      expect(cache.clear()).to.equal(2);
      expect(cache.clear()).to.equal(0);
      expect(cache.size).to.equal(0);
      expect(has('b')).to.be.false;
      set('b', 2);
      expect(has('b')).to.be.true;
    });
  });

  describe('eviction', () => {
    it('takes a write to a present key for a use', () => {
      const { keys, set } = setUp({ maximumSize: 2 });
      set('a', 1);
      set('b', 1);
      set('a', 2);
      set('c', 1);
      expect(keys()).to.deep.equal(['a', 'c']);
    });

    it('serves under any history only the last value written, alive, and within the bound', async () => {
      const key = fc.integer({ min: 0, max: 12 }).map(String);
      const step = fc.oneof(
        fc.record({ verb: fc.constant('set' as const), key, life: fc.constantFrom(0, 1, 3, 10, NEVER) }),
        fc.record({ verb: fc.constantFrom('get' as const, 'hitNow' as const, 'delete' as const), key }),
        fc.record({ verb: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 4 }) }),
      );
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 8 }), fc.array(step, { maxLength: 150, size: 'max' }), async (maximumSize, steps) => {
          const { cache, clock, counters, hitNow, set } = setUp({ maximumSize });
          const written = new Map<string, { value: number; expiresAt: number }>();
          let arrivals = 0;
          let removals = 0;
          for (const [value, it] of steps.entries()) {
            if (it.verb === 'wait') {
              clock.advance(it.ms);
            } else if (it.verb === 'set') {
              const wasThere = [...cache.keys()].includes(it.key);
              const expirations = counters.expirations;
              set(it.key, value, it.life);
              if (it.life > 0) {
                written.set(it.key, { value, expiresAt: clock.now() + it.life });
                const hadEnded = wasThere && counters.expirations > expirations && [...cache.keys()].at(-1) === it.key;
                if (!wasThere || hadEnded) arrivals += 1;
                expect(cache.get(it.key, clock.now())?.value, 'just written').to.equal(value);
              } else {
                written.delete(it.key);
                if (wasThere && counters.expirations === expirations) removals += 1;
              }
            } else if (it.verb === 'delete') {
              if (cache.delete(it.key)) removals += 1;
              written.delete(it.key);
            } else {
              const expected = written.get(it.key);
              const isAlive = expected !== undefined && expected.expiresAt > clock.now();
              const promise = it.verb === 'hitNow' ? hitNow(it.key) : undefined;
              const entry = cache.get(it.key, clock.now());
              if (it.verb === 'hitNow') expect(promise !== undefined).to.equal(entry !== undefined);
              if (entry !== undefined) {
                expect(isAlive, 'served while alive').to.be.true;
                expect(entry).to.deep.equal(expected);
                if (promise !== undefined) expect(await promise).to.equal(entry.value);
              }
            }
            expect(cache.size).to.be.at.most(maximumSize);
            expect(cache.size, 'every entry that left was counted').to.equal(
              arrivals - removals - counters.expirations - counters.sizeRemovals,
            );
          }
        }),
        { numRuns: 300 },
      );
    });
  });

  describe('copy', () => {
    class Book {
      constructor(
        readonly title: string,
        readonly tags: string[],
      ) {}
    }

    it('serves the very object, which stays as it is', async () => {
      const { get, hitNow, set } = setUp();
      const value = { tags: ['a'] };
      set('a', value);
      expect(get('a')).to.equal(value);
      expect(await hitNow('a')).to.equal(value);
      expect(value).not.to.be.frozen;
    });

    it('with a codec serves each reader its own copy, of the same class, whatever others did to theirs', async () => {
      const { get, hitNow, set } = setUp({ copies: new ValueCodec({ type: Book }) });
      const value = { book: new Book('Dune', ['a']), at: new Date(5), cover: Buffer.from('x') };
      const asStored = structuredClone(value.book.tags);
      set('a', value);
      value.book.tags.push('changed by the writer');
      (get('a') as typeof value).book.tags.push('changed by a reader');
      ((await hitNow('a')) as typeof value).book.tags.push('changed by another');
      for (const copy of [get('a'), await hitNow('a')] as (typeof value)[]) {
        expect(copy).not.to.equal(value);
        expect(copy).to.deep.equal({ ...value, book: new Book('Dune', asStored) });
        expect(copy.book).to.be.an.instanceOf(Book);
        expect(copy.cover).to.be.an.instanceOf(Buffer);
      }
      expect(hitNow('a')).not.to.equal(hitNow('a'));
    });

    it('with a codec refuses what it cannot copy, and then holds nothing', () => {
      const { has, set } = setUp({ copies: new ValueCodec() });
      set('a', 1);
      expect(() => set('a', { f: () => 1 })).to.throw(
        CacheValueError,
        'The remote tier cannot store a function, found at `.f`. Return plain data, give the cache a `type`, or keep this cache out of the remote tier with `tiers: "local"`.',
      );
      expect(has('a')).to.be.false;
    });

    it('drops what its codec fails to read again, rather than fail the reader', () => {
      // No value of plain JavaScript is known for which that happens.
      const read = sinon.stub(ValueCodec.prototype, 'read').returns(UNREADABLE);
      try {
        const { get, has, hitNow, set } = setUp({ copies: new ValueCodec() });
        set('a', 1);
        expect(get('a')).to.equal(undefined);
        set('b', 1);
        expect(hitNow('b')).to.equal(undefined);
        expect([has('a'), has('b')]).to.deep.equal([false, false]);
      } finally {
        read.restore();
      }
    });
  });

  describe('memory', () => {
    it('keeps no memory of entries that are gone', () => {
      setFlagsFromString('--expose-gc');
      const collect = runInNewContext('gc') as () => void;
      const { cache, counters, set } = setUp({ maximumSize: 1_000 });
      for (let i = 0; i <= 1_000; i += 1) set(`k${i}`, i);
      expect(counters.sizeRemovals, 'the policy has begun to remember').to.equal(1);
      for (let i = 2; i <= 101; i += 1) cache.delete(`k${i}`); // Room: from now on nothing is evicted for the size.
      collect();
      const before = process.memoryUsage().heapUsed;
      for (let i = 1_001; i < 500_000; i += 1) {
        set(`k${i}`, i);
        cache.delete(`k${i - 899}`);
      }
      collect();
      expect(process.memoryUsage().heapUsed - before).to.be.lessThan(5_000_000);
      expect(counters.sizeRemovals).to.equal(1);
      expect(cache.size).to.equal(901); // One of those deleted had made room before.
    });

    it('reserves nothing for entries that do not come', () => {
      const { cache, get, set } = setUp({ maximumSize: LARGEST_MAXIMUM_SIZE });
      const before = process.memoryUsage().arrayBuffers;
      for (let i = 0; i < 100; i += 1) set(`k${i}`, i);
      expect(process.memoryUsage().arrayBuffers - before).to.be.lessThan(1_000_000);
      expect(cache.size).to.equal(100);
      expect(get('k99')).to.equal(99);
    });
  });

  describe('constructor', () => {
    for (const maximumSize of [0, -1, 1.5, NaN, Infinity, LARGEST_MAXIMUM_SIZE + 1, '10' as unknown as number]) {
      it(`does not take a maximumSize of ${String(maximumSize)} (${typeof maximumSize})`, () => {
        expect(() => setUp({ maximumSize }))
          .to.throw(CacheConfigurationError)
          .with.property(
            'message',
            `Expected \`maximumSize\` to be an integer from 1 to 8388608, got \`${String(maximumSize)}\`. For a cache without a local tier write \`tiers: 'remote'\`.`,
          );
      });
    }
  });

  describe('an entry that somebody has to look at', () => {
    const TIMES = { writtenAt: 1_000, dueAt: 1_050, freshUntil: 1_100, retryAt: -Infinity, keptUntil: 1_200 };

    it('is served like any other until something is due; then only to who looks', () => {
      const { cache, clock, get, hitNow } = setUp();
      cache.set('a', 1, 1_200, { times: TIMES });
      clock.advance(49);
      expect(hitNow('a')).to.be.an.instanceOf(Promise);
      clock.advance(1);
      expect([hitNow('a'), get('a')]).to.deep.equal([undefined, 1]);
      expect(cache.held('a', clock.now())).to.deep.equal({ value: 1, times: TIMES });
      expect(cache.endOf('a', clock.now())).to.equal(1_100);
    });

    it('is absent after its life, except to who looks, and is gone after the time it is kept', () => {
      const { cache, counters, clock, get, hitNow } = setUp();
      const expired = sinon.spy();
      cache.expired = expired;
      cache.set('a', 1, 1_200, { times: TIMES });
      clock.advance(100);
      expect([hitNow('a'), get('a'), cache.endOf('a', clock.now()), cache.size]).to.deep.equal([undefined, undefined, undefined, 1]);
      expect(cache.held('a', clock.now())?.value).to.equal(1);
      expect([counters.expirations, expired.callCount]).to.deep.equal([0, 0]);
      clock.advance(100);
      expect([cache.held('a', clock.now()), hitNow('a'), cache.size, counters.expirations]).to.deep.equal([undefined, undefined, 0, 1]);
      expect(expired.args).to.deep.equal([['a']]);
    });

    it('is not there for who looks without a lease, nor one that has no times', () => {
      const { cache, clock, set } = setUp();
      set('plain', 1);
      cache.set('a', 1, 1_200, { times: TIMES });
      expect(cache.held('plain', clock.now())).to.equal(undefined);
      cache.servableUntil = 999;
      expect([cache.held('a', clock.now()), cache.get('a', clock.now())]).to.deep.equal([undefined, undefined]);
    });

    it('is due later if somebody says so, at its end at the latest', () => {
      const { cache, clock, hitNow } = setUp();
      cache.set('a', 1, 1_200, { times: TIMES });
      clock.advance(50);
      cache.defer('a', { dueAt: 1_070 });
      expect(hitNow('a')).to.be.an.instanceOf(Promise);
      clock.advance(20);
      expect(hitNow('a')).to.equal(undefined);
      cache.defer('a', { dueAt: Infinity });
      expect(hitNow('a')).to.be.an.instanceOf(Promise);
      clock.advance(30);
      expect(hitNow('a'), 'its life is over').to.equal(undefined);
      cache.defer('a', { retryAt: 1_150 });
      expect([hitNow('a'), cache.held('a', clock.now())?.times]).to.deep.equal([undefined, { ...TIMES, dueAt: Infinity, retryAt: 1_150 }]);
      for (const key of ['none', 'plain']) cache.defer(key, { dueAt: 5 });
    });

    it('forgets its times with its value', () => {
      const { cache, clock, get, set, hitNow } = setUp();
      cache.set('a', 1, 1_200, { times: TIMES });
      set('a', 2);
      clock.advance(60);
      expect(hitNow('a')).to.be.an.instanceOf(Promise);
      cache.set('b', 1, 1_200, { times: { ...TIMES, dueAt: 1_070 } });
      cache.delete('b');
      set('c', 3); // In the slot of the other one.
      clock.advance(1_000);
      expect([get('a'), get('c'), cache.held('c', clock.now())]).to.deep.equal([2, 3, undefined]);
    });

    it('is swept after the time it is kept, and not after its life', () => {
      const { cache, clock, set } = setUp();
      cache.set('a', 1, 1_200, { times: TIMES });
      clock.advance(150);
      for (let i = 0; i < 10; i += 1) set(`x${i}`, i);
      expect(cache.size).to.equal(11);
      clock.advance(50);
      for (let i = 0; i < 10; i += 1) set(`y${i}`, i);
      expect(cache.size).to.equal(20);
    });

    it('is copied for who looks, where reads get copies', () => {
      const { cache, clock } = setUp({ copies: new ValueCodec() });
      const value = { title: 'Dune' };
      cache.set('a', value, 1_200, { times: TIMES });
      const [one, two] = [cache.held('a', clock.now())?.value, cache.held('a', clock.now())?.value];
      expect([one, two]).to.deep.equal([value, value]);
      expect(one === two || one === value).to.equal(false);
    });
  });
});
