import { expect } from 'chai';
import { type EvictionRecord, type FailedRead, Oracle, type ReadRecord } from './oracle.js';

const eviction = (version: number, acknowledgedAt: number | undefined, changes: Partial<EvictionRecord> = {}): EvictionRecord => ({
  promises: [{ key: 1, version }],
  byTag: false,
  clears: false,
  instance: 'A',
  acks: false,
  begunAt: acknowledgedAt ?? 0,
  settledAt: acknowledgedAt ?? 0,
  acknowledgedAt,
  waitedMs: 1,
  ...changes,
});

const read = (version: number, begunAt: number, changes: Partial<ReadRecord> = {}): ReadRecord => ({
  key: 1,
  version,
  begunAt,
  endedAt: begunAt + 1,
  at: begunAt,
  waitedMs: 1,
  ofSeveral: false,
  ...changes,
});

const failed = (begunAt: number, changes: Partial<FailedRead> = {}): FailedRead => ({
  keys: [1],
  begunAt,
  endedAt: begunAt + 100,
  waitedMs: 90,
  ...changes,
});

const BOUND_MS = 250;

describe(Oracle.name, () => {
  let oracle: Oracle;

  beforeEach(() => {
    oracle = new Oracle({ boundMs: BOUND_MS });
  });

  describe('verdict', () => {
    it('counts a read as stale from the oldest acknowledgement of anything newer', () => {
      oracle.evicted(eviction(3, 200));
      oracle.evicted(eviction(2, 100));
      oracle.read('B', [read(1, 250)]);
      expect(oracle.verdict()).to.include({ reads: 1, staleReads: 1, worstStalenessMs: 150, ownStaleReads: 0 });
    });

    it('lets a later version that was acknowledged earlier supersede the ones before it', () => {
      oracle.evicted(eviction(3, 100));
      oracle.evicted(eviction(2, 900));
      oracle.read('B', [read(1, 150), read(2, 160), read(3, 1_000)]);
      expect(oracle.verdict()).to.include({ staleReads: 2, worstStalenessMs: 60 });
    });

    it('accepts the old version of a read that began before the acknowledgement', () => {
      oracle.evicted(eviction(2, 100));
      oracle.read('B', [read(1, 100), read(1, 99.9)]);
      expect(oracle.verdict()).to.include({ staleReads: 0, worstStalenessMs: 0 });
    });

    it('knows the greatest age of what was read', () => {
      oracle.read('A', [read(1, 100, { at: 70 }), read(1, 110, { at: 70 })]);
      oracle.read('B', [read(1, 100, { at: 80 }), read(1, 100, { at: 120 })]);
      expect(oracle.verdict()).to.include({ greatestAgeMs: 40 });
    });

    it('counts the reads whose calls have read several keys, and judges each by itself', () => {
      oracle.evicted(eviction(2, 100));
      oracle.read('B', [read(1, 250, { ofSeveral: true }), read(1, 250, { key: 2, ofSeveral: true }), read(2, 250)]);
      expect(oracle.verdict()).to.include({ reads: 3, readsOfSeveral: 2, staleReads: 1, worstStalenessMs: 150 });
    });

    it('knows keys apart', () => {
      oracle.evicted(eviction(2, 100));
      oracle.read('B', [read(1, 500, { key: 2 })]);
      expect(oracle.verdict()).to.include({ staleReads: 0 });
    });

    it('holds an eviction by tag to every key that it promises, as far as it was committed', () => {
      const shelf = [
        { key: 1, version: 4 },
        { key: 5, version: 2 },
      ];
      oracle.evicted(eviction(4, 100, { promises: shelf, byTag: true }));
      oracle.read('B', [read(2, 400, { key: 5 }), read(3, 400, { key: 9 })]);
      expect(oracle.verdict()).to.include({ staleReads: 0, evictions: 1, tagEvictions: 1 });
      oracle.read('B', [read(1, 350, { key: 5 }), read(3, 150)]);
      expect(oracle.verdict()).to.include({ staleReads: 2, worstStalenessMs: 250 });
      expect([...oracle.newestEvicted()]).to.deep.equal([
        [1, 4],
        [5, 2],
      ]);
    });

    it('counts an eviction in doubt from its recovery, but for its own instance from the answer', () => {
      oracle.evicted(eviction(2, undefined, { settledAt: 100 }));
      oracle.read('B', [read(1, 400)]);
      oracle.read('A', [read(1, 150)]);
      expect(oracle.verdict()).to.include({ staleReads: 0, ownStaleReads: 1, inDoubt: 1, unacknowledged: 1 });
      oracle.recovered('A', 300);
      expect(oracle.verdict()).to.include({ staleReads: 1, worstStalenessMs: 100, ownStaleReads: 1, inDoubt: 1, unacknowledged: 0 });
    });

    it('leaves the doubts of other instances alone', () => {
      oracle.evicted(eviction(2, undefined));
      oracle.recovered('B', 300);
      expect(oracle.verdict()).to.include({ unacknowledged: 1 });
    });

    it('allows nothing stale once an eviction with acks resolved, but much while it is in doubt', () => {
      oracle.evicted(eviction(2, 100, { acks: true }));
      oracle.evicted(eviction(3, undefined, { acks: true, settledAt: 150 }));
      oracle.recovered('A', 160);
      oracle.read('B', [read(1, 101), read(2, 170), read(1, 99)]);
      expect(oracle.verdict()).to.include({ ackedStaleReads: 1, staleReads: 2 });
    });

    it('tells the longest calls of each kind', () => {
      oracle.evicted(eviction(2, 100, { waitedMs: 7 }));
      oracle.evicted(eviction(3, 100, { waitedMs: 9, acks: true }));
      oracle.read('A', [read(3, 200, { waitedMs: 5 })]);
      expect(oracle.verdict()).to.include({ longestReadMs: 5, longestElapsedMs: 1, longestEvictionMs: 7, longestAckedMs: 9 });
    });
  });

  describe('verdict on values that are served after their life', () => {
    const LIFE_MS = 500;
    /** Of a value that was read at 1,000, and returned first at 1,010. */
    const old = (begunAt: number, waitedMs: number): ReadRecord => read(1, begunAt, { at: 1_000, endedAt: begunAt + waitedMs, waitedMs });

    beforeEach(() => {
      oracle = new Oracle({ boundMs: BOUND_MS, lifeMs: LIFE_MS });
      oracle.read('B', [old(1_000, 10)]);
    });

    it('holds them to the evictions that were acknowledged before they were served', () => {
      oracle.evicted(eviction(2, 1_600));
      oracle.read('B', [old(1_550, 80)]);
      expect(oracle.verdict()).to.include({ staleReads: 1, worstStalenessMs: 30, ownStaleReads: 0, ackedStaleReads: 0 });
    });

    it('holds those of a call that has read several keys to what was acknowledged before it began: they may have waited for others', () => {
      oracle.evicted(eviction(2, 1_560));
      oracle.read('B', [{ ...old(1_550, 80), ofSeveral: true }]);
      expect(oracle.verdict()).to.include({ staleReads: 0 });
      oracle.read('B', [{ ...old(1_570, 80), ofSeveral: true }]);
      expect(oracle.verdict()).to.include({ staleReads: 1, worstStalenessMs: 10 });
    });

    it('holds them to evictions by the same instance, and with acks', () => {
      oracle.evicted(eviction(2, 1_600, { instance: 'B' }));
      oracle.evicted(eviction(2, 1_610, { acks: true }));
      oracle.read('B', [old(1_550, 80)]);
      expect(oracle.verdict()).to.include({ staleReads: 1, ownStaleReads: 1, ackedStaleReads: 1 });
    });

    it('does not count the time in which the process did not run', () => {
      oracle.evicted(eviction(2, 1_600));
      oracle.read('B', [{ ...old(1_550, 80), waitedMs: 50 }]);
      expect(oracle.verdict()).to.include({ staleReads: 0 });
    });

    it('holds a value within its life, as it was returned first, to what was acknowledged before the read began', () => {
      oracle.evicted(eviction(2, 1_500));
      oracle.read('B', [old(1_490, 70)]);
      expect(oracle.verdict()).to.include({ staleReads: 0 });
      oracle.read('B', [old(1_490, 71)]);
      expect(oracle.verdict()).to.include({ staleReads: 1, worstStalenessMs: 61 });
    });
  });

  describe('verdict on failed reads', () => {
    /** A value that was read at 1,000, returned first at 1,010, and found again. */
    const stored = [read(1, 1_000, { endedAt: 1_010 }), read(1, 1_020, { at: 1_000 })];

    const knownFailures = (reads: readonly ReadRecord[], evictions: readonly EvictionRecord[] = [], failure = failed(1_100)): number => {
      oracle.read('A', reads);
      for (const record of evictions) oracle.evicted(record);
      oracle.failed([failure]);
      const verdict = oracle.verdict();
      expect(verdict).to.include({ failedReads: 1, reads: reads.length });
      expect([verdict.longestReadMs, verdict.longestElapsedMs]).to.deep.equal([90, 100]);
      return verdict.knownFailures;
    };

    it('counts those whose value was stored, and not evicted', () => {
      expect(knownFailures(stored)).to.equal(1);
    });

    it('counts a call of several keys once for each, if the values of all were stored', () => {
      const other = stored.map((each) => ({ ...each, key: 2 }));
      oracle.read('A', stored);
      oracle.failed([failed(1_100, { keys: [1, 2] })]);
      expect(oracle.verdict()).to.include({ failedReads: 2, knownFailures: 0 });
      oracle.read('A', other);
      expect(oracle.verdict()).to.include({ failedReads: 2, knownFailures: 2 });
    });

    it('does not count a key that was never read', () => {
      expect(knownFailures([])).to.equal(0);
    });

    it('knows keys apart', () => {
      expect(knownFailures(stored, [eviction(2, 1_050, { promises: [{ key: 2, version: 2 }] })])).to.equal(1);
    });

    it('does not take a value for stored that was returned once, or to callers of one load', () => {
      expect(knownFailures([read(1, 1_000, { endedAt: 1_010 }), read(1, 1_005, { at: 1_000, endedAt: 1_011 })])).to.equal(0);
    });

    it('does not count a read that began before the value was returned', () => {
      expect(knownFailures(stored, [], failed(1_009))).to.equal(0);
    });

    it('does not count a read whose value was evicted, from the load until its end', () => {
      expect(knownFailures(stored, [eviction(2, 1_150)])).to.equal(0);
    });

    it('does not count a read whose value an eviction may have reached that ended less than a bound before its load', () => {
      expect(knownFailures(stored, [eviction(2, 1_000 - BOUND_MS)])).to.equal(0);
    });

    it('counts a read whose key was evicted by all means before the load, or after the end', () => {
      expect(knownFailures(stored, [eviction(2, 1_000 - BOUND_MS - 1), eviction(3, 1_201)])).to.equal(1);
    });

    it('does not count a read whose key was evicted by a clear', () => {
      expect(knownFailures(stored, [eviction(2, 1_150, { promises: [{ key: 2, version: 2 }], clears: true })])).to.equal(0);
    });

    it('does not count a read whose key has an eviction in doubt', () => {
      expect(knownFailures(stored, [eviction(2, undefined, { begunAt: 500, settledAt: 600 })])).to.equal(0);
    });

    it('counts a read whose value was evicted, once another one is stored', () => {
      const newer = [read(2, 2_000, { endedAt: 2_010 }), read(2, 2_020, { at: 2_000 })];
      expect(knownFailures([...stored, ...newer], [eviction(2, 1_500)], failed(2_100))).to.equal(1);
    });
  });

  describe('crashed', () => {
    it('forgets what was in doubt there, and nothing else', () => {
      oracle.evicted(eviction(2, 100));
      oracle.evicted(eviction(3, undefined));
      oracle.evicted(eviction(4, undefined, { instance: 'B' }));
      oracle.crashed('A');
      expect(oracle.verdict()).to.include({ evictions: 2, unacknowledged: 1 });
    });
  });

  describe('newestEvicted', () => {
    it('knows acknowledged evictions only', () => {
      oracle.evicted(eviction(2, 100));
      oracle.evicted(eviction(1, 200));
      oracle.evicted(eviction(3, undefined));
      expect([...oracle.newestEvicted()]).to.deep.equal([[1, 2]]);
    });
  });
});
