import { once } from 'node:events';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import sinon from 'sinon';
import { StepDeadlines } from '../../lib/time/step-deadlines.js';
import { turn, turns } from '../support/promises.js';

/** Enough turns for every look at what is late. */
const settled = (): Promise<void> => turns(4);

describe(StepDeadlines.name, () => {
  let timers: sinon.SinonFakeTimers;
  let late: string[];
  let deadlines: StepDeadlines;

  beforeEach(() => {
    timers = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    late = [];
    deadlines = new StepDeadlines(250);
  });

  afterEach(() => timers.restore());

  const begin = (name: string): (() => void) => deadlines.begin(() => late.push(name));

  it('shares one timer among the steps of a turn, and tells those that did not end', async () => {
    begin('get');
    const end = begin('fill');
    await turn();
    expect(timers.countTimers()).to.equal(1);
    end();
    timers.tick(249);
    await settled();
    expect(late).to.deep.equal([]);
    timers.tick(1);
    await settled();
    expect(late).to.deep.equal(['get']);
  });

  it('gives the steps of the next turn a time of their own', async () => {
    begin('get');
    await turn();
    timers.tick(100);
    begin('fill');
    await turn();
    timers.tick(150);
    await settled();
    expect(late).to.deep.equal(['get']);
    timers.tick(100);
    await settled();
    expect(late).to.deep.equal(['get', 'fill']);
  });

  it('shares one timer among all turns, which keeps no process alive once all have ended', async () => {
    // In a sandbox of its own: `sinon.restore()` of a later spec would bring these fake timers back.
    const set = sinon.createSandbox().spy(globalThis, 'setTimeout');
    for (let turns = 0; turns < 100; turns += 1) {
      const end = begin('get');
      await turn();
      timers.tick(1);
      end();
    }
    const [timer] = set.returnValues;
    expect(set.callCount).to.equal(1);
    expect(timer?.hasRef()).to.equal(false);
    begin('fill');
    await turn();
    expect(timer?.hasRef()).to.equal(true);
    timers.tick(249);
    await settled();
    expect(late).to.deep.equal([]);
    timers.tick(1);
    await settled();
    expect(late).to.deep.equal(['fill']);
    expect(timers.countTimers()).to.equal(0);
    set.restore();
  });

  it('starts anew in the same turn', async () => {
    begin('get')();
    await turn();
    begin('fill');
    await turn();
    timers.tick(250);
    await settled();
    begin('evict');
    await turn();
    timers.tick(250);
    await settled();
    expect(late).to.deep.equal(['fill', 'evict']);
  });

  it('begins to count when what the turn asked for has been written, at its end', async () => {
    begin('get');
    timers.tick(10_000); // Of a turn that goes on and on.
    await settled();
    expect(late).to.deep.equal([]);
    timers.tick(250);
    await settled();
    expect(late).to.deep.equal(['get']);
  });

  it('takes nothing for late as long as each turn brings answers', async () => {
    const ends = Array.from({ length: 5 }, (_, i) => begin(`${i}`));
    begin('unanswered');
    await turn();
    timers.tick(250);
    for (const end of ends) {
      end();
      await turn();
    }
    expect(late).to.deep.equal([]);
    await settled();
    expect(late).to.deep.equal(['unanswered']);
  });

  it('takes no answer for missing that arrived while the event loop stood still', async () => {
    timers.restore();
    const answering = new Worker(
      `const { createServer } = require('node:net');
       const server = createServer((socket) => socket.on('data', () => socket.write('answer')));
       server.listen(0, '127.0.0.1', () => require('node:worker_threads').parentPort.postMessage(server.address().port));`,
      { eval: true },
    );
    const [port] = (await once(answering, 'message')) as [number];
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    const answered = once(socket, 'data');
    const end = new StepDeadlines(20).begin(() => late.push('get'));
    void answered.then(end);
    socket.write('question');
    await turn();
    // Far longer than an answer takes, and than the deadline is.
    for (const until = performance.now() + 400; performance.now() < until;);
    await answered;
    await turn();
    socket.destroy();
    await answering.terminate();
    expect(late).to.deep.equal([]);
  });
});
