import { strictEqual } from 'node:assert';
import { describe, it } from 'node:test';
import { simulateFleet } from 'inversify-cache/testing';
import { BookService, prices } from './book-service.js';

describe('a fleet in virtual time', () => {
  it('hears of an update that one of its servers could not hear', async () => {
    prices.set('Dune', 12);
    const fleet = await simulateFleet({ instances: 3, seed: 7, wire: (container) => void container.bind(BookService).toSelf() });
    strictEqual(await fleet[1].get(BookService).find('Dune'), 12);
    fleet[1].subscriber.cut();
    await fleet[0].get(BookService).update('Dune', 15);
    await fleet.elapse('10s');
    strictEqual(await fleet[1].get(BookService).find('Dune'), 15);
    fleet.assertCoherent();
    await fleet.stop();
  });
});
