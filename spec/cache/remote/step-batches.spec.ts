import { expect } from 'chai';
import { StepBatches } from '../../../lib/cache/remote/step-batches.js';
import { rejectionOf } from '../../contract/rejection.js';
import { turn } from '../../support/promises.js';

describe(StepBatches.name, () => {
  let executed: { items: readonly string[]; waitMs: number | undefined }[];
  let isCrowded: boolean;
  let free: { resolve: () => void; reject: (error: Error) => void; waitMs: number | undefined }[];
  let fails: boolean;

  beforeEach(() => {
    [executed, isCrowded, free, fails] = [[], false, [], false];
  });

  const batches = (lengthOf?: (item: string) => number): StepBatches<string, string> =>
    new StepBatches({
      isCrowded: () => isCrowded,
      whenFree: (waitMs) => new Promise((resolve, reject) => free.push({ resolve, reject, waitMs })),
      execute: (items, waitMs) => {
        executed.push({ items, waitMs });
        return fails ? Promise.reject(new Error('socket closed')) : Promise.resolve(items.map((item) => item.toUpperCase()));
      },
      ...(lengthOf === undefined ? {} : { lengthOf }),
    });
  const sizes = (): number[] => executed.map(({ items }) => items.length);

  it('sends what one turn asks for as one, and gives each its own answer', async () => {
    const steps = batches();
    const answers = ['a', 'b', 'a'].map((item) => steps.add(item));
    expect(executed).to.deep.equal([]);
    expect(await Promise.all(answers)).to.deep.equal(['A', 'B', 'A']);
    expect(sizes()).to.deep.equal([3]);
  });

  it('takes in what the promises of the turn lead to, and nothing of the next turn', async () => {
    const steps = batches();
    const later = (async (): Promise<string> => {
      for (let i = 0; i < 5; i += 1) await Promise.resolve();
      return steps.add('b');
    })();
    await Promise.all([steps.add('a'), later]);
    await turn();
    await steps.add('c');
    expect(sizes()).to.deep.equal([2, 1]);
  });

  it('sends at most 16 of a turn as one, and no more than 250 KB', async () => {
    const steps = batches();
    await Promise.all(Array.from({ length: 40 }, (_, i) => steps.add(`${i}`)));
    expect(sizes()).to.deep.equal([16, 16, 8]);
    executed = [];
    const long = batches(() => 100 * 1_024);
    await Promise.all(['a', 'b', 'c'].map((item) => long.add(item)));
    expect(sizes()).to.deep.equal([2, 1]);
  });

  it('sends more as one where those who ask wait for many others anyway, up to a thousand', async () => {
    const steps = batches();
    await Promise.all(Array.from({ length: 40 }, (_, i) => steps.add(`${i}`, undefined, 30)));
    expect(sizes()).to.deep.equal([30, 10]);
    executed = [];
    await Promise.all(Array.from({ length: 1_500 }, (_, i) => steps.add(`${i}`, undefined, 5_000)));
    expect(sizes()).to.deep.equal([1_000, 500]);
    executed = [];
    const long = batches(() => 100 * 1_024);
    await Promise.all(['a', 'b', 'c'].map((item) => long.add(item, undefined, 1_000)));
    expect(sizes(), 'but no more than 250 KB').to.deep.equal([2, 1]);
  });

  it('lets single ones share the step of many, and many that of single ones', async () => {
    const steps = batches();
    const many = (): Promise<string>[] => Array.from({ length: 30 }, (_, i) => steps.add(`${i}`, undefined, 1_000));
    await Promise.all([steps.add('first'), ...many(), steps.add('last')]);
    expect(sizes()).to.deep.equal([32]);
  });

  it('has all of them wait while it is crowded, up to a thousand together', async () => {
    isCrowded = true;
    const steps = batches();
    const answers = Array.from({ length: 1_001 }, (_, i) => steps.add(`${i}`, 500));
    await turn();
    answers.push(steps.add('later', 470));
    expect(free.map(({ waitMs }) => waitMs)).to.deep.equal([500, 500]);
    expect(executed).to.deep.equal([]);
    for (const { resolve } of free) resolve();
    await Promise.all(answers);
    expect(sizes()).to.deep.equal([1_000, 2]);
  });

  it('does not have one wait for as long as another may who has far more time', async () => {
    isCrowded = true;
    const steps = batches();
    void steps.add('fresh', 1_000);
    void steps.add('nearly late', 100);
    void steps.add('for ever');
    expect(free.map(({ waitMs }) => waitMs)).to.deep.equal([1_000, 100, undefined]);
    for (const { resolve } of free) resolve();
    await turn();
    expect(executed.map(({ waitMs }) => waitMs)).to.deep.equal([1_000, 100, undefined]);
  });

  it('tells all of a batch of its failure, and begins anew', async () => {
    const steps = batches();
    fails = true;
    const failed = await Promise.all(['a', 'b'].map((item) => rejectionOf(steps.add(item))));
    expect(failed.map((error) => (error as Error).message)).to.deep.equal(['socket closed', 'socket closed']);
    fails = false;
    isCrowded = true;
    const refused = steps.add('c');
    free[0]?.reject(new Error('too late'));
    expect(((await rejectionOf(refused)) as Error).message).to.equal('too late');
    isCrowded = false;
    expect(await steps.add('d')).to.equal('D');
  });
});
