import { expect } from 'chai';
import { simulateFleet } from '../../../lib/testing/index.js';
import { Random } from '../../support/random.js';
import { anyOptions, RandomLife } from './random-life.js';

/** In `FLEETS=1000 npx mocha …` so many are tried. */
const FLEETS = Number(process.env['FLEETS'] ?? 160);

/** They are told of in groups, so that each group stays below the limit of a spec. */
const GROUP = 20;

const STEPS = 40;

describe(RandomLife.name, () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);

  before(() => process.on('unhandledRejection', note));
  after(() => process.off('unhandledRejection', note));

  for (let first = 1; first <= FLEETS; first += GROUP) {
    it(`never lets assertCoherent complain, whatever happens in fleets ${first} to ${first + GROUP - 1}`, async function () {
      this.timeout(60_000);
      for (let seed = first; seed < first + GROUP; seed += 1) {
        const random = new Random(seed);
        const isMixed = random.next() < 0.4;
        const one = anyOptions(random);
        const each = [anyOptions(random), anyOptions(random), anyOptions(random)];
        const options = (index: number): typeof one => (isMixed ? (each[index] ?? one) : one);
        const fleet = await simulateFleet({ instances: 1 + random.below(3), seed, wire: () => undefined, options });
        try {
          await new RandomLife(fleet, random).live(STEPS);
          fleet.assertCoherent();
        } catch (error) {
          throw new Error(`Seed ${seed}`, { cause: error });
        }
        await fleet.stop();
      }
      expect(unhandled).to.deep.equal([]);
    });
  }
});
