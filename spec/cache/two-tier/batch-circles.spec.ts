import { expect } from 'chai';
import sinon from 'sinon';
import type { TwoTierCache } from '../../../lib/cache/index.js';
import { noted, valuesBy } from '../../contract/collections-stage.js';
import { Fleet } from '../../contract/fleet.js';
import { turn } from '../../support/promises.js';
import { meeting, outcomes as outcomesOf, standStill } from '../../support/standing-time.js';
import { Random } from '../../support/random.js';

let fleets = 0;

/** What became of the calls, with a `Map` as an object. */
async function outcomes(...given: Parameters<typeof outcomesOf>): Promise<unknown[]> {
  const found = await outcomesOf(...given);
  return found.map((value): unknown => (value instanceof Map ? Object.fromEntries(value) : value));
}

/**
 * Reads of many keys that wait for each other. No clock moves, and timers stand still or tick without it: a wait that only time would end
 * would never end.
 */
describe('loads of many keys that call each other', () => {
  let fleet: Fleet;
  let timers: sinon.SinonFakeTimers;
  let cache: TwoTierCache;
  let others: TwoTierCache;

  beforeEach(async () => {
    fleet = new Fleet({ namespace: `batch-circles-${(fleets += 1)}`, deadline: '60s', timeout: '1s' });
    const here = await fleet.join();
    cache = here.cache;
    others = here.runtime.manager.getCache('author') as TwoTierCache;
    await here.runtime.manager.start();
    timers = standStill();
  });

  afterEach(async () => {
    timers.restore();
    await fleet.stop();
  });

  /** One more instance. Time goes by until it is there. */
  async function join(): Promise<TwoTierCache> {
    timers.restore();
    const there = await fleet.join();
    timers = standStill();
    return there.cache;
  }

  /** A read of these keys. Its loader does `first`, and then answers with it and with each key. */
  const batch = (of: TwoTierCache, keys: readonly string[], first: () => Promise<unknown>): Promise<Map<string, unknown>> =>
    of.getAllOrLoad(keys, async (missing) => {
      const found = await first();
      return missing.map((key) => `${key}<${found instanceof Map ? [...found.values()].join() : String(found)}`);
    });

  it('never pass in one turn what a spec here would take for waiting', async () => {
    expect(await outcomes([new Promise(() => undefined), Promise.resolve(1)])).to.deep.equal(['waits', 1]);
  });

  for (const isBypassed of [false, true]) {
    const how = isBypassed ? ', in bypass' : '';

    it(`end when the loader asks for one of its own keys${how}`, async () => {
      if (isBypassed) cache.holdLeaseUntil(Number.NEGATIVE_INFINITY);
      const load = batch(cache, ['a', 'b'], () => cache.getOrLoad('b', async () => 'alone'));
      expect(await outcomes([load])).to.deep.equal([{ a: 'a<alone', b: 'b<alone' }]);
      expect(await outcomes([cache.get('b')])).to.deep.equal([{ value: 'b<alone' }]);
      expect(cache.statistics()).to.include({ fills: 2 });
    });

    it(`end when the loader asks for a batch with one of its own keys${how}`, async () => {
      if (isBypassed) cache.holdLeaseUntil(Number.NEGATIVE_INFINITY);
      const { calls, load } = noted();
      const outer = batch(cache, ['a', 'b'], () => cache.getAllOrLoad(['b', 'c'], load));
      expect(await outcomes([outer])).to.deep.equal([{ a: 'a<of b,of c', b: 'b<of b,of c' }]);
      expect(calls.flat().sort()).to.deep.equal(['b', 'c']);
      expect(await outcomes([cache.getAll(['b', 'c'])])).to.deep.equal([[{ value: 'b<of b,of c' }, { value: 'of c' }]]);
    });

    it(`end when two cross each other${how}`, async () => {
      if (isBypassed) cache.holdLeaseUntil(Number.NEGATIVE_INFINITY);
      const both = meeting(2);
      const load = (own: readonly string[], other: readonly string[]): Promise<unknown> =>
        batch(cache, own, async () => {
          await both();
          return cache.getAllOrLoad(other, (keys) => valuesBy('alone', keys));
        });
      const found = await outcomes([load(['a', 'b'], ['c', 'd']), load(['c', 'd'], ['a', 'b'])], isBypassed ? timers : undefined);
      expect(found).not.to.include('waits');
    });
  }

  it('end when a loader asks for a key of a batch that waits for one of its own', async () => {
    const open = meeting(2);
    const first = batch(cache, ['a', 'b'], async () => (await open(), cache.getOrLoad('c', () => 'unused')));
    await turn();
    // It joins b, and loads c for itself. Who joins c waits for c alone.
    const second = batch(cache, ['b', 'c'], () => open());
    expect(await outcomes([first, second])).to.deep.equal([
      { a: 'a<c<undefined', b: 'b<c<undefined' },
      { b: 'b<c<undefined', c: 'c<undefined' },
    ]);
    expect(cache.statistics()).to.include({ loads: 3, joined: 2 });
  });

  it('end when two of two caches cross each other', async () => {
    const both = meeting(2);
    const first = batch(cache, ['a', 'b'], async () => (await both(), others.getAllOrLoad(['x', 'y'], (keys) => valuesBy('unused', keys))));
    const second = batch(others, ['x', 'y'], async () => {
      await both();
      await turn();
      return cache.getAllOrLoad(['b', 'a'], (keys) => valuesBy('alone', keys));
    });
    // The first one joined; the second one would have closed the circle, and loaded for itself.
    expect(await outcomes([first, second])).to.deep.equal([
      { a: 'a<x<alone b,alone a,y<alone b,alone a', b: 'b<x<alone b,alone a,y<alone b,alone a' },
      { x: 'x<alone b,alone a', y: 'y<alone b,alone a' },
    ]);
  });

  it('end when a later part of the keys is asked for while an earlier one is loaded', async () => {
    const load = cache.getAllOrLoad(
      ['a', 'b'],
      async (keys) => (keys.includes('a') ? [await cache.getOrLoad('b', () => 'alone')] : ['own']),
      { maximumBatch: 1 },
    );
    expect(await outcomes([load])).to.deep.equal([{ a: 'alone', b: 'alone' }]); // By then, the later part is cached.
  });

  it('join each other where that closes no circle', async () => {
    const { calls, load } = noted(async (keys) => (await turn(), valuesBy('leaf', keys)));
    const leaves = (): Promise<unknown> => others.getAllOrLoad(['x', 'y'], load).then((found) => found.size);
    const found = await outcomes([batch(cache, ['a', 'b'], leaves), batch(cache, ['c'], leaves), leaves()]);
    expect(found).to.deep.equal([{ a: 'a<2', b: 'b<2' }, { c: 'c<2' }, 2]);
    expect(calls).to.deep.equal([['x', 'y']]);
  });

  it('end in two instances that share their remote tier', async () => {
    const there = await join();
    const nested = batch(cache, ['a', 'b'], () =>
      there.getAllOrLoad(['b', 'c'], async (keys) => keys.map((key) => `there ${key}`)).then((found) => found.size),
    );
    expect(await outcomes([nested], timers), 'a loader that asks for its own key elsewhere').to.deep.equal([{ a: 'a<2', b: 'b<2' }]);
    const both = meeting(2);
    const cross = (own: TwoTierCache, keys: readonly string[], wanted: readonly string[]): Promise<unknown> =>
      batch(
        own,
        keys,
        async () => (await both(), own.getAllOrLoad(wanted, (missing) => valuesBy('alone', missing)).then(({ size }) => size)),
      );
    const found = await outcomes([cross(cache, ['p', 'q'], ['r', 's']), cross(there, ['r', 's'], ['q', 'p'])], timers);
    expect(found).to.deep.equal([{ p: 'p<2', q: 'q<2' }, { r: 'r<2', s: 's<2' }]); // prettier-ignore
  });

  describe('at random', () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      it(`end as without a cache (seed ${seed})`, async () => {
        const random = new Random(seed);
        const caches = random.pick([[cache, others], [cache, await join(), others], [cache, await join()]]); // prettier-ignore
        const size = 2 + random.below(6);
        const edges = Array.from({ length: size }, () => Array.from({ length: 1 + random.below(3) }, () => random.below(size)));
        const homes = edges.map(() => random.pick(caches));
        const unless = random.below(3) === 0 ? (): boolean => random.below(2) === 0 : undefined;
        const maximumBatch = random.pick([undefined, 1, 2]);
        if (random.below(5) === 0) cache.holdLeaseUntil(Number.NEGATIVE_INFINITY);

        const loadOne = async (node: number, path: readonly number[]): Promise<number> => {
          if (random.below(2) === 0) await turn();
          if (path.includes(node) || path.length > 3) return node;
          return (await visitAll(edges[node] as number[], [...path, node])).length;
        };
        const visit = (node: number, path: readonly number[]): Promise<number> =>
          homes[node]!.getOrLoad(`n${node}`, () => loadOne(node, path), { unless });
        const visitAll = async (nodes: readonly number[], path: readonly number[]): Promise<number[]> => {
          if (random.below(3) === 0) return Promise.all(nodes.map((node) => visit(node, path)));
          const found = await Promise.all(
            [...new Set(homes)].map((home) => {
              const keys = nodes.filter((node) => homes[node] === home).map((node) => `n${node}`);
              const loader = (missing: readonly string[]): Promise<number[]> =>
                Promise.all(missing.map((key) => loadOne(Number(key.slice(1)), path)));
              return home.getAllOrLoad(keys, loader, { unless, maximumBatch });
            }),
          );
          return nodes.map((node) => found.map((each) => each.get(`n${node}`)).find((each) => each !== undefined) as number);
        };

        const all = edges.map((_, node) => node);
        const calls = [visitAll(all, []), ...all.map((node) => visitAll([node, (node + 1) % size], []))];
        const found = await outcomes(calls, timers);
        expect(found).not.to.include('waits');
        for (const each of found) expect(each).to.be.an('array').that.does.not.include(undefined);
        expect(await outcomes([cache.getAllOrLoad(['after'], () => ['all'])], timers)).to.deep.equal([{ after: 'all' }]);
      });
    }
  });
});
