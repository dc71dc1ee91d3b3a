import { expect } from 'chai';
import { type EvictionRecord, Oracle, type ReadRecord } from './oracle.js';

const eviction = (version: number, acknowledgedAt: number | undefined, changes: Partial<EvictionRecord> = {}): EvictionRecord => ({
  promises: [{ key: 1, version }],
  byTag: false,
  instance: 'A',
  acks: false,
  settledAt: acknowledgedAt ?? 0,
  acknowledgedAt,
  waitedMs: 1,
  ...changes,
});

const read = (version: number, begunAt: number, changes: Partial<ReadRecord> = {}): ReadRecord => ({
  key: 1,
  version,
  begunAt,
  ageMs: 0,
  waitedMs: 1,
  ...changes,
});

describe(Oracle.name, () => {
  let oracle: Oracle;

  beforeEach(() => {
    oracle = new Oracle();
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
      oracle.read('A', [read(1, 100, { ageMs: 30 }), read(1, 110, { ageMs: 40 })]);
      oracle.read('B', [read(1, 100, { ageMs: 20 })]);
      expect(oracle.verdict()).to.include({ greatestAgeMs: 40 });
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
      expect(oracle.verdict()).to.include({ longestReadMs: 5, longestEvictionMs: 7, longestAckedMs: 9 });
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
