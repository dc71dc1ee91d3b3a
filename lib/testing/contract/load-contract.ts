import { deepEqual, equal } from 'node:assert/strict';
import type { CacheStage } from './cache-stage.js';
import { rejectionOf } from './rejection.js';
import { Gate, later, settled, until } from './waits.js';

/** What a loader may throw. */
const THROWN: readonly unknown[] = [new Error('no such book'), 'a string', undefined, Object.freeze({ status: 404 })];

/** Loads of single keys. */
export function describeLoads(stage: CacheStage): void {
  stage.it('runs the loader on a miss only', async ({ cache }) => {
    let runs = 0;
    const loader = (): Promise<string> => Promise.resolve(`run ${(runs += 1)}`);
    deepEqual([await cache.getOrLoad('Dune', loader), await cache.getOrLoad('Dune', loader)], ['run 1', 'run 1']);
    await cache.evict('Dune');
    equal(await cache.getOrLoad('Dune', loader), 'run 2');
  });

  stage.it('gives its loader a signal that is not aborted', async ({ cache }) => {
    equal(await cache.getOrLoad('Dune', ({ signal }) => signal.aborted), false);
  });

  stage.it('does not store what `unless` vetoes, and does not ask on a hit', async (trial) => {
    const asked: unknown[] = [];
    const options = { unless: (value: number) => (asked.push(value), value < 2) };
    for (const value of [1, 2, 3]) await trial.load('Dune', value, options);
    deepEqual(asked, [1, 2]);
    deepEqual(await trial.get('Dune'), { value: 2 });
  });

  stage.it('rejects with what the loader threw, the same object, and stores nothing', async (trial) => {
    for (const thrown of THROWN) {
      const throwing = (): never => {
        throw thrown;
      };
      for (const loader of [() => Promise.reject(thrown), throwing]) {
        equal(await rejectionOf(trial.cache.getOrLoad('Dune', loader)), thrown);
        equal(await trial.get('Dune'), undefined);
      }
    }
    equal(await trial.load('Dune', 'found'), 'found');
    trial.counts({ loadFailures: 8 });
  });

  describeSharedLoads(stage);
}

function describeSharedLoads(stage: CacheStage): void {
  stage.it('runs one loader for callers that come together', async (trial) => {
    const { promise, open } = new Gate<string>();
    let runs = 0;
    const callers = Array.from({ length: 10 }, () => later(trial.cache.getOrLoad('Dune', () => ((runs += 1), promise))));
    open('once');
    deepEqual(new Set(await Promise.all(callers)), new Set(['once']));
    equal(runs, 1);
    trial.counts({ joined: 9 });
  });

  stage.it('is joined past a plain read that began after it', async (trial) => {
    const { promise, open } = new Gate<string>();
    const first = later(trial.cache.getOrLoad('Dune', () => promise));
    const reads = [trial.cache.get('Dune'), trial.cache.getAll(['Dune'])];
    const second = later(trial.load('Dune', 'a second load'));
    open('the first load');
    deepEqual(await Promise.all([first, second]), ['the first load', 'the first load']);
    await Promise.all(reads);
    trial.counts({ loads: 1 });
  });

  stage.it('runs a loader for each caller that does not want to join', async ({ cache }) => {
    const { promise, open } = new Gate();
    let runs = 0;
    const loader = async (): Promise<number> => {
      const run = (runs += 1);
      await promise;
      return run;
    };
    const callers = [1, 2].map(() => later(cache.getOrLoad('Dune', loader, { join: false })));
    await until(() => runs === 2, 'both loads to begin');
    open();
    deepEqual((await Promise.all(callers)).sort(), [1, 2]);
  });

  stage.it('fails for everybody who joined, and for nobody after', async (trial) => {
    const { promise, open } = new Gate();
    const thrown = new Error('once');
    const failing = (): Promise<never> => promise.then(() => Promise.reject(thrown));
    const callers = [1, 2].map(() => later(rejectionOf(trial.cache.getOrLoad('Dune', failing))));
    open();
    for (const error of await Promise.all(callers)) equal(error, thrown);
    equal(await trial.load('Dune', 'well'), 'well');
  });

  stage.itNeeds(['reentrantLoads'], 'answers a loader that asks for its own key', async (trial) => {
    const answer = trial.cache.getOrLoad('Dune', () => trial.load('Dune', 'of its own loader'));
    equal(await settled(answer, 'a load whose loader asks for its own key'), 'of its own loader');
    equal(await trial.load('Dune', 'new'), 'of its own loader');
  });
}
