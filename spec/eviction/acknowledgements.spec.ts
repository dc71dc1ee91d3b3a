import { expect } from 'chai';
import sinon from 'sinon';
import { Acknowledgements, type Audience } from '../../lib/eviction/acknowledgements.js';

const BOUND = 1_000;

/** Members and the bound of each, on a list that is `ageMs` old. */
const audience = (bounds: Readonly<Record<string, number | undefined>>, ageMs: number | undefined = 10 * BOUND): Audience => ({
  ageMs,
  longestBoundMs: BOUND,
  members: new Map(Object.entries(bounds)),
});

describe(Acknowledgements.name, () => {
  let timers: sinon.SinonFakeTimers;
  let acknowledgements: Acknowledgements;

  beforeEach(() => {
    timers = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    acknowledgements = new Acknowledgements('self', BOUND);
  });

  afterEach(() => timers.restore());

  /** Watches a promise: the answer is current after every {@link turn}. */
  const watch = (promise: Promise<void>): { done: boolean } => {
    const state = { done: false };
    void promise.then(() => (state.done = true));
    return state;
  };
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const isDone = async (state: { done: boolean }): Promise<boolean> => {
    await turn();
    return state.done;
  };

  describe('wait', () => {
    it('ends when every other member has acknowledged this number of this cache', async () => {
      const waiting = watch(acknowledgements.wait('book', 42, audience({ self: 900, two: 900, three: 900 })));
      acknowledgements.received('book', 42, 'two');
      acknowledgements.received('book', 42, 'two');
      acknowledgements.received('book', 41, 'three');
      acknowledgements.received('author', 42, 'three');
      acknowledgements.received('book', 42, 'stranger');
      expect(await isDone(waiting)).to.equal(false);
      acknowledgements.received('book', 42, 'three');
      expect(await isDone(waiting)).to.equal(true);
      expect(timers.countTimers()).to.equal(0);
    });

    it('ends at once when nobody else is alive', async () => {
      expect(await isDone(watch(acknowledgements.wait('book', 42, audience({ self: 900 }))))).to.equal(true);
    });

    it('ends when the bound of each of the silent has passed by our own clock, and a thousandth for clocks that run unevenly', async () => {
      const waiting = watch(acknowledgements.wait('book', 42, audience({ two: 500, three: 800 })));
      timers.tick(800);
      expect(await isDone(waiting)).to.equal(false);
      timers.tick(1);
      expect(await isDone(waiting)).to.equal(true);
      acknowledgements.received('book', 42, 'two'); // Late, and nobody's concern any more.
    });

    it('waits no longer than the longest bound of the fleet for one that does not say its own', async () => {
      const waiting = watch(acknowledgements.wait('book', 42, { ...audience({ ghost: undefined }), longestBoundMs: 4_000 }));
      timers.tick(4_000);
      expect(await isDone(waiting)).to.equal(false);
      timers.tick(4);
      expect(await isDone(waiting)).to.equal(true);
    });

    it('keeps several evictions apart', async () => {
      const first = watch(acknowledgements.wait('book', 1, audience({ two: 900 })));
      const second = watch(acknowledgements.wait('book', 2, audience({ two: 900 })));
      acknowledgements.received('book', 2, 'two');
      expect([await isDone(first), await isDone(second)]).to.deep.equal([false, true]);
      acknowledgements.received('book', 1, 'two');
      expect(await isDone(first)).to.equal(true);
    });

    for (const [what, ageMs, rest] of [
      ['younger than the longest bound', 300, 1_001],
      ['not much older, for the clock may have been set a little meanwhile', 1_200, 301],
      ['of unknown age', undefined, 1_001],
      ['dated in the future by a clock that was set back', -5_000, 1_001],
    ] as const) {
      it(`waits one bound at the most for a list of members ${what}, though nobody is on it`, async () => {
        const waiting = watch(acknowledgements.wait('book', 42, { ...audience({}), ageMs }));
        timers.tick(rest - 1);
        expect(await isDone(waiting)).to.equal(false);
        timers.tick(1);
        expect(await isDone(waiting)).to.equal(true);
      });
    }

    it('waits for no list that is old enough', async () => {
      expect(await isDone(watch(acknowledgements.wait('book', 42, audience({}, 1_500))))).to.equal(true);
    });

    for (const [what, told, listed] of [
      ['of the list', undefined, 4_000],
      ['that was told before the server lost it', 4_000, undefined],
    ] as const) {
      it(`waits the longest bound of the fleet for a young list, not its own: that ${what}`, async () => {
        if (told !== undefined) acknowledgements.longestBoundMs = told;
        const waiting = watch(acknowledgements.wait('book', 42, { ageMs: undefined, longestBoundMs: listed, members: new Map() }));
        timers.tick(4_000);
        expect(await isDone(waiting)).to.equal(false);
        timers.tick(4);
        expect(await isDone(waiting)).to.equal(true);
      });
    }

    it('is told of no bound below its own, none that is no number, and none beyond a day', () => {
      const longest = [20, Number.NaN, -1, 9e15].map((told) => {
        acknowledgements.longestBoundMs = told;
        return acknowledgements.longestBoundMs;
      });
      expect(longest).to.deep.equal([1_000, 1_000, 1_000, 86_400_000]);
    });

    it('waits for both, the young list and the members on it', async () => {
      const waiting = watch(acknowledgements.wait('book', 42, audience({ two: 5_000 }, 300)));
      timers.tick(1_001);
      expect(await isDone(waiting)).to.equal(false);
      acknowledgements.received('book', 42, 'two');
      expect(await isDone(waiting)).to.equal(true);
    });
  });

  describe('expect', () => {
    /** A script during which `meanwhile` happens, and which then waits as the eviction log does: before it is over. */
    const script = (meanwhile: () => unknown): Promise<{ done: boolean }> =>
      acknowledgements.expect(async () => {
        await meanwhile();
        return watch(acknowledgements.wait('book', 42, audience({ two: 900 })));
      });

    it('keeps acknowledgements that overtake the reply of the script', async () => {
      const waiting = await script(() => {
        acknowledgements.received('book', 42, 'two');
        return turn();
      });
      expect(await isDone(waiting)).to.equal(true);
      expect(timers.countTimers()).to.equal(0);
    });

    it('keeps those of this number of this cache from everybody else', async () => {
      const waiting = await script(() => {
        acknowledgements.received('book', 41, 'two');
        acknowledgements.received('author', 42, 'two');
        acknowledgements.received('book', 42, 'three');
      });
      expect(await isDone(waiting)).to.equal(false);
    });

    it('keeps them for the other scripts under way when one has ended, or failed', async () => {
      let finish!: () => void;
      const slow = script(() => new Promise<void>((resolve) => (finish = resolve)));
      acknowledgements.received('book', 42, 'two');
      await acknowledgements.expect(() => Promise.reject(new Error('away'))).catch(() => undefined);
      await turn();
      finish();
      expect(await isDone(await slow)).to.equal(true);
    });

    it('forgets them when the last script is over: they would pile up', async () => {
      await acknowledgements.expect(async () => acknowledgements.received('book', 42, 'two'));
      await turn();
      const waiting = watch(acknowledgements.wait('book', 42, audience({ two: 900 })));
      expect(await isDone(waiting)).to.equal(false);
      timers.tick(901);
      expect(await isDone(waiting)).to.equal(true);
    });
  });

  describe('close', () => {
    it('lets everybody go', async () => {
      const all = [1, 2].map((seq) => watch(acknowledgements.wait('book', seq, audience({ two: 900 }))));
      acknowledgements.close();
      expect([await isDone(all[0]!), await isDone(all[1]!)]).to.deep.equal([true, true]);
      expect(timers.countTimers()).to.equal(0);
    });
  });
});
