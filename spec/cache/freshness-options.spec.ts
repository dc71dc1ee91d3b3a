import { expect } from 'chai';
import { checkFreshness, DEFAULT_RETRY_MS, parseLoadTimeout, parseStaleIfError } from '../../lib/time/freshness-options.js';
import { FreshnessPolicy } from '../../lib/cache/two-tier/freshness.js';
import { cacheErrorIn } from '../contract/rejection.js';

const complaint = (action: () => unknown): unknown => {
  const { code, message } = cacheErrorIn(action);
  return [code, message];
};

describe('Options about freshness', () => {
  it('may be a duration, or say more', () => {
    const when = (): boolean => true;
    expect(parseStaleIfError('staleIfError', '5m')).to.deep.equal({ forMs: 300_000, when: undefined, retryAfterMs: DEFAULT_RETRY_MS });
    expect(parseStaleIfError('staleIfError', { for: 5, when, retryAfter: '2s' })).to.deep.equal({ forMs: 5, when, retryAfterMs: 2_000 });
    expect(parseStaleIfError('staleIfError', { for: '1s', retryAfter: 0 })).to.deep.include({ retryAfterMs: 0 });
    expect(parseLoadTimeout('loadTimeout', '2s')).to.equal(2_000);
  });

  it('are turned off by 0, and by nothing', () => {
    for (const off of [undefined, 0, '0s', { for: 0 }]) expect(parseStaleIfError('staleIfError', off)).to.equal(undefined);
  });

  it('are refused if they cannot be meant', () => {
    const duration = (name: string, got: string): string =>
      `Expected \`${name}\` to be a duration, not negative and at most 10 years, such as 500, '60s' or '5m', got \`${got}\``;
    expect(complaint(() => parseStaleIfError('staleIfError', -1))).to.deep.equal([
      'CACHE_OPTION_INVALID',
      `${duration('staleIfError', '-1')} (number).`,
    ]);
    for (const [value, name] of [
      [{}, 'staleIfError.for'],
      [{ for: 'soon' }, 'staleIfError.for'],
      [{ for: 1, retryAfter: -1 }, 'staleIfError.retryAfter'],
      [{ for: 1, retryAfter: null }, 'staleIfError.retryAfter'],
      [null, 'staleIfError'],
      [[], 'staleIfError'],
      [true, 'staleIfError'],
      [NaN, 'staleIfError'],
    ] as const)
      expect(cacheErrorIn(() => parseStaleIfError('staleIfError', value)).message).to.match(
        new RegExp(`^Expected \`${name}\` to be a duration`),
      );
    expect(complaint(() => parseStaleIfError('staleIfError', { for: 1, when: 'always' }))).to.deep.equal([
      'CACHE_OPTION_INVALID',
      'Expected `staleIfError.when` to be a function, got string.',
    ]);
    expect(complaint(() => parseStaleIfError('staleIfError', { for: 1, retryafter: 1 }))).to.deep.equal([
      'CACHE_OPTION_INVALID',
      'Unknown option `staleIfError.retryafter`. Known here: for, when, retryAfter.',
    ]);
    expect(cacheErrorIn(() => parseLoadTimeout('loadTimeout', '25h')).message).to.contain('at most 24 hours');
  });

  it('are checked together, and only those that are given', () => {
    checkFreshness({});
    checkFreshness({ staleIfError: undefined, refreshAfter: undefined, loadTimeout: undefined });
    for (const option of ['staleIfError', 'refreshAfter', 'loadTimeout'])
      expect(cacheErrorIn(() => checkFreshness({ [option]: 'soon' })).message).to.contain(`\`${option}\``);
  });
});

describe(FreshnessPolicy.name, () => {
  const STALE = { forMs: 50, when: undefined, retryAfterMs: 5 };

  it('has nothing to heed by default, nor of a call that turns everything off', () => {
    expect(new FreshnessPolicy({}, false).of({})).to.equal(undefined);
    const policy = new FreshnessPolicy({ staleIfError: STALE, refreshAfterMs: 7, loadTimeoutMs: 9 }, false);
    // What a call turns off holds for what it stores as well.
    expect(policy.of({ staleIfError: 0, refreshAfter: 0, loadTimeout: 0 })?.isAsked).to.equal(false);
    expect(policy.of({})).to.equal(policy.of({}));
  });

  it('takes from a call what it says, and the rest from the cache', () => {
    const policy = new FreshnessPolicy({ staleIfError: STALE, refreshAfterMs: 7, loadTimeoutMs: 9 }, false);
    const of = (options: Parameters<typeof policy.of>[0]): unknown => {
      const { stale, refreshAfterMs, loadTimeoutMs, retryAfterMs } = policy.of(options)!;
      return [stale?.forMs, refreshAfterMs, loadTimeoutMs, retryAfterMs];
    };
    expect(of({})).to.deep.equal([50, 7, 9, 5]);
    expect(of({ staleIfError: 0 })).to.deep.equal([undefined, 7, 9, DEFAULT_RETRY_MS]);
    expect(of({ refreshAfter: 0 })).to.deep.equal([50, Infinity, 9, 5]);
    expect(of({ loadTimeout: 0 })).to.deep.equal([50, 7, Infinity, 5]);
    expect(of({ staleIfError: 3, refreshAfter: 4, loadTimeout: 6 })).to.deep.equal([3, 4, 6, DEFAULT_RETRY_MS]);
  });

  it('knows when another value is due: never after the end', () => {
    const freshness = new FreshnessPolicy({ refreshAfterMs: 7 }, false).of({})!;
    expect([freshness.dueAt(100, 110), freshness.dueAt(100, 107), freshness.dueAt(100, 106)]).to.deep.equal([107, Infinity, Infinity]);
  });

  it('serves for the shorter of what the entry and the reader say', () => {
    const freshness = new FreshnessPolicy({ staleIfError: STALE }, false).of({})!;
    expect([freshness.staleUntil({ endsAt: 100, staleMs: 20 }), freshness.staleUntil({ endsAt: 100, staleMs: 70 })]).to.deep.equal([
      120, 150,
    ]);
    expect(freshness.staleUntil({ endsAt: 100 })).to.equal(100);
    expect(new FreshnessPolicy({ refreshAfterMs: 1 }, false).of({})!.staleUntil({ endsAt: 100, staleMs: 20 })).to.equal(100);
  });

  it('tells the local tier of times only where there are some', () => {
    const entry = { writtenAt: 100, endsAt: 110, staleMs: 50 };
    expect(new FreshnessPolicy({ staleIfError: STALE }, false).timesOf(entry)).to.equal(undefined);
    expect(new FreshnessPolicy({ refreshAfterMs: 7 }, false).timesOf(entry)).to.deep.equal({
      writtenAt: 100,
      dueAt: 107,
      retryAt: -Infinity,
      keptUntil: 110,
    });
    expect(new FreshnessPolicy({ staleIfError: STALE }, true).timesOf(entry)).to.deep.include({ writtenAt: 100, keptUntil: 160 });
    expect(new FreshnessPolicy({ refreshAfterMs: 10 }, false).timesOf(entry), 'as long as its life').to.equal(undefined);
  });
});
