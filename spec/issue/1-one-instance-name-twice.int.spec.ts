/**
 * What happened: two processes with one `instanceId` took each other's evictions for their own. An own message is applied only while its
 * script is unanswered, so the other one stayed stale until the end of the entry's life, `health` said `up`, and `acks: 'all'` waited for
 * nobody.
 *
 * Decided: what tells "own" on the wire is made by the instance itself (its origin); a name that is used twice is told.
 */
import { expect } from 'chai';
import type { CachingOptions } from '../../lib/instance/options.js';
import { systemClock } from '../../lib/time/index.js';
import { Fleet } from '../contract/fleet.js';
import { ownNamespace, sharedRedis } from '../support/shared-redis.js';
import { waitFor } from '../support/wait.js';

describe('Two instances with one name', () => {
  const where: Readonly<Record<string, () => Promise<CachingOptions>>> = {
    'on Redis': async () => ({ redis: (await sharedRedis()).url, namespace: ownNamespace() }),
    embedded: async () => ({ namespace: ownNamespace() }),
  };
  for (const [name, options] of Object.entries(where)) {
    describe(name, () => {
      let fleet: Fleet;
      let warnings: (Error & { code?: string })[];
      const warned = (warning: Error): void => void warnings.push(warning);

      beforeEach(async () => {
        fleet = new Fleet({ ...(await options()), instanceId: 'twin' });
        warnings = [];
        process.on('warning', warned);
      });

      afterEach(async () => {
        process.off('warning', warned);
        await fleet.stop();
      });

      it("hear of each other's evictions, and wait for each other", async () => {
        const options = { bound: 100, clock: systemClock };
        const [one, two] = [await fleet.join({}, options), await fleet.join({}, options)];
        const origins: string[] = [];
        two.runtime.events.on('evicted', ({ origin }) => void origins.push(origin));
        for (const acks of ['none', 'all'] as const) {
          await two.cache.getOrLoad('Dune', () => 'old');
          await one.cache.evict('Dune', { acks });
          if (acks === 'none') await waitFor(() => origins.length === 1, { what: 'the message' });
          expect(await two.cache.getOrLoad('Dune', () => `new, ${acks}`), acks).to.equal(`new, ${acks}`);
          await one.cache.evict('Dune', { acks: 'all' });
          origins.length = 0;
        }
        await one.cache.evict('Dune', { acks: 'all' });
        expect(origins).to.deep.equal(['twin']);
      });

      it('are told of it, and others are not', async () => {
        const told: string[] = [];
        // They look once, two bounds after their start: all must have started by then, and be alive, on a busy machine too.
        const bound = '2s';
        const instances = await Promise.all([
          fleet.join({}, { instanceId: 'single', bound }),
          fleet.join({}, { bound }),
          fleet.join({}, { bound }),
        ]);
        instances.forEach(({ runtime }, i) =>
          runtime.events.on('error', ({ where: place }) => void (place === 'instanceId' && told.push(`${i}`))),
        );
        await waitFor(() => told.length === 2, { what: 'both to be told' });
        expect(told.sort()).to.deep.equal(['1', '2']);
        await waitFor(() => warnings.length >= 2, { what: 'the warnings' });
        expect(warnings.map(({ message, code }) => [message, code])).to.deep.include([
          "Another living instance is called 'twin' too. Give each an `instanceId` of its own, or none. Evictions reach both all the same, but events, statistics and the console take them for one.",
          'CACHE_INSTANCE_ID_REPEATED',
        ]);
      });
    });
  }
});
