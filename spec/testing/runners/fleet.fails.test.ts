// The output says: It failed in run 1 of 20; repeat the shortest order found with { seed: 7, path:
import { strictEqual } from 'node:assert';
import { describe, it } from 'node:test';
import { Cacheable } from 'inversify-cache';
import { exploreFleet } from 'inversify-cache/testing';
import { prices } from './book-service.js';

class ForgetfulService {
  @Cacheable('book')
  async find(name: string): Promise<number | undefined> {
    return prices.get(name);
  }

  async update(name: string, price: number): Promise<void> {
    prices.set(name, price); // and nothing is evicted
  }
}

describe('a service that forgets to evict', () => {
  it('is found, with the seed and the shortest order', async () => {
    await exploreFleet({ seed: 7, runs: 20, wire: (container) => void container.bind(ForgetfulService).toSelf() }, async (fleet) => {
      prices.set('Dune', 12);
      await fleet[1].get(ForgetfulService).find('Dune');
      await fleet[0].get(ForgetfulService).update('Dune', 15);
      await fleet.elapse('1s');
      strictEqual(await fleet[1].get(ForgetfulService).find('Dune'), 15, 'the old price is served');
    });
  });
});
