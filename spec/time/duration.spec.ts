import { expect } from 'chai';
import fc from 'fast-check';
import { CacheConfigurationError } from '../../lib/errors/index.js';
import { parseDuration, systemClock } from '../../lib/time/index.js';
import { MAXIMUM_DURATION_MS, MAXIMUM_WAIT_MS } from '../../lib/time/duration.js';
import { cacheErrorIn } from '../contract/rejection.js';

describe(parseDuration.name, () => {
  const taken: readonly (readonly [unknown, number])[] = [
    [0, 0],
    [1, 1],
    [250, 250],
    [0.4, 1],
    [1.2, 2],
    ['0ms', 0],
    ['250ms', 250],
    ['60s', 60_000],
    ['1.5s', 1_500],
    ['0.0001s', 1],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['7d', 604_800_000],
    ['3650d', MAXIMUM_DURATION_MS],
  ];
  for (const [written, ms] of taken) {
    it(`takes ${JSON.stringify(written)} for ${ms} ms`, () => {
      expect(parseDuration('ttl', written)).to.equal(ms);
    });
  }

  const refused: readonly unknown[] = [
    -1, '-1s', NaN, Infinity, '', '60', '60 s', ' 60s', '60S', '1w', '1e3ms', '.5s', '1.s', '٣s', null, undefined, true, {}, 10n, '3651d', MAXIMUM_DURATION_MS + 1,
  ]; // prettier-ignore
  for (const wrong of refused) {
    it(`refuses ${typeof wrong === 'string' ? JSON.stringify(wrong) : String(wrong)}`, () => {
      const error = cacheErrorIn(() => parseDuration('caches.book.ttl', wrong));
      expect(error).to.be.instanceOf(CacheConfigurationError);
      expect([error.code, error.message]).to.deep.equal([
        'CACHE_OPTION_INVALID',
        `Expected \`caches.book.ttl\` to be a duration, not negative and at most 10 years, such as 500, '60s' or '5m', got \`${String(wrong)}\` (${typeof wrong}).`,
      ]);
    });
  }

  it('refuses what is less than the least', () => {
    expect(parseDuration('bound', 50, 50)).to.equal(50);
    expect(cacheErrorIn(() => parseDuration('bound', '49ms', 50)).message).to.equal(
      "Expected `bound` to be a duration, at least 50 ms and at most 10 years, such as 500, '60s' or '5m', got `49ms` (string).",
    );
  });

  it('refuses what is more than the most', () => {
    expect(parseDuration('timeout', '1d', 1, MAXIMUM_WAIT_MS)).to.equal(86_400_000);
    expect(cacheErrorIn(() => parseDuration('timeout', 86_400_001, 1, MAXIMUM_WAIT_MS)).message).to.equal(
      "Expected `timeout` to be a duration, at least 1 ms and at most 24 hours, such as 500, '60s' or '5m', got `86400001` (number).",
    );
  });

  it('answers whole milliseconds, never fewer than asked, and 0 only for 0', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: MAXIMUM_DURATION_MS, noNaN: true }), (ms) => {
        const parsed = parseDuration('ttl', ms);
        expect(Number.isSafeInteger(parsed) && parsed >= ms && parsed - ms <= 1 && (parsed === 0) === (ms === 0)).to.equal(true);
      }),
    );
  });
});

describe('systemClock', () => {
  it('never runs backwards', () => {
    const readings = Array.from({ length: 1_000 }, () => systemClock.now());
    expect(readings).to.deep.equal([...readings].sort((a, b) => a - b));
  });
});
