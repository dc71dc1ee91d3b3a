import { expect } from 'chai';
import sinon from 'sinon';
import { alwaysOpen } from '../../lib/cache/index.js';
import { BREAKER_THRESHOLD, CircuitBreaker } from '../../lib/redis/index.js';
import { MAXIMUM_STEPS } from '../../lib/redis/step-turns.js';
import { CacheValueError, RemoteCacheError } from '../../lib/errors/index.js';
import { isErrorReply } from '../../lib/redis/keyv-redis.js';
import { cacheErrorOf, rejectionOf } from '../contract/rejection.js';

/** As node-redis names what the server answered. */
class SimpleError extends Error {}
class ErrorReply extends Error {}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe(CircuitBreaker.name, () => {
  let timers: sinon.SinonFakeTimers;
  let breaker: CircuitBreaker;
  let changes: boolean[];

  beforeEach(() => {
    timers = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    changes = [];
    breaker = new CircuitBreaker('redis:6379', 250, (open) => changes.push(open));
    breaker.succeeded();
  });

  afterEach(() => timers.restore());

  const fail = (): Promise<unknown> => rejectionOf(breaker.run('get', () => Promise.reject(new Error('socket closed'))));
  const hang = async (): Promise<unknown> => {
    const error = rejectionOf(breaker.run('get', () => new Promise(() => undefined)));
    await turn();
    timers.tick(250);
    return error;
  };

  it('passes results through, and leaves no timer', async () => {
    expect(await breaker.run('get', () => Promise.resolve('value'))).to.equal('value');
    expect(timers.countTimers()).to.equal(0);
  });

  it('names server and step in what it throws, and keeps the cause', async () => {
    const error = await cacheErrorOf(breaker.run('evict', () => Promise.reject(new Error('socket closed'))));
    expect(error).to.be.instanceOf(RemoteCacheError);
    expect([error.code, error.message]).to.deep.equal(['CACHE_REMOTE_FAILED', "Redis at redis:6379 failed at 'evict': socket closed"]);
    expect((error.cause as Error).message).to.equal('socket closed');
  });

  it('leaves errors of ours as they are', async () => {
    const corrupt = new CacheValueError('CACHE_VALUE_CORRUPT', 'An entry is unreadable.');
    expect(await rejectionOf(breaker.run('get', () => Promise.reject(corrupt)))).to.equal(corrupt);
  });

  it('gives a step up when its time is over', async () => {
    const error = (await hang()) as RemoteCacheError;
    expect([error.code, error.message]).to.deep.equal(['CACHE_REMOTE_TIMEOUT', "Redis at redis:6379 did not answer 'get' within 250 ms."]);
  });

  it('sends nothing before a connection is verified, nor after it is gone', async () => {
    const idle = new CircuitBreaker('redis:6379', 250, () => undefined);
    const action = sinon.stub().resolves();
    const refused = await cacheErrorOf(idle.run('get', action));
    expect([refused.code, refused.message]).to.deep.equal(['CACHE_REMOTE_UNAVAILABLE', "Redis at redis:6379 is away: 'get' was not sent."]);
    breaker.disconnected();
    expect((await cacheErrorOf(breaker.run('get', action))).code).to.equal('CACHE_REMOTE_UNAVAILABLE');
    expect(action.callCount).to.equal(0);
    breaker.succeeded();
    await breaker.run('get', action);
    expect([action.callCount, breaker.isTripped]).to.deep.equal([1, false]);
  });

  it('says why it sends nothing: what the connection ended with, or what opened it', async () => {
    const gone = new Error('connect ECONNREFUSED');
    const idle = new CircuitBreaker('redis:6379', 250, () => undefined, { whyAway: () => gone });
    expect((await cacheErrorOf(idle.run('get', sinon.stub()))).cause).to.equal(gone);
    idle.succeeded();
    for (let i = 0; i < 3; i += 1) await rejectionOf(idle.run('evict', () => Promise.reject(new Error('read ECONNRESET'))));
    const { cause } = await cacheErrorOf(idle.run('get', sinon.stub()));
    expect((cause as Error).message).to.equal("Redis at redis:6379 failed at 'evict': read ECONNRESET");
  });

  for (const [what, step] of [
    ['failed', fail],
    ['late', hang],
  ] as const) {
    // prettier-ignore
    it(`opens after ${BREAKER_THRESHOLD} ${what} steps in a row, and tells once`, async () => {
      for (let i = 1; i < BREAKER_THRESHOLD; i += 1) await step();
      expect([breaker.isTripped, changes]).to.deep.equal([false, []]);
      await step();
      expect([breaker.isTripped, breaker.acceptsSteps, changes]).to.deep.equal([true, false, [true]]);
      const action = sinon.stub().resolves();
      expect((await cacheErrorOf(breaker.run('get', action))).code).to.equal('CACHE_REMOTE_UNAVAILABLE');
      expect(action.callCount).to.equal(0);
    });
  }

  it('starts counting again with every step that works', async () => {
    for (let i = 0; i < 3 * BREAKER_THRESHOLD; i += 1) {
      await fail();
      if (i % (BREAKER_THRESHOLD - 1) === 0) await breaker.run('get', () => Promise.resolve());
    }
    expect(breaker.isTripped).to.equal(false);
  });

  for (const answer of [new SimpleError('OOM'), new ErrorReply('WRONGTYPE'), new CacheValueError('CACHE_VALUE_CORRUPT', 'unreadable')]) {
    it(`takes an answer for an answer, be it an error (${answer.constructor.name})`, async () => {
      for (let i = 1; i < BREAKER_THRESHOLD; i += 1) await fail();
      await rejectionOf(breaker.run('get', () => Promise.reject(answer)));
      for (let i = 0; i < 2 * BREAKER_THRESHOLD; i += 1) await rejectionOf(breaker.run('get', () => Promise.reject(answer)));
      expect(breaker.isTripped).to.equal(false);
      for (let i = 1; i < BREAKER_THRESHOLD; i += 1) await fail();
      expect(breaker.isTripped, 'the count began anew').to.equal(false);
    });
  }

  it('does not go by the name of a class, which a bundler may shorten', async () => {
    class Reply extends Error {}
    const a = class a extends Reply {};
    const known = new CircuitBreaker('redis:6379', 250, (open) => changes.push(open), { isReply: (error) => isErrorReply(error, Reply) });
    known.succeeded();
    for (let i = 0; i < 2 * BREAKER_THRESHOLD; i += 1) {
      await rejectionOf(known.run('get', () => Promise.reject(new a('no upstream host')))); // As proxies answer.
      await rejectionOf(breaker.run('get', () => Promise.reject(new a(`NOPERM User books has no permissions to run the 'get' command`))));
    }
    expect(changes).to.deep.equal([]);
  });

  for (const failure of [
    new ErrorReply('Socket closed unexpectedly'),
    new Error('The client is closed'),
    Object.assign(new Error('ECONNRESET in capitals'), { code: 'ECONNRESET' }),
    Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
    'WRONGTYPE a text that is no error',
  ]) {
    it(`takes no failure for an answer (${String(failure)})`, async () => {
      for (let i = 0; i < BREAKER_THRESHOLD; i += 1) await rejectionOf(breaker.run('get', () => Promise.reject(failure)));
      expect(breaker.isTripped).to.equal(true);
    });
  }

  it('is closed by a heartbeat, and tells', async () => {
    for (let i = 0; i < BREAKER_THRESHOLD; i += 1) await fail();
    breaker.succeeded();
    breaker.succeeded();
    expect([breaker.acceptsSteps, changes]).to.deep.equal([true, [true, false]]);
    for (let i = 1; i < BREAKER_THRESHOLD; i += 1) await fail();
    expect(breaker.isTripped).to.equal(false);
  });

  it('counts steps that were under way when it opened, without telling again', async () => {
    const running = Array.from({ length: 2 * BREAKER_THRESHOLD }, () => fail());
    await Promise.all(running);
    expect(changes).to.deep.equal([true]);
  });
});

describe(`${CircuitBreaker.name}, with more steps than may be under way`, () => {
  let timers: sinon.SinonFakeTimers;
  let breaker: CircuitBreaker;
  let changes: boolean[];
  let begun: string[];
  let answers: (() => void)[];

  beforeEach(() => {
    timers = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    [changes, begun, answers] = [[], [], []];
    breaker = new CircuitBreaker('redis:6379', 250, (open) => changes.push(open), { waitMs: 1_000 });
    breaker.succeeded();
  });

  afterEach(() => timers.restore());

  const run = (step: string, name = step, weight = 1, waitMs?: number): Promise<unknown> => {
    const action = (): Promise<string> => {
      begun.push(name);
      return new Promise((resolve) => answers.push(() => resolve(name)));
    };
    const promise = breaker.run(step, action, weight, waitMs);
    promise.catch(() => undefined);
    return promise;
  };
  const fillUp = (): void => {
    for (let i = 0; i < MAXIMUM_STEPS; i += 1) void run('get', 'first');
    begun = [];
  };
  const answer = async (count = 1): Promise<void> => {
    for (const each of answers.splice(0, count)) each();
    await turn();
  };

  it('has the others wait, and begins one for each that ends', async () => {
    fillUp();
    const waiting = ['a', 'b', 'c'].map((name) => run('get', name));
    expect(begun).to.deep.equal([]);
    await answer(2);
    expect(begun).to.deep.equal(['a', 'b']);
    await answer(Infinity);
    await answer(Infinity);
    expect(await Promise.all(waiting)).to.deep.equal(['a', 'b', 'c']);
    timers.tick(250);
    expect(timers.countTimers()).to.equal(0);
  });

  it('lets those go first that are further: writes, then leases, then look-ups', async () => {
    fillUp();
    for (const step of ['get', 'acquire', 'evict', 'get', 'fill', 'acquire', 'put']) void run(step);
    for (let i = 0; i < 7; i += 1) await answer();
    expect(begun).to.deep.equal(['evict', 'fill', 'put', 'acquire', 'acquire', 'get', 'get']);
  });

  it('has what is heavy wait for room, and lets it through by itself', async () => {
    void run('evict', 'heavy', 2_000);
    void run('evict', 'too heavy beside it', 1_000);
    void run('evict', 'light, but later');
    expect(begun).to.deep.equal(['heavy']);
    await answer();
    expect(begun).to.deep.equal(['heavy', 'too heavy beside it', 'light, but later']);
    await answer(Infinity);
    const alone = run('evict', 'heavier than allowed', 10_000);
    await answer(Infinity);
    expect(await alone).to.equal('heavier than allowed');
  });

  it('does not take waiting for silence: it ends with the time that a call has, and opens nothing', async () => {
    fillUp();
    const waiting = cacheErrorOf(run('get', 'late'));
    const patient = run('get', 'patient', 1, 5_000);
    for (let passed = 0; passed <= 1_000; passed += 200) {
      for (let i = 0; i < MAXIMUM_STEPS; i += 1) void run('evict', 'others'); // Others are asked for without end,
      await answer(Infinity); // and the server goes on answering.
      timers.tick(200);
    }
    const error = await waiting;
    expect([error.code, changes]).to.deep.equal(['CACHE_REMOTE_TIMEOUT', []]);
    expect(error.message).to.match(/^'get' was not sent to Redis at redis:6379: others were before it for 1000 ms\./);
    await answer(Infinity);
    await answer(Infinity);
    expect(await patient).to.equal('patient');
  });

  it('refuses all that waits when the connection goes, or the breaker opens', async () => {
    fillUp();
    const waiting = cacheErrorOf(run('get', 'waiting'));
    breaker.disconnected();
    expect((await waiting).code).to.equal('CACHE_REMOTE_UNAVAILABLE');
    expect(begun).to.deep.equal([]);
    expect(timers.countTimers() <= 1).to.equal(true);
  });
});

describe('alwaysOpen', () => {
  it('runs every step as it is', async () => {
    const thrown = new Error('as it is');
    expect([alwaysOpen.acceptsSteps, await alwaysOpen.run('get', () => Promise.resolve(1))]).to.deep.equal([true, 1]);
    expect(await rejectionOf(alwaysOpen.run('get', () => Promise.reject(thrown)))).to.equal(thrown);
  });
});
