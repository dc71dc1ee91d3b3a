import { expect } from 'chai';
import { type RedisOfRun, SampleRun } from './sample-run.js';

/** Starts a run of the sample. */
export type StartRun = (redis: RedisOfRun, args?: readonly string[], env?: NodeJS.ProcessEnv) => SampleRun;

/** What starts runs of a sample within a suite, which ends those that a spec leaves behind. To be called in its `describe`. */
export function sampleRuns(sample: string): StartRun {
  const runs: SampleRun[] = [];
  afterEach(() => Promise.all(runs.splice(0).map((run) => run.remove())));
  return (redis, args = [], env) => {
    const run = new SampleRun(sample, args, redis, env);
    runs.push(run);
    return run;
  };
}

/** The run ends with success, complains of nothing and leaves nothing behind. */
export async function expectSuccess(run: SampleRun): Promise<void> {
  expect(await run.end, run.output + run.errors).to.deep.equal({ code: 0, signal: null });
  expect(run.errors).to.equal('');
  expect(run.leftovers).to.deep.equal([]);
}

/** The run says what it does not understand and how it is used, and starts nothing. */
export async function expectRefusal(run: SampleRun, complaint: string, usage: string): Promise<void> {
  expect(await run.end).to.deep.equal({ code: 2, signal: null });
  expect({ output: run.output, errors: run.errors }).to.deep.equal({ output: '', errors: `${complaint}\n\n${usage}\n` });
  expect(run.leftovers).to.deep.equal([]);
}
