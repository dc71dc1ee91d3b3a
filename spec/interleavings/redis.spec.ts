import * as fc from 'fast-check';
import { type Library, loadLibrary } from './library.js';
import { EVERYTHING, scripts, UNDISTURBED } from './step.js';
import { play } from './world.js';

/** Two or three instances on a scripted server, with every request, reply, delivery, acknowledgement, fault and clock step permuted. */
describe('Interleavings over Redis', function () {
  this.timeout(120_000);
  let library: Library;
  before(async () => (library = await loadLibrary()));

  const holds = (numRuns: number, ...constraints: Parameters<typeof scripts>): Promise<void> =>
    fc.assert(
      fc.asyncProperty(fc.scheduler(), scripts(...constraints), (scheduler, script) => play(scheduler, script, library)),
      { numRuns, ...JSON.parse(process.env.FC ?? '{}') },
    );

  it('keep every promise while nothing fails', () => holds(500, { weights: UNDISTURBED }));

  it('keep every promise under faults', () => holds(1_000, { weights: EVERYTHING }));
});
