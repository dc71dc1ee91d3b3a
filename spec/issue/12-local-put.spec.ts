/**
 * Found by the fleet simulator: without a remote tier, a put kept its value when its own eviction was answered. An eviction by another
 * instance that was executed after it travels on another connection, and could be heard before that answer. It was then forgotten, and
 * the put was served until its time to live ended. An eviction by another instance that is heard while a put is under way overtakes it now.
 */
import { expect } from 'chai';
import { type SimulatedFleet, simulateFleet } from '../../lib/testing/index.js';

const fleetOf = (seed: number): Promise<SimulatedFleet> =>
  simulateFleet({ seed, wire: () => undefined, options: { caches: { book: { tiers: 'local' } } } });

describe("a put in a cache with `tiers: 'local'`", () => {
  it('does not outlive an eviction by another instance that was executed after it', async () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const fleet = await fleetOf(seed);
      await Promise.all([fleet[0].cache('book').put('Dune', 12), fleet[1].cache('book').evict('Dune')]);
      await fleet.elapse('2s');
      fleet.assertCoherent();
    }
  });

  it('keeps its value while others evict other keys', async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const fleet = await fleetOf(seed);
      await Promise.all([fleet[0].cache('book').put('Dune', 12), fleet[1].cache('book').evict('Emma')]);
      await fleet.settle();
      expect(await fleet[0].cache('book').get('Dune')).to.deep.equal({ value: 12 });
    }
  });
});
