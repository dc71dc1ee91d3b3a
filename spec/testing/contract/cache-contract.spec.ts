import { expect } from 'chai';
import type { Cache } from '../../../lib/cache/index.js';
import { SimpleCacheErrorHandler, TransactionAwareCache } from '../../../lib/index.js';
import { type CacheFeatures, describeCacheContract } from '../../../lib/testing/index.js';
import { AsyncLocalTransactionSynchronization } from '../../../lib/transaction/async-local-transaction-synchronization.js';
import { mochaRunner } from '../../contract/mocha-runner.js';
import { MapCache } from '../../support/map-cache.js';
import { DeclaredTests } from './declared-tests.js';
import { MUTANT_CACHES } from './mutant-caches.js';
import { TimedCache } from './timed-cache.js';

/** What a cache of Maps lacks. */
const PLAIN: CacheFeatures = { tags: false, intents: false, statistics: false, reentrantLoads: false };
const elapse = (ms: number, cache: TimedCache): void => cache.elapse(ms);

describeCacheContract(() => new MapCache('book'), { ...mochaRunner, name: MapCache.name, features: { ...PLAIN, ttl: false } });

describeCacheContract(() => new TimedCache('book'), { ...mochaRunner, name: TimedCache.name, features: PLAIN, elapse });

describeCacheContract(
  () => new TransactionAwareCache(new MapCache('book'), new AsyncLocalTransactionSynchronization(), () => new SimpleCacheErrorHandler()),
  { ...mochaRunner, name: `${TransactionAwareCache.name}, outside of a transaction`, features: { ...PLAIN, ttl: false } },
);

describe(describeCacheContract.name, () => {
  for (const { make, foundBy } of MUTANT_CACHES) {
    it(`finds a fault: ${make().constructor.name} fails where a cache ${foundBy}`, async () => {
      const tests = new DeclaredTests();
      describeCacheContract(make, {
        describe: tests.describe,
        it: tests.it,
        features: { ...PLAIN, ttl: make() instanceof TimedCache },
        elapse: (ms, cache) => (cache as TimedCache).elapse(ms),
      });
      expect(await tests.failures([foundBy])).to.deep.equal([foundBy]);
    });
  }

  it('leaves out what a cache lacks, and says so in the titles', () => {
    const [all, plain] = [new DeclaredTests(), new DeclaredTests()];
    describeCacheContract(() => new MapCache('book'), {
      describe: all.describe,
      it: all.it,
      join: (cache) => cache,
      elapse: () => undefined,
    });
    describeCacheContract(() => new MapCache('book'), { describe: plain.describe, it: plain.it, features: { nullValues: false } });
    expect(all.leftOut).to.deep.equal([]);
    expect(plain.leftOut).to.include.members([
      'get gives null back as itself, put or loaded (left out: no nullValues)',
      'evict drops the copies of other instances (left out: needs `join`)',
      'time to live of a put ends after `ttl`, not before (left out: needs `elapse`)',
    ]);
    const titles = [...plain.titles, ...plain.leftOut.map((title) => title.replace(/ \(left out: .*\)$/, ''))];
    expect(titles.sort()).to.deep.equal([...all.titles].sort());
  });

  it('declares what it leaves out as a test that passes, for a runner without `skip`', async () => {
    const titles: string[] = [];
    const passed: Promise<void>[] = [];
    const it = (title: string, test: () => Promise<void>): void => {
      titles.push(title);
      if (title.includes('left out')) passed.push(test());
    };
    const describe = (_title: string, body: () => void): void => body();
    describeCacheContract(() => new MapCache('book'), { describe, it, features: { tags: false } });
    expect(titles).to.include('takes an empty list for nothing to do (left out: no tags)');
    await Promise.all(passed);
  });

  it('makes a cache for each test, says whether the test is about tags, and ends what it was given', async () => {
    const [tests, living] = [new DeclaredTests(), new Set<Cache>()];
    const made: boolean[] = [];
    class ClearingNothing extends MapCache {
      override async clear(): Promise<void> {}

      stop(): void {
        living.delete(this);
      }
    }
    const make = ({ tags }: { readonly tags: boolean }): ClearingNothing => {
      const cache = new ClearingNothing('book');
      living.add(cache);
      made.push(tags);
      return cache;
    };
    describeCacheContract(make, { describe: tests.describe, it: tests.it, join: (cache) => cache, features: { ...PLAIN, tags: true } });
    const failed = await tests.failures(tests.titles.filter((title) => !title.includes('another instance')));
    expect(failed).to.include('clear removes everything');
    expect(living.size).to.equal(0);
    const about = tests.titles.filter((title) => !title.includes('another instance')).map((title) => title.startsWith('evictTagged'));
    expect(made).to.deep.equal(about);
  });

  it('ends a test whose cache never answers', async () => {
    const tests = new DeclaredTests();
    class Stuck extends MapCache {
      override getOrLoad<V>(): Promise<V> {
        return new Promise(() => undefined);
      }
    }
    describeCacheContract(() => new Stuck('book'), { describe: tests.describe, it: tests.it, features: PLAIN, timeout: 1 });
    const [title] = tests.titles.filter((each) => each.startsWith('getOrLoad'));
    expect(await tests.failures([title!])).to.deep.equal([title]);
  });

  it('waits for a `stop` of the caller', async () => {
    const [tests, log] = [new DeclaredTests(), [] as string[]];
    const stop = async (): Promise<void> => void log.push(await Promise.resolve('stopped'));
    describeCacheContract(async () => new MapCache('book'), { describe: tests.describe, it: tests.it, features: PLAIN, stop });
    await tests.failures(tests.titles.slice(0, 3));
    expect(log).to.have.length(3);
  });
});
