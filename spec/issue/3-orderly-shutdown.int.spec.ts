/**
 * What happened: an orderly shutdown lost evictions. An update under way at `unbindAllAsync()` was refused as "retried in the background",
 * which nobody did; one that was called afterwards committed, evicted nothing and said nothing: after a rolling restart keys were stale for
 * good. And a process that awaited an eviction with `acks: 'all'` during its shutdown ended with exit code 13.
 *
 * Decided: a shutdown waits for writes and updates under way, `deadline` at the most, and has them executed. What comes later is refused with
 * `CACHE_STOPPED`; a method that puts or evicts has run by then, and its result is on the error.
 */
import { expect } from 'chai';
import { Container } from 'inversify';
import {
  type Cache,
  Cacheable,
  CacheEvict,
  CacheManager,
  CachePut,
  cachingModule,
  CacheStoppedError,
  type CachingOptions,
  enableCaching,
  runInTransaction,
} from '../../lib/index.js';
import { rejectionOf } from '../contract/rejection.js';
import { gate } from '../support/promises.js';
import { runProgram } from '../support/run-program.js';
import { ownNamespace, sharedRedis } from '../support/shared-redis.js';
import { waitFor } from '../support/wait.js';

/** The database of all instances of a spec. */
class Rows {
  readonly prices = new Map<string, number>();
}

class Books {
  constructor(readonly rows: Rows) {}

  @Cacheable('book')
  async find(name: string): Promise<number> {
    return this.rows.prices.get(name) ?? 0;
  }

  /** @param before - what the method waits for once it has saved. */
  @CacheEvict('book', { key: (name) => name })
  async update(name: string, price: number, before: () => Promise<unknown> = async () => undefined): Promise<string> {
    this.rows.prices.set(name, price);
    await before();
    return `${name} for ${price}`;
  }

  @CachePut('book', { key: (name) => name })
  async save(name: string, price: number, before: () => Promise<unknown> = async () => undefined): Promise<number> {
    this.rows.prices.set(name, price);
    await before();
    return price;
  }
}

interface Instance {
  readonly container: Container;
  readonly books: Books;
  readonly cache: Cache;
}

/** Something that a method waits for, and whether it has come so far. */
function halt(): { readonly wait: () => Promise<void>; readonly open: () => void; readonly reached: Promise<void> } {
  const [opened, reached] = [gate(), gate()];
  return {
    reached: reached.promise,
    open: opened.open,
    wait: () => {
      reached.open();
      return opened.promise;
    },
  };
}

const where: Readonly<Record<string, () => Promise<CachingOptions>>> = {
  'on Redis': async () => ({ redis: (await sharedRedis()).url, namespace: ownNamespace() }),
  embedded: async () => ({ namespace: ownNamespace() }),
};

for (const [name, options] of Object.entries(where)) {
  describe(`Issue 3: an orderly shutdown, ${name}`, () => {
    let rows: Rows;
    let here: Instance;
    let other: Instance;
    let own: CachingOptions;

    const join = async (more: CachingOptions = {}): Promise<Instance> => {
      const container = new Container();
      container.bind(Books).toDynamicValue(() => new Books(rows)).inSingletonScope(); // prettier-ignore
      const manager = await enableCaching(container, { ...own, ...more });
      return { container, books: container.get(Books), cache: manager.getCache('book') as Cache };
    };

    const otherSees = (price: number): Promise<void> =>
      waitFor(async () => (await other.books.find('Dune')) === price, { what: `the other instance to see ${price}` });

    beforeEach(async () => {
      rows = new Rows();
      rows.prices.set('Dune', 12);
      // Long enough that no busy machine ends the waiting.
      own = { deadline: '15s', timeout: '5s', ...(await options()) };
      [here, other] = [await join(), await join()];
      await otherSees(12);
    });

    afterEach(async () => {
      await here.container.unbindAllAsync();
      await other.container.unbindAllAsync();
    });

    /** Begins `call`, unbinds while it is under way, and resolves to its outcome. */
    const unbindDuring = async <T>(call: (before: () => Promise<void>) => Promise<T>): Promise<T> => {
      const { wait, open, reached } = halt();
      const outcome = call(wait);
      await reached;
      let isUnbound = false;
      const unbound = here.container.unbindAllAsync().then(() => (isUnbound = true));
      for (let i = 0; i < 50; i += 1) await other.cache.inspect('Emma'); // Round trips: more than a shutdown takes that waits for nothing.
      expect(isUnbound).to.equal(false);
      open();
      await unbound;
      return outcome;
    };

    it('executes the evictions of an update under way', async () => {
      expect(await unbindDuring((before) => here.books.update('Dune', 15, before))).to.equal('Dune for 15');
      await otherSees(15);
    });

    it('executes the puts of an update under way', async () => {
      expect(await unbindDuring((before) => here.books.save('Dune', 15, before))).to.equal(15);
      await otherSees(15);
    });

    it('waits for a transaction whose evictions are due at its commit', async () => {
      const outcome = unbindDuring((before) =>
        runInTransaction(async () => {
          await here.books.update('Dune', 15);
          await before();
          return 'committed';
        }),
      );
      expect(await outcome).to.equal('committed');
      await otherSees(15);
    });

    it('lets in an update that one under way calls', async () => {
      const outcome = unbindDuring((before) =>
        here.books.update('Emma', 9, async () => {
          await before();
          await here.books.update('Dune', 15);
        }),
      );
      expect(await outcome).to.equal('Emma for 9');
      await otherSees(15);
    });

    it('executes writes by hand that are under way', async () => {
      rows.prices.set('Dune', 15);
      const writes = [here.cache.evict('Dune'), here.cache.evictIfPresent('Emma'), here.cache.put('Persuasion', 7)];
      await here.container.unbindAllAsync();
      await Promise.all(writes);
      await otherSees(15);
      expect(await other.cache.get('Persuasion')).to.deep.equal({ value: 7 });
    });

    it('is no different for the cache manager alone', async () => {
      const { wait, open, reached } = halt();
      const outcome = here.books.update('Dune', 15, wait);
      await reached;
      const stopped = here.container.get(CacheManager).stop();
      open();
      await stopped;
      expect(await outcome).to.equal('Dune for 15');
      await otherSees(15);
      const error = (await rejectionOf(here.books.update('Dune', 16))) as CacheStoppedError;
      expect([error.code, error.result]).to.deep.equal(['CACHE_STOPPED', 'Dune for 16']);
    });

    it('runs an update that comes later, and says that it was not evicted', async () => {
      await here.books.update('Dune', 13); // As the other two methods, one has been called before and one has not.
      await here.container.unbindAllAsync();
      for (const [call, method, result] of [
        [() => here.books.update('Dune', 15), 'update', 'Dune for 15'],
        [() => here.books.save('Dune', 16), 'save', 16],
      ] as const) {
        const error = (await rejectionOf(call())) as CacheStoppedError;
        expect(error).to.be.instanceOf(CacheStoppedError);
        expect([error.code, error.result, error.message]).to.deep.equal([
          'CACHE_STOPPED',
          result,
          `Books.${method} has run, but its puts and evictions were refused: the cache manager was stopped. What the method did stands; its result is on the error. Other instances may serve the old value until its time to live ends. Let open requests end before the container is unbound.`,
        ]);
      }
      expect(await here.books.find('Dune')).to.equal(16);
      const failure = new Error('of the database');
      expect(await rejectionOf(here.books.update('Dune', 17, () => Promise.reject(failure)))).to.equal(failure);
    });

    it('refuses writes by hand that come later', async () => {
      await here.container.unbindAllAsync();
      for (const [write, what] of [
        [here.cache.evict('Dune'), "evicting key 'Dune'"],
        [here.cache.evictAll(['Dune', 'Emma']), 'evicting 2 keys'],
        [here.cache.evictIfPresent('Dune'), "evicting key 'Dune'"],
        [here.cache.put('Dune', 1), "putting key 'Dune'"],
        [here.cache.putIfAbsent('Dune', 1), "putting key 'Dune'"],
        [here.cache.clear(), 'clearing'],
        [here.cache.invalidate(), 'clearing'],
      ] as const) {
        const error = (await rejectionOf(write)) as CacheStoppedError;
        expect(error).to.be.instanceOf(CacheStoppedError);
        expect('result' in error).to.equal(false);
        expect(error.message).to.equal(
          `Cache 'book' was stopped: ${what} was refused. It is not tried again: other instances may serve the old value until its time to live ends. Let open requests end before the container is unbound.`,
        );
      }
    });

    it('refuses a write in a transaction before its commit', async () => {
      const error = runInTransaction(async () => {
        await here.container.unbindAllAsync();
        await here.cache.evict('Dune');
      });
      expect(((await rejectionOf(error)) as CacheStoppedError).message).to.match(
        /^Cache 'book' was stopped: a write inside a transaction was refused\. /,
      );
    });

    it('waits no longer than `deadline` for an update that itself waits for the shutdown', async () => {
      const short = await join({ deadline: '200ms', timeout: '100ms' });
      const error = (await rejectionOf(short.books.update('Dune', 15, () => short.container.unbindAllAsync()))) as CacheStoppedError;
      expect([error.code, error.result]).to.deep.equal(['CACHE_STOPPED', 'Dune for 15']);
      expect(error.message).to.match(/^Cache 'book' was stopped: evicting key 'Dune' was refused\. /);
    });

    it('says of a transaction that was committed too late what it returned', async () => {
      const short = await join({ deadline: '200ms', timeout: '100ms' });
      const outcome = runInTransaction(async () => {
        await short.books.update('Dune', 15);
        await short.container.unbindAllAsync();
        return 'committed';
      });
      const error = (await rejectionOf(outcome)) as CacheStoppedError;
      expect([error.code, error.result]).to.deep.equal(['CACHE_STOPPED', 'committed']);
    });

    it('leaves a container alone whose caches were never used, and one without caching', async () => {
      for (const disabled of [{}, { enabled: false }]) {
        const container = new Container();
        container.load(cachingModule({ ...own, ...disabled }));
        container.bind(Books).toDynamicValue(() => new Books(rows));
        const books = container.get(Books);
        if ('enabled' in disabled) await books.find('Dune');
        await container.unbindAllAsync();
        expect([await books.update('Dune', 15), await books.find('Dune')]).to.deep.equal(['Dune for 15', 15]);
      }
    });
  });
}

describe('Issue 3: a process that ends while an eviction is awaited', function () {
  this.timeout(20_000);

  for (const acks of ['none', 'all'] as const) {
    for (const [name, options] of Object.entries(where)) {
      it(`lives until it is settled, ${name}, acks: '${acks}'`, async () => {
        const output = await runProgram(`
          const { enableCaching } = await import(LIBRARY);
          const { Container } = await import('inversify');
          const container = new Container();
          const manager = await enableCaching(container, ${JSON.stringify(await options())});
          const evicted = manager.getCache('book').evict('Dune', { acks: '${acks}' });
          const unbound = container.unbindAllAsync();
          // A new instance has to wait for a whole bound, for there may have been members that nobody knows of.
          console.log(await evicted.then(() => 'evicted', ({ code }) => code));
          await unbound;
        `);
        expect(output).to.match(acks === 'all' && name === 'on Redis' ? /^(evicted|CACHE_STOPPED)\n$/ : /^evicted\n$/);
      });
    }
  }
});
