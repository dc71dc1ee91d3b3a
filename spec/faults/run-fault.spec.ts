import { expect } from 'chai';
import { breaches, type FaultFigures, isInterrupted } from './run-fault.js';

const KEPT: FaultFigures = {
  deployment: 'One server',
  kind: 'delay',
  boundMs: 250,
  lifeMs: 600_000,
  reads: 100,
  readsOfSeveral: 50,
  staleReads: 3,
  worstStalenessMs: 250,
  ownStaleReads: 0,
  ackedStaleReads: 0,
  evictions: 10,
  tagEvictions: 5,
  inDoubt: 2,
  unacknowledged: 0,
  greatestAgeMs: 601_100,
  failedReads: 0,
  knownFailures: 0,
  longestReadMs: 1_100,
  longestElapsedMs: 1_200,
  longestEvictionMs: 1_100,
  longestAckedMs: 1_375,
  permanentlyStale: 0,
  abandoned: undefined,
  isPromised: true,
  trouble: undefined,
  freshness: undefined,
  servedStale: 0,
  remoteFailures: 0,
  localShare: 0.5,
  bypassedShare: 0.2,
  leastRemoteShare: 0,
  longestPauseMs: 0,
  failures: [],
};

const broken: readonly (readonly [Partial<FaultFigures>, string])[] = [
  [{ worstStalenessMs: 250.1 }, 'worst staleness in ms: 250.1, at most 250 allowed'],
  [{ permanentlyStale: 1 }, 'permanently stale keys: 1.0, at most 0 allowed'],
  [{ abandoned: { deaths: 4, writes: 8, stale: 2 } }, 'abandoned writes that left something stale: 2.0, at most 0 allowed'],
  [
    { abandoned: { deaths: 4, writes: 8, stale: 0 }, isPromised: false },
    'no abandoned write left anything stale, so the fault was not done',
  ],
  [
    { abandoned: { deaths: 4, writes: 8, stale: 2 }, isPromised: false, permanentlyStale: 1 },
    'permanently stale keys: 1.0, at most 0 allowed',
  ],
  [{ ownStaleReads: 1 }, 'reads older than an own eviction: 1.0, at most 0 allowed'],
  [{ ackedStaleReads: 1 }, "reads older than an eviction with acks: 'all': 1.0, at most 0 allowed"],
  [{ unacknowledged: 1 }, 'evictions lost in silence: 1.0, at most 0 allowed'],
  [{ greatestAgeMs: 601_101 }, 'greatest age of what was read in ms: 601101.0, at most 601100 allowed'],
  [{ lifeMs: 500, greatestAgeMs: 1_600 }, 'share of reads that Redis did not answer: 1.0, at most 0.8 allowed'],
  [{ longestReadMs: 1_101 }, 'longest read in ms: 1101.0, at most 1100 allowed'],
  [{ longestEvictionMs: 1_101 }, 'longest eviction in ms: 1101.0, at most 1100 allowed'],
  [{ longestAckedMs: 1_376 }, 'longest acknowledged eviction in ms: 1376.0, at most 1375 allowed'],
  [{ reads: 0 }, 'nothing was read, or nothing evicted'],
  [{ evictions: 0 }, 'nothing was read, or nothing evicted'],
  [{ readsOfSeveral: 0 }, 'no call has read several keys'],
  [{ evictions: 40, tagEvictions: 0 }, 'nothing was evicted by tag'],
  [{ failedReads: 2 }, '2 reads failed'],
  [{ failures: ['w1 crashed'] }, 'w1 crashed'],
  [{ kind: 'none', inDoubt: 1, bypassedShare: 0 }, 'evictions in doubt without a fault: 1.0, at most 0 allowed'],
  [{ kind: 'none', inDoubt: 0 }, 'share of reads that bypassed the local tier without a fault: 0.2, at most 0 allowed'],
  [{ kind: 'none, all acknowledged', inDoubt: 0, bypassedShare: 0 }, 'stale reads: 3.0, at most 0 allowed'],
];

describe(breaches.name, () => {
  it('finds none in figures within the contract', () => {
    expect(breaches(KEPT)).to.deep.equal([]);
  });

  for (const [changes, breach] of broken) {
    it(`finds ${JSON.stringify(changes)}`, () => {
      expect(breaches({ ...KEPT, ...changes })).to.deep.equal([breach]);
    });
  }

  it('does not blame the cache for abandoned writes where nothing is promised of them', () => {
    expect(breaches({ ...KEPT, abandoned: { deaths: 4, writes: 8, stale: 2 }, isPromised: false })).to.deep.equal([]);
    expect(breaches({ ...KEPT, abandoned: { deaths: 4, writes: 8, stale: 0 } })).to.deep.equal([]);
  });

  it('does not blame the cache for a timer that was late while the machine stood still, within limits', () => {
    expect(breaches({ ...KEPT, longestReadMs: 1_150, longestEvictionMs: 1_150, longestPauseMs: 50 })).to.deep.equal([]);
    expect(breaches({ ...KEPT, longestReadMs: 1_351, longestPauseMs: 9_000 })).to.deep.equal([
      'longest read in ms: 1351.0, at most 1350 allowed',
    ]);
  });

  it('does not blame the cache for a lease that lapsed while the machine stood still', () => {
    expect(breaches({ ...KEPT, kind: 'none', inDoubt: 0, longestPauseMs: 125 })).to.deep.equal([]);
  });
});

describe(`${breaches.name} while the database is in trouble`, () => {
  const FAILING = { failingShare: 0.5, failsAfterMs: [50, 300], takesMs: 0 } as const;
  const SLOW = { failingShare: 0, failsAfterMs: [0, 0], takesMs: 2_000 } as const;
  const freshness = { staleIfError: { for: 60_000, retryAfter: 100 }, loadTimeout: 250 };
  const PROTECTED: FaultFigures = { ...KEPT, lifeMs: 250, trouble: FAILING, freshness, failedReads: 5, servedStale: 1 };
  const UNPROTECTED: FaultFigures = { ...KEPT, lifeMs: 250, greatestAgeMs: 250, isPromised: false, failedReads: 9, knownFailures: 4 };

  const kept: readonly FaultFigures[] = [
    { ...PROTECTED, greatestAgeMs: 61_650, longestReadMs: 1_350 },
    { ...PROTECTED, knownFailures: 1, remoteFailures: 1, greatestAgeMs: 250 },
    { ...UNPROTECTED, trouble: FAILING, longestReadMs: 1_700 },
    { ...UNPROTECTED, trouble: SLOW, longestReadMs: 1_400, longestElapsedMs: 2_000, failedReads: 0, knownFailures: 0 },
  ];
  for (const [i, figures] of kept.entries()) {
    it(`finds none in figures within the contract (${i + 1})`, () => {
      expect(breaches(figures)).to.deep.equal([]);
    });
  }

  const found: readonly (readonly [FaultFigures, string])[] = [
    [{ ...PROTECTED, greatestAgeMs: 61_651 }, 'greatest age of what was read in ms: 61651.0, at most 61650 allowed'],
    [{ ...PROTECTED, greatestAgeMs: 250, longestReadMs: 1_351 }, 'longest read in ms: 1351.0, at most 1350 allowed'],
    [{ ...PROTECTED, greatestAgeMs: 250, knownFailures: 3 }, '3 reads failed although their value was stored'],
    [{ ...PROTECTED, greatestAgeMs: 250, servedStale: 0 }, 'nothing was served after its life, so the fault was not done'],
    [{ ...UNPROTECTED, trouble: FAILING, longestReadMs: 1_701 }, 'longest read in ms: 1701.0, at most 1700 allowed'],
    [{ ...UNPROTECTED, trouble: FAILING, knownFailures: 0 }, 'no read failed, so the fault was not done'],
    [{ ...UNPROTECTED, trouble: SLOW, longestReadMs: 1_400, longestElapsedMs: 1_999 }, 'no read took long, so the fault was not done'],
  ];
  for (const [figures, breach] of found) {
    it(`finds: ${breach}`, () => {
      expect(breaches(figures)).to.deep.equal([breach]);
    });
  }
});

describe(isInterrupted.name, () => {
  it('is true where a process stood still for the deadline of a call', () => {
    expect(isInterrupted({ ...KEPT, longestPauseMs: 1_000 })).to.be.true;
    expect(isInterrupted({ ...KEPT, longestPauseMs: 999 })).to.be.false;
  });

  it('is true where it stood still for as long as a call waits for its method', () => {
    const freshness = { staleIfError: undefined, loadTimeout: 250 };
    expect(isInterrupted({ ...KEPT, freshness, longestPauseMs: 250 })).to.be.true;
    expect(isInterrupted({ ...KEPT, freshness, longestPauseMs: 249 })).to.be.false;
  });

  const UNSAFE = ['worstStalenessMs', 'permanentlyStale', 'ownStaleReads', 'ackedStaleReads', 'unacknowledged'] as const;
  for (const figure of UNSAFE) {
    it(`excuses nothing unsafe: ${figure}`, () => {
      expect(isInterrupted({ ...KEPT, longestPauseMs: 9_000, [figure]: 251 })).to.be.false;
    });
  }

  it('excuses no abandoned write that left something stale, where that is promised', () => {
    const abandoned = { deaths: 4, writes: 8, stale: 1 };
    expect(isInterrupted({ ...KEPT, longestPauseMs: 9_000, abandoned })).to.be.false;
    expect(isInterrupted({ ...KEPT, longestPauseMs: 9_000, abandoned, isPromised: false })).to.be.true;
  });
});
