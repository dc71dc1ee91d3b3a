import * as fc from 'fast-check';
import { PROFILES } from './profiles.js';
import { type ScriptConstraints, scripts, UNDISTURBED } from './step.js';
import { play } from './world.js';

/**
 * Two or three instances on a scripted server, with every request, reply, delivery, acknowledgement, fault and clock step permuted.
 * `INTERLEAVINGS=20` runs twenty times as many schedules.
 */
describe('Interleavings over Redis', function () {
  const factor = Number(process.env.INTERLEAVINGS ?? 1);
  this.timeout(120_000 * factor);

  const holds = (runs: number, constraints: ScriptConstraints): Promise<void> =>
    fc.assert(
      fc.asyncProperty(fc.scheduler(), scripts(constraints), (scheduler, script) => play(scheduler, script)),
      { numRuns: runs * factor },
    );

  it('keep every promise while nothing fails', () => holds(300, { weights: UNDISTURBED }));

  it('keep every promise under faults', () => holds(700, {}));

  it('keep every promise under faults among instances whose options differ', () => holds(300, { mixed: true, instances: 3 }));

  for (const [name, profile] of Object.entries(PROFILES)) {
    it(`keep every promise in schedules aimed at what is ${name.toLowerCase().replaceAll('_', ' ')}`, () => holds(100, profile));
  }
});
