import { expect } from 'chai';
import * as fc from 'fast-check';
import { type Mutant, MUTANTS } from './mutants.js';
import { type Script, scripts } from './step.js';
import { type Flaws, play, Violation } from './world.js';

type Parameters = fc.Parameters<[fc.Scheduler<unknown>, Script]>;

/** How many schedules may be tried before a counter-example must be there; most are found within a hundred. */
const MAXIMUM_RUNS = 6_000;
const SEED = 1;

/** A property that cannot fail proves nothing: with a mechanism taken out, the same schedules must break a promise. */
describe('Interleavings', function () {
  this.timeout(300_000); // One that times out goes on in the background, and fails those after it.

  const check = async (
    { script }: Mutant,
    flaws: Flaws | undefined,
    parameters: Parameters,
  ): Promise<fc.RunDetails<[fc.Scheduler<unknown>, Script]>> =>
    fc.check(
      fc.asyncProperty(fc.scheduler(), scripts(script), (scheduler, events) => play(scheduler, events, flaws)),
      { seed: SEED, endOnFailure: true, ...parameters },
    );

  for (const mutant of MUTANTS) {
    it(`break a promise without ${mutant.without}`, async () => {
      const found = await check(mutant, mutant.flaws, { numRuns: MAXIMUM_RUNS });
      expect(found.failed, `${found.numRuns} schedules broke nothing`).to.equal(true);
      expect(found.errorInstance).to.be.instanceOf(Violation);
      expect((found.errorInstance as Violation).message).to.match(mutant.breaks);
      if (process.env.SHOW) console.log(found.numRuns, (found.errorInstance as Violation).message);

      const whole = await check(mutant, {}, { path: found.counterexamplePath as string });
      expect(whole.failed, 'the library as it is keeps the promise in the same script').to.equal(false);
    });
  }
});
