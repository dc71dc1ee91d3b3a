import { AssertionError, strictEqual } from 'node:assert';
import { expect } from 'chai';
import { exploreFleet, type ExploreFleetOptions, type SimulatedFleet } from '../../../lib/testing/index.js';

describe(exploreFleet.name, () => {
  const wire = (): void => undefined;

  /** The second server relies on what it cannot: that the eviction has come already. */
  const racing = async (fleet: SimulatedFleet): Promise<void> => {
    const [one, other] = [fleet[0].cache<number>('book'), fleet[1].cache<number>('book')];
    let price = 12;
    await other.getOrLoad('Dune', () => price);
    price = 15;
    await one.evict('Dune');
    strictEqual(await other.getOrLoad('Dune', () => price), 15);
  };

  const failureOf = async (scenario: typeof racing, options: Partial<ExploreFleetOptions> = {}): Promise<Error> => {
    try {
      await exploreFleet({ wire, runs: 30, ...options }, scenario);
    } catch (error) {
      return error as Error;
    }
    throw new Error('It did not fail.');
  };

  it('passes what holds in every order', async () => {
    let plays = 0;
    await exploreFleet({ wire, runs: 20 }, async (fleet) => {
      plays += 1;
      const cache = fleet[0].cache<number>('book');
      await Promise.all([cache.getOrLoad('Dune', () => 12), fleet[1].cache('book').evict('Dune')]);
    });
    expect(plays).to.equal(20);
  });

  it('finds an order in which a scenario fails, the shortest, and how to repeat it', async () => {
    const failure = await failureOf(racing);
    expect(failure).to.be.instanceOf(AssertionError);
    const [, seed, path] = /repeat the shortest order found with \{ seed: (\d+), path: '([\d:]+)' \}/.exec(failure.message) ?? [];
    expect(failure.message).to.include('15').and.to.include('redis: evict Dune');
    let plays = 0;
    const again = await failureOf(
      (fleet) => {
        plays += 1;
        return racing(fleet);
      },
      { seed: Number(seed), path: path! },
    );
    const whatHappened = (message: string): string => message.slice(message.indexOf('What happened'));
    expect(whatHappened(again.message)).to.equal(whatHappened(failure.message));
    expect(plays).to.equal(1);
  });

  it('refuses what it cannot explore', async () => {
    expect((await failureOf(racing, { runs: 0 })).message).to.equal('Expected `runs` to be a whole number of at least 1, got 0.');
    expect((await failureOf(racing, { path: 'x' })).message).to.include('Expected `path` to be numbers between colons');
    expect((await failureOf(racing, { run: 3 } as never)).message).to.include('Did you mean `runs`?');
    expect((await failureOf(undefined as never)).message).to.equal('exploreFleet needs a scenario: a function of the fleet.');
  });
});
