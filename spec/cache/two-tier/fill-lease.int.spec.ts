import { expect } from 'chai';
import { Container } from 'inversify';
import { Redis } from 'ioredis';
import sinon from 'sinon';
import type { LoadOptions, TwoTierCache } from '../../../lib/cache/index.js';
import { RedisEvictionLog } from '../../../lib/eviction/index.js';
import { Cacheable, CacheErrorHandler, cachingModule, SimpleCacheErrorHandler, CacheManager } from '../../../lib/index.js';
import { type CacheInstance, createInstance } from '../../../lib/instance/cache-instance.js';
import { rejectionOf } from '../../contract/rejection.js';
import { ownNamespace, sharedRedis } from '../../support/shared-redis.js';
import { waitFor } from '../../support/wait.js';

const thrown = new Error('thrown');
const aborted = new DOMException('Aborted', 'AbortError');

const throwing = (): never => {
  throw thrown;
};

/** How a load may end, and what it then fails with. */
interface Outcome {
  readonly loader?: () => unknown;
  readonly options?: LoadOptions;
  readonly fails?: Error;
}

const OUTCOMES: Readonly<Record<string, Outcome>> = {
  'is stored': {},
  'is vetoed': { options: { unless: () => true } },
  'fails at once': { loader: throwing, fails: thrown },
  'fails later': { loader: () => Promise.reject(thrown), fails: thrown },
  'is aborted': { loader: () => Promise.reject(aborted), fails: aborted },
  'has an `unless` that throws': { options: { unless: throwing }, fails: thrown },
  'has a `ttl` that throws': { options: { ttl: throwing } },
  'has a `ttl` that throws, and a handler that would': { options: { ttl: throwing, onError: throwing } },
  'has a `ttl` that is none': { options: { ttl: () => Number.NaN } },
  'has a `ttl` that is over': { options: { ttl: () => -1 } },
  'is null where that is not allowed': { loader: () => null },
  'is null where that is not allowed, with a handler that throws': { loader: () => null, options: { onError: throwing }, fails: thrown },
  'cannot be encoded': { loader: () => () => 1 },
  'cannot be encoded, with a handler that throws': { loader: () => () => 1, options: { onError: throwing }, fails: thrown },
  'is too large': { loader: () => 'x'.repeat(200_000) },
  'asks for its own key': {},
};

describe('a fill lease', () => {
  let runtime: CacheInstance;
  let cache: TwoTierCache;
  let redis: Redis;
  let url: string;
  let namespace: string;

  const options = () => ({
    redis: url,
    namespace,
    defaults: { allowNullValues: false, maximumValueSize: 100_000 },
    deadline: '10s' as const,
    timeout: '2s' as const,
  });

  beforeEach(async () => {
    ({ url } = await sharedRedis());
    namespace = ownNamespace('lease');
    redis = new Redis(url);
    runtime = createInstance(options());
    await runtime.start();
    cache = runtime.manager.getCache('book') as TwoTierCache;
  });

  afterEach(async () => {
    await runtime.stop();
    await redis.quit();
  });

  const leases = (): Promise<string[]> => redis.keys(`${namespace}:*:book:*:lease::*`);
  const given = (): Promise<void> => waitFor(async () => (await leases()).length === 0, { what: 'the lease to be given back' });

  it('is there while a load is under way', async () => {
    let finish!: (value: string) => void;
    const load = cache.getOrLoad('Dune', () => new Promise<string>((resolve) => (finish = resolve)));
    await waitFor(() => cache.statistics().loads === 1, { what: 'the load' });
    expect(await leases()).to.have.length(1);
    finish('value');
    await load;
    expect(await leases()).to.deep.equal([]);
  });

  for (const [what, { loader = () => 'value', options, fails }] of Object.entries(OUTCOMES)) {
    it(`is given back when a load ${what}`, async () => {
      let held = 0;
      const load = cache.getOrLoad(
        'Dune',
        async () => {
          held = (await leases()).length;
          if (what === 'asks for its own key') await cache.getOrLoad('Dune', loader);
          return loader();
        },
        options,
      );
      if (fails !== undefined) expect(await rejectionOf(load)).to.equal(fails);
      else await load;
      expect(held, 'held while the loader ran').to.equal(1);
      await given();
      expect(cache.statistics().fills).to.equal(what === 'is stored' || what === 'asks for its own key' ? 1 : 0);
    });
  }

  it('is given back by a loader that throws before it returns a promise', async () => {
    expect(await rejectionOf(cache.getOrLoad('Dune', throwing))).to.equal(thrown);
    await given();
  });

  it('of several keys is given back for each of them, in one step, and once more when Redis is back', async () => {
    const release = sinon.stub(RedisEvictionLog.prototype, 'release').rejects(thrown);
    const keys = ['Dune', 'Emma', 'Kim'];
    expect(await rejectionOf(cache.getAllOrLoad(keys, throwing))).to.equal(thrown);
    await waitFor(() => release.callCount > 0, { what: 'the first attempt' });
    expect(release.args.map(([held]) => held.map(({ key }) => key))).to.deep.equal([keys]);
    expect(await leases()).to.have.length(3);
    release.restore();
    cache.reconnected();
    await given();
  });

  it('is given back when an eviction overtakes the load', async () => {
    await cache.getOrLoad('Dune', () => cache.evict('Dune'));
    await given();
  });

  it('is no hindrance for others when its instance stops while it loads', async () => {
    const there = createInstance(options());
    await there.start();
    let finish!: (value: string) => void;
    const load = cache.getOrLoad('Dune', () => new Promise<string>((resolve) => (finish = resolve)));
    await waitFor(() => cache.statistics().loads === 1, { what: 'the load' });
    await runtime.stop();
    const theirs = there.manager.getCache('book') as TwoTierCache;
    const pauses = sinon.spy(globalThis, 'setTimeout');
    expect(await theirs.getOrLoad('Dune', () => 'theirs')).to.equal('theirs');
    expect(
      pauses.args.filter(([, ms]) => ms === 2),
      'nobody waited for it',
    ).to.deep.equal([]);
    pauses.restore();
    expect(theirs.statistics().fills).to.equal(1);
    finish('ours');
    expect(await load).to.equal('ours');
    expect(await theirs.get('Dune')).to.deep.equal({ value: 'theirs' });
    await there.stop();
  });

  it('is given back behind decorators, whatever throws', async () => {
    const container = new Container();
    container.load(cachingModule(options()));
    container.rebind(CacheErrorHandler).toConstantValue(new SimpleCacheErrorHandler());
    await container.get(CacheManager).start();
    class Books {
      @Cacheable('book', { unless: throwing })
      async unless(_key: string): Promise<string> {
        return 'value';
      }

      @Cacheable('book', { ttl: throwing })
      async ttl(_key: string): Promise<string> {
        return 'value';
      }

      @Cacheable('book')
      async fails(_key: string): Promise<string> {
        throw thrown;
      }

      @Cacheable('book')
      async nothing(_key: string): Promise<string | null> {
        return null;
      }

      @Cacheable('book')
      async stream(_key: string): Promise<unknown> {
        return [1][Symbol.iterator]();
      }
    }
    container.bind(Books).toSelf();
    const books = container.get(Books);
    for (const method of ['unless', 'ttl', 'fails', 'nothing', 'stream'] as const) {
      await books[method](method).catch(() => undefined);
      await given();
    }
    await container.unbindAllAsync();
  });
});
