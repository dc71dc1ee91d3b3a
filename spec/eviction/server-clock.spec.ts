import { expect } from 'chai';
import fc from 'fast-check';
import { ServerClock } from '../../lib/eviction/server-clock.js';
import { FakeClock } from '../support/fake-clock.js';

describe(ServerClock.name, () => {
  let clock: FakeClock;
  let server: ServerClock;

  beforeEach(() => {
    clock = new FakeClock(1_000);
    server = new ServerClock(clock);
  });

  /** One exchange: `up` ms there, `down` ms back, with a server that is `ahead` of us. */
  const exchange = (up: number, down: number, ahead: number): void => {
    const sentAt = clock.now();
    clock.advance(up);
    const serverMs = clock.now() + ahead;
    clock.advance(down);
    server.sample(sentAt, clock.now(), serverMs);
  };

  it('knows nothing before the first answer', () => {
    expect([server.now(), server.uncertaintyMs, server.lagOf(5)]).to.deep.equal([undefined, undefined, undefined]);
  });

  it('takes the answer to be made half-way', () => {
    exchange(3, 3, 50_000);
    expect([server.now(), server.uncertaintyMs]).to.deep.equal([clock.now() + 50_000, 3]);
    clock.advance(10);
    expect(server.now()).to.equal(clock.now() + 50_000);
  });

  it('believes the sample with the shortest round trip', () => {
    exchange(1, 39, 50_000);
    expect(server.now()).to.equal(clock.now() + 50_000 - 19);
    exchange(1, 1, 50_000);
    exchange(39, 1, 50_000);
    expect([server.now(), server.uncertaintyMs]).to.deep.equal([clock.now() + 50_000, 1]);
  });

  it('names the earliest time at which the server can show another', () => {
    expect(server.earliest(60_000)).to.equal(undefined);
    exchange(3, 5, 50_000);
    expect(server.earliest(clock.now() + 50_000 + 100)).to.equal(clock.now() + 100 + 1 - 4); // Read half-way, which was 1 ms late.
  });

  it('is never too late about when the server shows a time', () => {
    const exchanges = fc.array(fc.tuple(fc.nat(100), fc.nat(100)), { minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(exchanges, fc.integer(), fc.integer(), (all, ahead, serverMs) => {
        server = new ServerClock(clock);
        for (const [up, down] of all) exchange(up, down, ahead);
        expect(server.earliest(serverMs)).to.be.at.most(serverMs - ahead);
      }),
    );
  });

  it('is never wrong by more than half the round trip it rests on', () => {
    const exchanges = fc.array(fc.tuple(fc.nat(100), fc.nat(100)), { minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(exchanges, fc.integer(), (all, ahead) => {
        server = new ServerClock(clock);
        for (const [up, down] of all) exchange(up, down, ahead);
        expect(Math.abs((server.now() as number) - (clock.now() + ahead))).to.be.at.most(server.uncertaintyMs as number);
      }),
    );
  });

  it('follows a clock that was set, although older samples were quicker', () => {
    exchange(1, 1, 50_000);
    exchange(20, 20, 80_000);
    expect(server.now()).to.equal(clock.now() + 80_000);
  });

  it('forgets old samples, for clocks drift', () => {
    exchange(0, 0, 50_000);
    for (let i = 0; i < 63; i += 1) exchange(2, 2, 50_001);
    expect(server.now(), 'still among the newest').to.equal(clock.now() + 50_000);
    exchange(2, 2, 50_001);
    expect(server.now()).to.equal(clock.now() + 50_001);
  });

  it('takes no notice of what is no answer', () => {
    server.sample(clock.now(), clock.now() - 1, 5);
    server.sample(clock.now(), clock.now(), Number.NaN);
    expect(server.now()).to.equal(undefined);
  });

  it('knows nothing again after a reset', () => {
    exchange(1, 1, 0);
    server.reset();
    expect(server.now()).to.equal(undefined);
  });

  it('tells how long ago a time of the server was, never less than nothing', () => {
    exchange(1, 1, 0);
    const micros = clock.now() * 1_000;
    clock.advance(7);
    expect(server.lagOf(micros)).to.equal(7);
    expect(server.lagOf(micros + 8_000)).to.equal(0);
    expect(server.lagOf(undefined)).to.equal(undefined);
  });
});
