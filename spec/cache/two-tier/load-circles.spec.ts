import { expect } from 'chai';
import { Container } from 'inversify';
import sinon from 'sinon';
import { Load, type TwoTierCache } from '../../../lib/cache/index.js';
import { Cacheable, CachePut, Caching, enableCaching, runInTransaction } from '../../../lib/index.js';
import { AsyncLocalTransactionSynchronization, TransactionAwareCache } from '../../../lib/transaction/index.js';
import { Fleet } from '../../contract/fleet.js';
import { turn } from '../../support/promises.js';
import { meeting, outcomes, standStill } from '../../support/standing-time.js';
import { Random } from '../../support/random.js';
import { waitFor } from '../../support/wait.js';

let fleets = 0;

/**
 * Loads that wait for each other. No clock moves, and timers stand still or tick without it: who waited for an end by time would wait for
 * ever. A call without a cache needs no timer either.
 */
describe('loads that call each other', () => {
  let fleet: Fleet;
  let timers: sinon.SinonFakeTimers;
  let cache: TwoTierCache;
  let others: TwoTierCache;

  beforeEach(async () => {
    fleet = new Fleet({ namespace: `circles-${(fleets += 1)}`, deadline: '60s', timeout: '1s' });
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

  /** Counts the loads that are looked at in search of circles. */
  function lookedThrough(): () => number {
    const findWaiting = sinon.spy(Load.prototype, 'findWaiting');
    return () => {
      findWaiting.restore();
      return findWaiting.returnValues.reduce((sum, { size }) => sum + size, 0);
    };
  }

  it('never pass in one turn what a spec here would take for waiting', async () => {
    expect(await outcomes([new Promise(() => undefined), Promise.resolve(1)])).to.deep.equal(['waits', 1]);
  });

  const joins: Readonly<Record<string, { readonly join?: boolean; readonly bypass?: boolean }>> = {
    '': {},
    ', in bypass': { bypass: true },
    ', not joining': { join: false },
  };
  for (const [how, { join, bypass }] of Object.entries(joins)) {
    it(`end when one asks for its own key${how}`, async () => {
      if (bypass === true) cache.holdLeaseUntil(Number.NEGATIVE_INFINITY);
      const load = (): Promise<string> =>
        cache.getOrLoad('a', () => cache.getOrLoad('a', async () => 'found', { join }).then((v) => `${v}!`), { join });
      expect(await outcomes([load()])).to.deep.equal(['found!']);
      expect(await outcomes([cache.get('a')])).to.deep.equal([{ value: 'found!' }]);
      expect(cache.statistics()).to.include({ loads: 2, fills: 1 });
    });

    it(`end when two cross each other${how}`, async () => {
      if (bypass === true) cache.holdLeaseUntil(Number.NEGATIVE_INFINITY);
      const both = meeting(2);
      const load = (one: string, other: string): Promise<string> =>
        cache.getOrLoad(one, async () => (await both(), cache.getOrLoad(other, async () => `${one}>${other}`, { join })), { join });
      const found = await outcomes([load('p', 'q'), load('q', 'p')], how === '' ? undefined : timers);
      // One joined; the other would have closed the circle, and loaded for itself.
      expect(found).to.deep.equal(['q>p', 'q>p']);
      expect(await outcomes([cache.get('p'), cache.get('q')])).to.deep.equal([{ value: 'q>p' }, { value: 'q>p' }]);
    });
  }

  it('leave nothing behind for callers that come later', async () => {
    await outcomes([cache.getOrLoad('a', () => cache.getOrLoad('a', () => 'inner').then(() => 'outer'))]);
    await cache.evict('a');
    expect(await outcomes([cache.getOrLoad('a', () => 'new'), cache.getOrLoad('a', () => 'unused')])).to.deep.equal(['new', 'new']);
  });

  it('let others join the load that closes no circle, not the one that a caller runs for itself', async () => {
    let finish!: (value: string) => void;
    const begun = meeting(2);
    const inner = new Promise<string>((resolve) => (finish = resolve));
    const outer = cache.getOrLoad('a', () => cache.getOrLoad('a', () => (void begun(), inner)).then((v) => `of ${v}`));
    void outer;
    await waitFor(() => cache.statistics().loads === 2, { what: 'the inner load' });
    const joined = cache.getOrLoad('a', () => 'unused');
    finish('inner');
    expect(await outcomes([outer, joined])).to.deep.equal(['of inner', 'of inner']);
    expect(cache.statistics()).to.include({ loads: 2, joined: 1, fills: 1 });
  });

  it('end when three of two caches form a circle', async () => {
    const all = meeting(3);
    const ring = [
      [cache, 'a'],
      [others, 'a'],
      [cache, 'b'],
    ] as const;
    const load = (i: number, depth: number): Promise<string> => {
      const [of, key] = ring[i % 3]!;
      return of.getOrLoad(key, async () => {
        if (depth === 0) await all();
        return depth === 2 ? 'end' : `${key}${await load(i + 1, depth + 1)}`;
      });
    };
    const found = await outcomes([load(0, 0), load(1, 0), load(2, 0)]);
    expect(found).not.to.include('waits');
    expect(cache.statistics().joined + others.statistics().joined, 'all but one join').to.equal(2);
  });

  it('end when many in one loader ask for its own key', async () => {
    let runs = 0;
    const load = cache.getOrLoad('a', () => Promise.all([1, 2, 3].map(() => cache.getOrLoad('a', async () => (runs += 1)))));
    expect(await outcomes([load])).to.deep.equal([[1, 2, 3]]);
  });

  it('end when one stands between: a load that others have joined, and that joins back', async () => {
    const both = meeting(2);
    const first = cache.getOrLoad('a', async () => (await both(), cache.getOrLoad('b', () => 'unused')));
    const second = cache.getOrLoad('b', async () => {
      await both();
      await turn();
      return others.getOrLoad('c', () => cache.getOrLoad('a', async () => 'alone'));
    });
    expect(await outcomes([first, second])).to.deep.equal(['alone', 'alone']);
  });

  it('join each other where that closes no circle', async () => {
    let runs = 0;
    const leaf = (): Promise<number> => others.getOrLoad('leaf', async () => (await Promise.resolve(), (runs += 1)));
    const loads = ['a', 'b', 'c'].map((key) => cache.getOrLoad(key, leaf));
    expect(await outcomes([...loads, leaf()])).to.deep.equal([1, 1, 1, 1]);
    expect(others.statistics()).to.include({ loads: 1, joined: 3 });
  });

  it('join each other by the ten thousand without looking through all that wait', async () => {
    const [layers, width] = [4, 100];
    const visit = (layer: number, i: number): Promise<number> =>
      cache.getOrLoad(`${layer}:${i}`, async () => {
        await turn();
        if (layer < layers) await Promise.all(Array.from({ length: width }, (_, j) => visit(layer + 1, j)));
        return layer;
      });
    const looked = lookedThrough();
    await Promise.all(Array.from({ length: width }, (_, i) => visit(1, i)));
    const joined = (layers - 1) * (width * width - width);
    expect(cache.statistics()).to.include({ loads: layers * width, joined });
    expect(looked()).to.be.lessThan(joined);
  });

  it('join each other however deep they are, without looking through all around them', async () => {
    const depth = 500;
    const fibonacci = (n: number): Promise<bigint> =>
      cache.getOrLoad(n, async () => {
        if (n < 2) return BigInt(n);
        const [one, two] = await Promise.all([fibonacci(n - 1), fibonacci(n - 2)]);
        return one + two;
      });
    const looked = lookedThrough();
    await fibonacci(depth);
    expect(cache.statistics()).to.include({ loads: depth + 1, joined: depth - 2 });
    expect(looked()).to.be.lessThan(10 * depth);
  });

  it('may join a load again whose loader is over', async () => {
    let left: Promise<unknown> | undefined;
    const open = meeting(2);
    await cache.getOrLoad('a', () => {
      left = open().then(() => cache.getOrLoad('a', () => 'unused', {}));
      return 'first';
    });
    await cache.evict('a');
    let finish!: (value: string) => void;
    const second = cache.getOrLoad('a', () => new Promise<string>((resolve) => (finish = resolve)));
    await waitFor(() => cache.statistics().loads === 2, { what: 'the second load' });
    void open();
    await outcomes([new Promise(() => undefined)]);
    finish('second');
    expect(await outcomes([second, left!])).to.deep.equal(['second', 'second']);
    expect(cache.statistics()).to.include({ loads: 2, joined: 1 });
  });

  it('end in two containers that share their remote tier', async () => {
    timers.restore();
    const there = await fleet.join();
    timers = standStill();
    const nested = cache.getOrLoad('a', () => there.cache.getOrLoad('a', () => cache.getOrLoad('a', async () => 'end')));
    expect(await outcomes([nested])).to.deep.equal(['end']);
    const both = meeting(2);
    const one = cache.getOrLoad('p', async () => (await both(), cache.getOrLoad('q', async () => 'one')));
    const other = there.cache.getOrLoad('q', async () => (await both(), there.cache.getOrLoad('p', async () => 'other')));
    expect(await outcomes([one, other], timers)).to.deep.equal(['other', 'other']);
  });

  it('of two containers fill both tiers of each, where keys and names are the same by chance', async () => {
    timers.restore();
    const apart = new Fleet({ namespace: `circles-${(fleets += 1)}` });
    const there = await apart.join();
    timers = standStill();
    expect(await outcomes([cache.getOrLoad('a', () => there.cache.getOrLoad('a', () => 'end'))])).to.deep.equal(['end']);
    expect([cache, there.cache].map((each) => each.statistics().fills)).to.deep.equal([1, 1]);
    timers.restore();
    await apart.stop();
  });

  it('wait for the lease of a load that does not wait for them', async () => {
    timers.restore();
    const [there, third] = [await fleet.join(), await fleet.join()];
    timers = standStill();
    let finish!: (value: string) => void;
    const holder = there.cache.getOrLoad('q', () => new Promise<string>((resolve) => (finish = resolve)));
    await waitFor(() => there.cache.statistics().loads === 1, { what: 'the holder of the lease' });
    const waiting = [cache, third.cache].map((each) => each.getOrLoad('p', () => each.getOrLoad('q', () => 'unused')));
    waiting.push(
      cache.getOrLoad('q', () => 'unused'),
      third.cache.getOrLoad('q', () => 'unused'),
    );
    expect(await outcomes(waiting, timers)).to.deep.equal(['waits', 'waits', 'waits', 'waits']);
    finish('theirs');
    expect(await outcomes([holder, ...waiting], timers)).to.deep.equal(['theirs', 'theirs', 'theirs', 'theirs', 'theirs']);
  });

  it('end within a cache that takes part in transactions', async () => {
    const aware = new TransactionAwareCache(cache, new AsyncLocalTransactionSynchronization(), () => {
      throw new Error('not asked');
    });
    const self = (): Promise<string> => aware.getOrLoad('a', () => cache.getOrLoad('a', () => aware.getOrLoad('a', async () => 'end')));
    expect(await outcomes([self()])).to.deep.equal(['end']);
    await cache.evict('a');
    const inside = aware.getOrLoad('a', () => runInTransaction(() => aware.getOrLoad('a', () => aware.getOrLoad('a', async () => 'tx'))));
    expect(await outcomes([inside])).to.deep.equal(['tx']);
  });

  it('end behind decorators, mixed with loads by hand', async () => {
    timers.restore();
    const container = new Container();
    const manager = await enableCaching(container, { deadline: '60s', namespace: `circles-${(fleets += 1)}` });
    const book = manager.getCache('book')!;
    class Books {
      @Cacheable('book')
      async find(key: string): Promise<string> {
        return `f${await book.getOrLoad(key, () => this.load(key))}`;
      }

      @Cacheable('book')
      async load(key: string): Promise<string> {
        return `l${key}`;
      }

      @Cacheable(['book', 'author'])
      async one(key: string): Promise<string> {
        return this.met(key, 'one');
      }

      @Cacheable(['author', 'book'])
      async other(key: string): Promise<string> {
        return this.met(key, 'other');
      }

      @Caching({ cacheable: [{ cacheNames: 'book' }], put: [{ cacheNames: 'author' }] })
      async saved(key: string): Promise<string> {
        return this.load(key);
      }

      @CachePut('author')
      async put(key: string): Promise<string> {
        return this.find(key);
      }

      async met(key: string, by: string): Promise<string> {
        return `${by} ${key}`;
      }
    }
    container.bind(Books).toSelf();
    const books = container.get(Books);
    timers = standStill();
    expect(await outcomes([books.find('a')])).to.deep.equal(['fla']);
    expect(await outcomes([books.saved('b')])).to.deep.equal(['lb']);
    expect(await outcomes([books.put('c')])).to.deep.equal(['flc']);
    expect(await outcomes([books.one('d'), books.other('d')], timers)).not.to.include('waits');
    timers.restore();
    await container.unbindAllAsync();
  });

  describe('at random', () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      it(`end as without a cache (seed ${seed})`, async () => {
        const random = new Random(seed);
        timers.restore();
        const there = await fleet.join();
        timers = standStill();
        const caches = random.pick([
          [cache, others],
          [cache, there.cache, others],
        ]);
        const size = 2 + random.below(5);
        const edges = Array.from({ length: size }, () => Array.from({ length: 1 + random.below(3) }, () => random.below(size)));
        const homes = edges.map(() => random.pick(caches));
        const join = random.pick([undefined, undefined, false]);
        if (random.below(4) === 0) cache.holdLeaseUntil(Number.NEGATIVE_INFINITY);
        // Ends where a node comes again, or at some depth; every path is its own, as in a program.
        const visit = (node: number, path: readonly number[]): Promise<number> =>
          homes[node]!.getOrLoad(
            `n${node}`,
            async () => {
              if (random.below(2) === 0) await turn();
              if (path.includes(node) || path.length > 3) return node;
              const found = await Promise.all(edges[node]!.map((next) => visit(next, [...path, node])));
              return found.length;
            },
            { join },
          );
        const calls = edges.map((_, node) => visit(node, []));
        expect(await outcomes(calls, timers)).not.to.include('waits');
        expect(await outcomes([cache.getOrLoad('after', () => 'all')])).to.deep.equal(['all']);
      });
    }
  });
});
