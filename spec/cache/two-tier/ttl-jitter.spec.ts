import { expect } from 'chai';
import sinon from 'sinon';
import { CacheConfigurationError } from '../../../lib/errors/index.js';
import { resolveOptions } from '../../../lib/instance/options.js';
import { Fleet } from '../../contract/fleet.js';

describe('the cache option `ttlJitter`', () => {
  let fleet: Fleet;

  beforeEach(() => {
    fleet = new Fleet({ namespace: 'ttl-jitter' });
  });

  afterEach(async () => {
    sinon.restore();
    await fleet.stop();
  });

  /** How long an entry put with these options lives, found by moving the clock, to 1 s. */
  const lifeOf = async (ttlJitter: number, random: number, ttl: number | undefined): Promise<number> => {
    const { cache, clock } = await fleet.join({ tiers: 'local', ttl: '60s', ttlJitter }, { bound: '1d' });
    sinon.restore();
    sinon.stub(Math, 'random').returns(random);
    await cache.put('Dune', 1, ttl === undefined ? {} : { ttl });
    let seconds = 0;
    while (seconds < 1_000 && (await cache.get('Dune')) !== undefined) {
      clock.advance(1_000);
      seconds += 1;
    }
    return seconds;
  };

  it('shortens lives by up to that fraction, those of single entries too', async () => {
    expect(await lifeOf(0.5, 0, undefined)).to.be.within(60, 61);
    expect(await lifeOf(0.5, 0.5, undefined)).to.be.within(45, 46);
    expect(await lifeOf(0.5, 0.999, undefined)).to.be.within(30, 31);
    expect(await lifeOf(0.5, 0.999, 10_000)).to.be.within(5, 6);
  });

  it('is none by default, and no matter where entries never expire', async () => {
    expect(await lifeOf(0, 0.999, undefined)).to.be.within(60, 61);
    expect(await lifeOf(0.5, 0.999, 0)).to.equal(1_000);
  });

  it('is a fraction', () => {
    for (const [ttlJitter, shown] of [
      [-0.1, '-0.1` (number)'],
      [1.5, '1.5` (number)'],
      ['10%', '10%` (string)'],
      [NaN, 'NaN` (number)'],
    ] as const) {
      expect(() => resolveOptions({ caches: { book: { ttlJitter: ttlJitter as number } } })).to.throw(
        CacheConfigurationError,
        `Expected \`caches.book.ttlJitter\` to be a number from 0 to 1, got \`${shown}.`,
      );
    }
  });
});
