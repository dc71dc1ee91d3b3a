import { expect } from 'chai';
import sinon from 'sinon';
import { StepDeadlines } from '../../lib/cache/step-deadlines.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe(StepDeadlines.name, () => {
  let timers: sinon.SinonFakeTimers;
  let late: string[];
  let deadlines: StepDeadlines;

  beforeEach(() => {
    timers = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    late = [];
    deadlines = new StepDeadlines(250);
  });

  afterEach(() => timers.restore());

  const begin = (name: string): (() => void) => deadlines.begin(() => late.push(name));

  it('shares one timer among the steps of a turn, and tells those that did not end', () => {
    begin('get');
    const end = begin('fill');
    expect(timers.countTimers()).to.equal(1);
    end();
    timers.tick(249);
    expect(late).to.deep.equal([]);
    timers.tick(1);
    expect(late).to.deep.equal(['get']);
  });

  it('gives the steps of the next turn their own', async () => {
    begin('get');
    timers.tick(100);
    await turn();
    begin('fill');
    timers.tick(150);
    expect(late).to.deep.equal(['get']);
    timers.tick(100);
    expect(late).to.deep.equal(['get', 'fill']);
  });

  it('leaves no timer once all have ended, and starts anew in the same turn', () => {
    begin('get')();
    expect(timers.countTimers()).to.equal(0);
    begin('fill');
    timers.tick(250);
    begin('evict');
    timers.tick(250);
    expect(late).to.deep.equal(['fill', 'evict']);
  });
});
