import { expect } from 'chai';
import { MissForecast } from '../../../lib/cache/two-tier/miss-forecast.js';

describe(MissForecast.name, () => {
  const after = (...outcomes: ('hit' | 'miss')[]): boolean => {
    const forecast = new MissForecast();
    outcomes.forEach((outcome, i) => forecast.saw(`book ${i}`, outcome === 'miss'));
    return forecast.expectsMiss('Dune');
  };
  const times = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);

  it('expects hits at first, and misses once they prevail', () => {
    expect([after(), after('miss'), after(...times(20, 'miss' as const))]).to.deep.equal([false, false, true]);
  });

  it('expects hits again once those prevail', () => {
    expect(after(...times(20, 'miss' as const), ...times(40, 'hit' as const))).to.equal(false);
  });

  it('expects a miss of a key that was evicted, once, and of no other', () => {
    const forecast = new MissForecast();
    forecast.gone(['Dune']);
    expect([forecast.expectsMiss('Dune'), forecast.expectsMiss('Emma')]).to.deep.equal([true, false]);
    forecast.saw('Dune', true);
    expect(forecast.expectsMiss('Dune')).to.equal(false);
  });

  it('does not conclude from evicted keys to others', () => {
    const forecast = new MissForecast();
    for (let i = 0; i < 100; i += 1) {
      forecast.gone([`book ${i}`]);
      forecast.saw(`book ${i}`, true);
    }
    expect(forecast.expectsMiss('Dune')).to.equal(false);
  });

  it('remembers a bounded number of evicted keys', () => {
    const forecast = new MissForecast();
    const books = Array.from({ length: 100_000 }, (_, i) => `book ${i}`);
    for (const book of books) forecast.gone([book]);
    forecast.gone(books);
    expect(books.filter((book) => forecast.expectsMiss(book)).length).to.be.within(1, 1_000);
  });
});
