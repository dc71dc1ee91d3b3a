import { expect } from 'chai';
import sinon from 'sinon';
import { Load } from '../../lib/cache/load.js';
import { SharedLoad } from '../../lib/cache/two-tier/shared-load.js';
import { FakeClock } from '../support/fake-clock.js';
import { turn } from '../support/promises.js';
import { Random } from '../support/random.js';

/** A load of a graph, with those it waits for put down beside it. */
interface Node {
  readonly load: SharedLoad;
  readonly awaited: Set<Node>;
}

describe(Load.name, () => {
  let timers: sinon.SinonFakeTimers;
  let entered: Load[];

  beforeEach(() => {
    timers = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    entered = [];
  });

  afterEach(() => {
    for (const load of entered) load.leave();
    timers.restore();
  });

  /** What `action` returns when `load`'s loader does it. */
  function within<T>(load: Load, action: () => T): T {
    entered.push(load);
    return load.enter(action);
  }

  const reaches = (from: Node, to: Node, seen = new Set<Node>()): boolean =>
    from === to || [...from.awaited].some((next) => !seen.has(next) && reaches(next, to, seen.add(next)));

  it('knows in any graph whether a join would close a circle', () => {
    const clock = new FakeClock();
    let circles = 0;
    for (let seed = 1; seed <= 200; seed += 1) {
      const random = new Random(seed);
      const nodes: Node[] = [];
      const begin = (): void => {
        const load = new SharedLoad('book', `${nodes.length}`, clock.now());
        load.promise = new Promise(() => undefined);
        nodes.push({ load, awaited: new Set() });
      };
      for (let step = 0; step < 60; step += 1) {
        if (nodes.length < 3) {
          begin();
          continue;
        }
        const [one, other] = [random.pick(nodes), random.pick(nodes)];
        if (random.below(4) === 0) {
          within(one.load, begin);
          one.awaited.add(nodes.at(-1)!);
          continue;
        }
        const isCircle = reaches(other, one);
        expect(
          within(one.load, () => other.load.needsCaller),
          `seed ${seed}, step ${step}`,
        ).to.equal(isCircle);
        if (isCircle) circles += 1;
        else {
          void within(one.load, () => other.load.join(clock, 1_000));
          one.awaited.add(other);
        }
      }
    }
    expect(circles).to.be.greaterThan(1_000);
  });

  it('is nobody’s caller outside of loaders', async () => {
    const load = new Load();
    expect(Load.caller).to.equal(undefined);
    expect(load.enter(() => Load.caller)).to.equal(load);
    expect(Load.caller).to.equal(undefined);
    expect(await load.enter(async () => (await Promise.resolve(), Load.caller))).to.equal(load);
    load.leave();
  });

  it('that is over leaves what it left running to the load around it, and keeps no chain of loads alive', async () => {
    const outer = new Load();
    const inner = outer.enter(() => new Load());
    const left = inner.enter(async () => (await turn(), Load.caller));
    inner.leave();
    expect(await left).to.equal(outer);
    expect(outer.findWaiting().size).to.equal(1);
    const again = inner.enter(() => new Load());
    inner.leave();
    outer.leave();
    expect([...again.findWaiting()]).to.deep.equal([again]);
  });
});
