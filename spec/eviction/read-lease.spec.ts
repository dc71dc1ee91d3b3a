import { expect } from 'chai';
import sinon from 'sinon';
import type { CoherentCache } from '../../lib/cache/index.js';
import { type BeatenCache, BEATS_PER_BOUND, type CacheState, type Heartbeat, ReadLease } from '../../lib/eviction/index.js';
import { CacheEvents } from '../../lib/event/index.js';
import { FakeClock } from '../support/fake-clock.js';

const BOUND = 1_000;

/** A cache that notes what it is told. */
class NotedCache implements CoherentCache {
  generation: string | undefined = '5';
  clears: string[] = [];
  #until = Number.POSITIVE_INFINITY;
  constructor(readonly name = 'book') {}
  applyEviction(): void {
    throw new Error("The lease judges numbers; applying is the listener's.");
  }
  applyClear(cause: string): void {
    this.clears.push(cause);
  }
  useGeneration(generation: string): void {
    if (this.generation !== undefined && Number(generation) <= Number(this.generation)) return;
    this.generation = generation;
    this.clears.push(`generation ${generation}`);
  }
  serveUntil(time: number): void {
    this.#until = time;
  }
  isServing(now: number): boolean {
    return now <= this.#until;
  }
}

/** A heartbeat whose answers come when the spec says so. */
class HandHeartbeat implements Heartbeat {
  readonly beats: {
    readonly caches: readonly BeatenCache[];
    readonly head: string;
    readonly answer: (states: readonly CacheState[]) => void;
  }[] = [];
  pulse(caches: readonly BeatenCache[], head: string): Promise<readonly CacheState[]> {
    return new Promise((answer) => this.beats.push({ caches, head, answer }));
  }
  leave(): Promise<void> {
    return Promise.resolve();
  }
}

describe(ReadLease.name, () => {
  let clock: FakeClock;
  let timers: sinon.SinonFakeTimers;
  let heartbeat: HandHeartbeat;
  let events: CacheEvents;
  let lease: ReadLease;
  let cache: NotedCache;
  let told: unknown[];

  const state = (seq: number, gen = '5'): CacheState => ({ seq, gen });
  const isServing = (): boolean => cache.isServing(clock.now());
  /** Both scales move together, as they do unless the machine is suspended. */
  const pass = (ms: number): void => {
    clock.advance(ms);
    timers.tick(ms);
  };
  /** Sends a heartbeat and returns its number. */
  const beat = (): number => {
    void lease.beat();
    return Number(/"beat":(\d+)/.exec(heartbeat.beats.at(-1)!.head)![1]);
  };
  /** Subscribed, proven by an echo that names message `seq` as the last. */
  const prove = (seq: number): void => {
    lease.subscribed(['book'], 0);
    lease.echoed(beat(), [state(seq)]);
    cache.clears = [];
  };

  beforeEach(() => {
    timers = sinon.useFakeTimers({
      now: 1_700_000_000_000,
      toFake: ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'],
    });
    clock = new FakeClock();
    heartbeat = new HandHeartbeat();
    events = new CacheEvents();
    told = [];
    for (const name of ['bypass', 'gap'] as const) events.on(name, (event) => void told.push({ [name]: event }));
    lease = new ReadLease({ clock, events, boundMs: BOUND, heartbeat });
    cache = new NotedCache();
    lease.follow(cache);
  });

  afterEach(() => {
    lease.stop();
    timers.restore();
  });

  describe('follow', () => {
    it('serves nothing before the topic is confirmed and an echo has come', () => {
      expect(isServing()).to.equal(false);
      const before = beat();
      lease.echoed(before, [state(3)]);
      expect(isServing(), 'an echo without a subscription').to.equal(false);
      lease.subscribed(['book'], 0);
      expect(isServing(), 'a subscription without an echo').to.equal(false);
      expect(cache.clears).to.deep.equal(['coherence']);
    });
  });

  describe('echoed', () => {
    it('counts from the moment the heartbeat was sent, not from its echo', () => {
      lease.subscribed(['book'], 0);
      const number = beat();
      const sentAt = clock.now();
      pass(400);
      lease.echoed(number, [state(0)]);
      expect(isServing()).to.equal(true);
      pass(sentAt + BOUND - clock.now());
      expect(isServing(), 'at the very end of the bound').to.equal(true);
      pass(1);
      expect(isServing()).to.equal(false);
    });

    it('proves nothing when it comes later than the bound', () => {
      lease.subscribed(['book'], 0);
      const number = beat();
      pass(BOUND + 1);
      lease.echoed(number, [state(0)]);
      expect(isServing()).to.equal(false);
    });

    it('proves nothing when its heartbeat was sent before the topic was confirmed', () => {
      const early = beat();
      lease.subscribed(['book'], 0);
      lease.echoed(early, [state(0)]);
      expect(isServing()).to.equal(false);
    });

    it('proves nothing when its heartbeat was sent on an earlier connection', () => {
      prove(0);
      const early = beat();
      lease.lost(1);
      lease.subscribed(['book'], 1);
      lease.echoed(early, [state(0)]);
      expect(isServing()).to.equal(false);
      lease.echoed(beat(), [state(0)]);
      expect(isServing()).to.equal(true);
    });

    it('proves nothing for a topic that was not confirmed again after a loss', () => {
      prove(0);
      lease.lost(1);
      lease.echoed(beat(), [state(0)]);
      expect(isServing()).to.equal(false);
    });

    it('is taken once, and an older one after a newer not at all', () => {
      lease.subscribed(['book'], 0);
      const [first, second] = [beat(), (pass(300), beat())];
      lease.echoed(second, [state(0)]);
      const until = clock.now() + BOUND;
      lease.echoed(first, [state(0)]);
      lease.echoed(second, [state(0)]);
      pass(until - clock.now());
      expect(isServing(), 'the older echo did not shorten the lease').to.equal(true);
      lease.echoed(second, [state(0)]);
      pass(1);
      expect(isServing(), 'nor did a repeated one lengthen it').to.equal(false);
    });

    it('ignores numbers nobody sent, and states of another number of caches', () => {
      lease.subscribed(['book'], 0);
      const number = beat();
      lease.echoed(99, [state(0)]);
      lease.echoed(number, []);
      lease.echoed(number, [state(0), state(0)]);
      expect(isServing()).to.equal(false);
    });

    it('empties the local tier when it names a message that never came', () => {
      prove(3);
      expect(lease.received('book', 4, '5')).to.equal(true);
      lease.echoed(beat(), [state(4)]);
      expect(cache.clears).to.deep.equal([]);
      lease.echoed(beat(), [state(6)]);
      expect(cache.clears).to.deep.equal(['gap']);
      expect(told).to.deep.include({ gap: { cache: 'book', expected: 5, received: 6 } });
      expect(isServing(), 'empty, it may be served').to.equal(true);
      expect(lease.received('book', 7, '5')).to.equal(true);
    });

    it('moves the cache to a newer generation', () => {
      prove(3);
      lease.echoed(beat(), [state(3, '6')]);
      expect([cache.generation, cache.clears]).to.deep.equal(['6', ['generation 6']]);
    });

    it('proves nothing when the machine was suspended in between: the monotonic clock stood still', () => {
      lease.subscribed(['book'], 0);
      const number = beat();
      timers.tick(BOUND / 2 + 1); // Only the wall clock moved.
      lease.echoed(number, [state(0)]);
      expect(isServing()).to.equal(false);
      lease.echoed(beat(), [state(0)]);
      expect(isServing()).to.equal(true);
    });
  });

  describe('received', () => {
    beforeEach(() => prove(3));

    it('lets messages through in their order', () => {
      expect([4, 5, 6].map((seq) => lease.received('book', seq, '5'))).to.deep.equal([true, true, true]);
      expect([cache.clears, told]).to.deep.equal([[], []]);
    });

    it('takes the first one after a subscription for the next', () => {
      lease.subscribed(['book'], 0);
      cache.clears = [];
      expect(lease.received('book', 17, '5')).to.equal(true);
      expect(lease.received('book', 18, '5')).to.equal(true);
      expect(cache.clears).to.deep.equal([]);
    });

    for (const [what, seq] of [
      ['a gap', 6],
      ['a repeated number', 3],
      ['a number that fell back', 1],
    ] as const) {
      // prettier-ignore
      it(`empties the local tier instead after ${what}`, () => {
        expect(lease.received('book', seq, '5')).to.equal(false);
        expect(cache.clears).to.deep.equal(['gap']);
        expect(told).to.deep.equal([{ gap: { cache: 'book', expected: 4, received: seq } }]);
        expect(lease.received('book', seq + 1, '5')).to.equal(true);
      });
    }

    it('moves the cache to a newer generation, and lets the message through', () => {
      expect(lease.received('book', 4, '6')).to.equal(true);
      expect(cache.generation).to.equal('6');
    });

    it('does not go back to an older generation, whatever it says', () => {
      expect(lease.received('book', 1, '4')).to.equal(false);
      expect([cache.generation, cache.clears]).to.deep.equal(['5', ['gap']]);
    });

    it('knows nothing of caches it does not follow', () => {
      expect(lease.received('author', 1, '5')).to.equal(false);
    });
  });

  describe('lost', () => {
    it('ends the lease at once and tells so once', () => {
      prove(3);
      lease.lost(1);
      lease.lost(2);
      expect(isServing()).to.equal(false);
      expect(told).to.deep.equal([{ bypass: { cache: 'book', active: true } }]);
      lease.subscribed(['book'], 2);
      lease.echoed(beat(), [state(3)]);
      expect(told).to.deep.equal([{ bypass: { cache: 'book', active: true } }, { bypass: { cache: 'book', active: false } }]);
    });

    it('empties the local tier when subscribed again', () => {
      prove(3);
      lease.lost(1);
      lease.subscribed(['book'], 1);
      expect(cache.clears).to.deep.equal(['coherence']);
    });
  });

  describe('beat', () => {
    it('asks for every followed cache, with the generation it knows', () => {
      lease.follow(new NotedCache('author'));
      beat();
      expect(heartbeat.beats[0]!.caches).to.deep.equal([
        { name: 'book', generation: '5' },
        { name: 'author', generation: '5' },
      ]);
      expect(heartbeat.beats[0]!.head).to.equal('{"v":1,"beat":1,"states":[');
    });

    it('takes generations from the answer, but no proof', async () => {
      lease.subscribed(['book'], 0);
      const answered = lease.beat();
      heartbeat.beats[0]!.answer([state(0, '9')]);
      await answered;
      expect([cache.generation, isServing()]).to.deep.equal(['9', false]);
    });
  });

  describe('start', () => {
    it(`beats ${BEATS_PER_BOUND} times per bound, and tells how it went`, async () => {
      const went: unknown[] = [];
      lease.start(() => went.push('sent'), (error) => went.push(error)); // prettier-ignore
      lease.start(() => went.push('twice'), () => undefined); // prettier-ignore
      pass(BOUND);
      expect(heartbeat.beats.length).to.equal(BEATS_PER_BOUND);
      heartbeat.beats[0]!.answer([state(0)]);
      await Promise.resolve();
      await Promise.resolve();
      await Promise.resolve();
      expect(went).to.deep.equal(['sent']);
    });

    it('notices a suspended machine at the next beat, and ends the lease', () => {
      prove(3);
      lease.start(() => undefined, () => undefined); // prettier-ignore
      pass(BOUND / BEATS_PER_BOUND);
      lease.echoed(heartbeat.beats.length, [state(3)]);
      expect(isServing()).to.equal(true);
      timers.setSystemTime(Date.now() + 60_000); // A minute asleep; timers and the monotonic clock know nothing of it.
      pass(BOUND / BEATS_PER_BOUND);
      expect(isServing()).to.equal(false);
      expect(told).to.deep.equal([{ bypass: { cache: 'book', active: true } }]);
    });

    it('tells when the lease has lapsed for want of echoes', () => {
      prove(3);
      lease.start(() => undefined, () => undefined); // prettier-ignore
      pass(BOUND);
      expect(told).to.deep.equal([]);
      pass(BOUND / BEATS_PER_BOUND);
      expect(told).to.deep.equal([{ bypass: { cache: 'book', active: true } }]);
    });
  });

  describe('proven', () => {
    it('resolves with the echo that proves the last cache', async () => {
      const author = new NotedCache('author');
      lease.follow(author);
      lease.subscribed(['book'], 0);
      let isProven = false;
      const proven = lease.proven(BOUND).then(() => (isProven = true));
      lease.echoed(beat(), [state(0), state(0)]);
      await Promise.resolve();
      expect([isServing(), isProven]).to.deep.equal([true, false]);
      lease.subscribed(['author'], 0);
      lease.echoed(beat(), [state(0), state(0)]);
      await proven;
      expect(timers.countTimers()).to.equal(0);
    });

    it('waits no longer than it is told to', async () => {
      const proven = lease.proven(70);
      timers.tick(70);
      await proven;
      expect(isServing()).to.equal(false);
    });
  });

  describe('stop', () => {
    it('ends the lease and the heartbeats', () => {
      prove(3);
      lease.start(() => undefined, () => undefined); // prettier-ignore
      lease.stop();
      expect([isServing(), lease.names, timers.countTimers()]).to.deep.equal([false, [], 0]);
    });
  });

  describe('without a heartbeat, inside one process', () => {
    it('is good from the subscription on, for ever', () => {
      const embedded = new ReadLease({ clock, events, boundMs: BOUND, heartbeat: undefined });
      const other = new NotedCache('author');
      embedded.follow(other);
      expect(other.isServing(clock.now())).to.equal(false);
      embedded.subscribed(['author'], 0);
      clock.advance(1e9);
      expect(other.isServing(clock.now())).to.equal(true);
      embedded.lost(1);
      expect(other.isServing(clock.now())).to.equal(false);
    });
  });
});
