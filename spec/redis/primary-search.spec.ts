import { expect } from 'chai';
import sinon from 'sinon';
import { CacheEvents } from '../../lib/event/index.js';
import { PrimarySearch } from '../../lib/redis/primary-search.js';
import type { RedisAddress } from '../../lib/redis/redis-address.js';

const ADDRESS = { host: '10.0.0.1', port: 6379 };

describe(PrimarySearch.name, () => {
  let timers: sinon.SinonFakeTimers;
  let located: sinon.SinonStub<[], Promise<RedisAddress>>;
  let connected: sinon.SinonStub<[RedisAddress], Promise<void>>;
  let told: (readonly [name: string, event: Record<string, unknown>])[];
  let failures: unknown[];
  let search: PrimarySearch<RedisAddress>;

  beforeEach(() => {
    timers = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    located = sinon.stub<[], Promise<RedisAddress>>().resolves(ADDRESS);
    connected = sinon.stub<[RedisAddress], Promise<void>>().resolves();
    [told, failures] = [[], []];
    const events = new CacheEvents();
    for (const name of ['reconnecting', 'failed'] as const) events.on(name, (event) => void told.push([name, { ...event }]));
    const names = { link: 'command', endpoint: 'redis:6379' };
    search = new PrimarySearch({ names, events, locate: located, connect: connected, onFailure: (error) => failures.push(error) });
  });

  afterEach(() => {
    search.end();
    expect(timers.countTimers()).to.equal(0);
    timers.restore();
  });

  /** All that the promises of this moment lead to. */
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const pauses = (): number[] => told.flatMap(([name, { delayMs }]) => (name === 'reconnecting' ? [delayMs as number] : []));
  /** Lets the pause before the next attempt pass. */
  const next = async (): Promise<void> => {
    await turn();
    timers.next();
    await turn();
  };

  it('connects to where the primary is, and makes the first attempt without a word', async () => {
    search.begin();
    await turn();
    expect(connected.args).to.deep.equal([[ADDRESS]]);
    expect(told).to.deep.equal([]);
  });

  for (const [what, stub] of [
    ['locating', () => located],
    ['connecting', () => connected],
  ] as const) {
    it(`tries again after ${what} has failed, and tells both`, async () => {
      const error = new Error('no');
      stub().onFirstCall().rejects(error);
      search.begin();
      await next();
      expect(failures).to.deep.equal([error]);
      const [[first, failed], [second, reconnecting], ...others] = told as [(typeof told)[0], (typeof told)[0]];
      expect([first, failed]).to.deep.equal(['failed', { link: 'command', endpoint: 'redis:6379', attempt: 1, error }]);
      expect([second, reconnecting]).to.deep.equal([
        'reconnecting',
        { link: 'command', endpoint: 'redis:6379', attempt: 1, delayMs: pauses()[0] },
      ]);
      expect([others, connected.lastCall.args]).to.deep.equal([[], [ADDRESS]]);
    });
  }

  it('pauses twice as long after each failure, up to half a second, a quarter more or less', async () => {
    connected.rejects(new Error('no'));
    search.begin();
    for (let i = 0; i < 12; i += 1) await next();
    for (const [i, delayMs] of pauses().entries()) {
      const meanMs = Math.min(25 * 2 ** i, 500);
      expect(delayMs, `pause ${i + 1}`).to.be.within(Math.floor(0.75 * meanMs), Math.ceil(1.25 * meanMs));
    }
    expect(pauses()).to.have.length(13);
    expect(told.filter(([name]) => name === 'failed').map(([, { attempt }]) => attempt)).to.deep.equal(
      [...Array(13).keys()].map((i) => i + 1),
    );
  });

  it('pauses for the failures that others report as well: connections that ended before they were verified', async () => {
    search.begin();
    await turn();
    for (let i = 0; i < 3; i += 1) search.failed(new Error('hung up'));
    search.begin();
    await turn();
    expect(pauses()[0]).to.be.within(75, 125);
  });

  it('tries at once after a connection that was verified, and counts from the beginning', async () => {
    connected.onFirstCall().rejects(new Error('no'));
    search.begin();
    await next();
    search.succeeded();
    told.length = 0;
    search.begin();
    await next();
    expect(told).to.deep.equal([['reconnecting', { link: 'command', endpoint: 'redis:6379', attempt: 1, delayMs: 0 }]]);
    expect(connected.callCount).to.equal(3);
    search.failed(new Error('hung up'));
    expect(told[1]?.[1]).to.deep.include({ attempt: 1 });
  });

  it('ends with another search: what the first one locates is not connected to', async () => {
    let answer: (address: RedisAddress) => void = () => undefined;
    located.onFirstCall().returns(new Promise((resolve) => (answer = resolve)));
    search.begin();
    search.begin();
    await next();
    answer({ host: '10.0.0.2', port: 6379 });
    await turn();
    expect(connected.args).to.deep.equal([[ADDRESS]]);
  });

  it('keeps quiet about an attempt that fails after its search has ended', async () => {
    let fail: (error: Error) => void = () => undefined;
    connected.onFirstCall().returns(new Promise((_, reject) => (fail = reject)));
    search.begin();
    await turn();
    search.end();
    fail(new Error('closed'));
    await turn();
    expect([told, failures]).to.deep.equal([[], []]);
  });

  it('makes no attempt after it was ended in a pause', async () => {
    connected.rejects(new Error('no'));
    search.begin();
    await turn();
    search.end();
    expect(timers.countTimers()).to.equal(0);
    await turn();
    expect(connected.callCount).to.equal(1);
  });
});
