import { expect } from 'chai';
import * as fc from 'fast-check';
import { type Library, loadLibrary, withMutant } from './library.js';
import { type Mutant, MUTANTS } from './mutants.js';
import { scripts } from './step.js';
import { play } from './world.js';

const MAXIMUM_RUNS = Number(process.env.RUNS ?? 3_000);
const SEED = Number(process.env.SEED ?? 1);

describe('Interleavings without', function () {
  this.timeout(120_000);
  let library: Library;
  before(async () => (library = await loadLibrary()));

  const check = (lib: Library, { flaws, script }: Mutant, numRuns: number, whole: boolean): ReturnType<typeof fc.check<[fc.Scheduler<unknown>, any]>> =>
    Promise.resolve(
      fc.check(
        fc.asyncProperty(fc.scheduler(), scripts(script), (scheduler, events) => play(scheduler, events, lib, whole ? {} : flaws)),
        { numRuns, seed: SEED, endOnFailure: true },
      ),
    ) as any;

  MUTANTS.forEach((mutant, number) => {
    it(mutant.without, async () => {
      const found = await withMutant(`${number}`, mutant.patches ?? [], (mutated) => check(mutated, mutant, MAXIMUM_RUNS, false) as any) as any;
      if (process.env.SHOW) console.log(found.failed, found.numRuns, String(found.errorInstance));
      expect(found.failed).to.equal(true);
    });
  });
});
