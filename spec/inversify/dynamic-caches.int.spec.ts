import { hitNow } from '../../lib/cache/index.js';
import { expect } from 'chai';
import { Container, injectable } from 'inversify';
import sinon from 'sinon';
import {
  type Cache, Cacheable, type CacheErrorCode, CacheEvents, CacheEvict, CacheManager, CachePut, CacheResolver, type CacheOperationContext, type CachingOptions, enableCaching,
} from '../../lib/index.js'; // prettier-ignore
import { cacheErrorOf } from '../contract/rejection.js';
import { freePort, RedisServer } from '../support/redis-server.js';
import { ownNamespace, sharedRedis } from '../support/shared-redis.js';
import { waitFor } from '../support/wait.js';
import { PATIENT } from '../support/patient.js';

const MAXIMUM = 3;

interface Instance {
  readonly container: Container;
  readonly manager: CacheManager;
  readonly told: { readonly where: string; readonly code: CacheErrorCode | undefined }[];
}

for (const tier of ['embedded', 'on Redis'] as const) {
  describe(`caches beyond the maximum, ${tier}`, () => {
    let instances: Instance[];
    let namespace: string;

    const instance = async (options: CachingOptions = {}): Promise<Instance> => {
      const container = new Container();
      const redis = tier === 'embedded' ? undefined : (await sharedRedis()).url;
      const manager = await enableCaching(container, { ...PATIENT, redis, namespace, ...options });
      const told: Instance['told'] = [];
      container
        .get(CacheEvents)
        .on('error', ({ where, error }) => void told.push({ where, code: (error as { code?: CacheErrorCode }).code }));
      const made = { container, manager, told };
      instances.push(made);
      return made;
    };
    /** One that has made as many caches as it may. */
    const full = async (options: CachingOptions = {}): Promise<Instance> => {
      const made = await instance({ maximumDynamicCaches: MAXIMUM, ...options });
      for (let i = 0; i < MAXIMUM; i += 1) made.manager.getCache(`first-${i}`);
      return made;
    };
    /** One that has the cache, with these keys in both tiers. */
    const holder = async (name: string, keys: readonly string[]): Promise<Cache> => {
      const cache = (await instance({ caches: { [name]: {} } })).manager.getCache(name)!;
      for (const key of keys) await cache.getOrLoad(key, () => `old ${key}`);
      for (const key of keys) expect((await cache.get(key))?.value).to.equal(`old ${key}`);
      return cache;
    };
    /** What both tiers have: the local one first, then the remote one by the eyes of an instance that has just come. */
    const heldBy = async (cache: Cache, keys: readonly string[]): Promise<unknown[]> => {
      const fresh = (await instance({ caches: { [cache.name]: {} } })).manager.getCache(cache.name)!;
      return [...(await cache.getAll(keys)), ...(await fresh.getAll(keys))].map((found) => found?.value);
    };

    let warnings: sinon.SinonStub;

    beforeEach(() => {
      [instances, namespace] = [[], ownNamespace('dynamic')];
      warnings = sinon.stub(process, 'emitWarning');
    });

    afterEach(async () => {
      warnings.restore();
      await Promise.all(instances.map(({ container }) => container.unbindAllAsync()));
    });

    it('are not made: reads run uncached, and nothing of them is kept', async () => {
      const { manager } = await full();
      const late = manager.getCache('late')!;
      expect(late.name).to.equal('late');
      expect([await late.getOrLoad('Dune', () => 1), await late.getOrLoad('Dune', () => 2)]).to.deep.equal([1, 2]);
      expect([await late.get('Dune'), await late.getAll(['Dune', 'Emma']), hitNow(late, 'Dune')]).to.deep.equal([
        undefined,
        [undefined, undefined],
        undefined,
      ]);
      const asked: unknown[] = [];
      for (let i = 0; i < 2; i += 1) {
        const many = await late.getAllOrLoad(['Dune', 'Emma', 'Dune'], (keys) => (asked.push(keys), keys.map((key) => `of ${key}`)));
        expect([...many]).to.deep.equal([['Dune', 'of Dune'], ['Emma', 'of Emma']]); // prettier-ignore
      }
      expect(asked).to.deep.equal([['Dune', 'Emma'], ['Dune', 'Emma']]); // prettier-ignore
      expect(late.statistics()).to.deep.include({ localSize: 0, loads: 0, pendingEvictions: 0 });
      for (let i = 0; i < 100; i += 1) await manager.getCache(`late-${i}`)!.getOrLoad('Dune', () => i);
      expect([...manager.cacheNames].sort()).to.deep.equal(['first-0', 'first-1', 'first-2']);
      expect([Object.keys(manager.statistics()).length, Object.keys(manager.health().caches).length]).to.deep.equal([MAXIMUM, MAXIMUM]);
    });

    it('leave those that were there before as they are', async () => {
      const { manager } = await full();
      manager.getCache('late');
      const first = manager.getCache('first-0')!;
      expect([await first.getOrLoad('Dune', () => 1), await first.getOrLoad('Dune', () => 2)]).to.deep.equal([1, 1]);
      expect(manager.getCache('first-0')).to.equal(first);
    });

    const evictions: Readonly<Record<string, (cache: Cache) => Promise<unknown>>> = {
      evict: (cache) => cache.evict('Dune'),
      'evict of several keys': (cache) => cache.evictAll(['Dune', 'unknown']),
      'evict with acknowledgements': (cache) => cache.evict('Dune', { acks: 'all' }),
      put: (cache) => cache.put('Dune', 'new'),
      evictIfPresent: async (cache) => expect(await cache.evictIfPresent('Dune')).to.equal(true),
    };
    for (const [verb, change] of Object.entries(evictions)) {
      it(`execute ${verb}, which reaches instances that have the cache`, async () => {
        const cache = await holder('late', ['Dune', 'Emma']);
        const { manager } = await full();
        await change(manager.getCache('late')!);
        await waitFor(() => hitNow(cache, 'Dune') === undefined, { what: 'the eviction to arrive' });
        expect(await heldBy(cache, ['Dune', 'Emma'])).to.deep.equal([undefined, 'old Emma', undefined, 'old Emma']);
      });
    }

    for (const [verb, change] of [
      ['clear', (cache: Cache) => cache.clear()],
      ['invalidate', (cache: Cache) => cache.invalidate()],
      ['clear with acknowledgements', (cache: Cache) => cache.clear({ acks: 'all' })],
    ] as const) {
      it(`execute ${verb}, which reaches instances that have the cache`, async () => {
        const cache = await holder('late', ['Dune', 'Emma']);
        const { manager } = await full();
        await change(manager.getCache('late')!);
        await waitFor(() => hitNow(cache, 'Dune') === undefined && hitNow(cache, 'Emma') === undefined, { what: 'the clear to arrive' });
        expect(await heldBy(cache, ['Dune', 'Emma'])).to.deep.equal([undefined, undefined, undefined, undefined]);
      });
    }

    it('change nothing by putIfAbsent, nor by reading', async () => {
      const cache = await holder('late', ['Dune']);
      const { manager } = await full();
      const late = manager.getCache('late')!;
      expect([await late.putIfAbsent('Dune', 'new'), await late.getOrLoad('Dune', () => 'loaded')]).to.deep.equal([undefined, 'loaded']);
      expect(await heldBy(cache, ['Dune'])).to.deep.equal(['old Dune', 'old Dune']);
    });

    it('evict also from a cache that came into being later, in the same instance and in others', async () => {
      const { manager, container } = await full();
      const early = manager.getCache('named-later')!;
      await early.evict('Dune');
      class Later {
        @Cacheable('named-later')
        async find(): Promise<void> {}
      }
      container.bind(Later).toSelf();
      const own = manager.getCache('named-later')!;
      const other = await holder('named-later', ['Dune']);
      expect((await own.getOrLoad('Dune', () => 'loaded')) === 'old Dune' && (await own.get('Dune'))?.value).to.equal('old Dune');
      await early.evict('Dune');
      expect(hitNow(own, 'Dune')).to.equal(undefined);
      await waitFor(() => hitNow(other, 'Dune') === undefined, { what: 'the eviction to arrive' });
    });

    it('are told once, by an event and a warning', async () => {
      const { manager, told } = await full();
      expect([told, warnings.callCount]).to.deep.equal([[], 0]);
      for (let i = 0; i < 50; i += 1) manager.getCache(`late-${i}`);
      expect(told).to.deep.equal([{ where: 'dynamic caches', code: 'CACHE_NAME_LIMIT' }]);
      const [text, options] = warnings.firstCall.args as [string, unknown];
      expect([warnings.callCount, options]).to.deep.equal([1, { type: 'CacheWarning', code: 'CACHE_NAME_LIMIT' }]);
      expect(text).to.equal(
        "Cache 'late-0' was not made: there are 3 caches already that only a resolver or getCache names. It runs uncached, and so do others that come later; evictions are executed. " +
          'Put what differs into the key, or raise `maximumDynamicCaches`.',
      );
    });

    it('have names that are checked as well', async () => {
      const { manager } = await full();
      for (const name of ['a:b', '..', '__proto__', 'constructor', ''])
        expect(() => manager.getCache(name)).to.throw('Expected `cache name` to be');
    });

    it('do not come of `caches` and decorators, which are not counted', async () => {
      @injectable()
      class Books {
        runs = 0;

        @Cacheable(['decorated-1', 'decorated-2'])
        async find(_id: number): Promise<number> {
          return (this.runs += 1);
        }

        @CachePut({ cacheNames: 'decorated-3' })
        async put(_id: number): Promise<number> {
          return 7;
        }

        @CacheEvict('decorated-4')
        async remove(_id: number): Promise<void> {}
      }
      const { manager, container, told } = await full({ caches: { a: {}, b: {}, c: {}, d: {} } });
      container.bind(Books).toSelf().inSingletonScope();
      const books = container.get(Books);
      expect([await books.find(1), await books.find(1), await books.put(1)]).to.deep.equal([1, 1, 7]);
      await books.remove(1);
      expect(manager.cacheNames).to.include.members(['a', 'd', 'decorated-1', 'decorated-2', 'decorated-3', 'decorated-4', 'first-2']);
      expect(told).to.deep.equal([]);
    });

    it('do not let a resolver that makes a name for each call fill the process', async () => {
      class Tenants extends CacheResolver {
        override resolveCaches({ args }: CacheOperationContext): readonly Cache[] {
          return [manager.getCache(`tenant-${String(args[0])}`)!];
        }
      }
      @injectable()
      class Books {
        runs = 0;

        @Cacheable({ cacheResolver: Tenants })
        async find(_tenant: number): Promise<number> {
          return (this.runs += 1);
        }

        @CacheEvict({ cacheResolver: Tenants })
        async change(_tenant: number): Promise<void> {}
      }
      const { manager, container } = await instance({ maximumDynamicCaches: MAXIMUM });
      container.bind(Tenants).toSelf();
      container.bind(Books).toSelf().inSingletonScope();
      const books = container.get(Books);
      for (let round = 0; round < 2; round += 1) for (let tenant = 0; tenant < 300; tenant += 1) await books.find(tenant);
      expect([books.runs, manager.cacheNames.length]).to.deep.equal([600 - MAXIMUM, MAXIMUM]);
      await books.change(200);
      expect(manager.cacheNames.length).to.equal(MAXIMUM);
    });
  });
}

describe('an eviction beyond the maximum that Redis does not acknowledge', () => {
  let server: RedisServer;
  let container: Container;

  beforeEach(async () => {
    server = await RedisServer.start({ port: await freePort() });
    container = new Container();
    sinon.stub(process, 'emitWarning');
  });

  afterEach(async () => {
    sinon.restore();
    await container.unbindAllAsync();
    await server.stop();
  });

  it('is told, and tried again until Redis is back; few are remembered', async () => {
    const options = { redis: server.url, bound: '200ms', timeout: '500ms', deadline: '1s' } as const;
    const manager = await enableCaching(container, { ...options, maximumDynamicCaches: 2, instanceId: 'full' });
    for (const name of ['kept-1', 'kept-2']) manager.getCache(name); // No decorator of another spec names them.
    const events = container.get(CacheEvents);
    const recovered: string[] = [];
    const givenUp: string[] = [];
    events.on('evictRecovered', ({ cache }) => void recovered.push(cache));
    events.on(
      'error',
      ({ where, error }) => where === 'pending evictions' && void givenUp.push((error as { cacheName: string }).cacheName),
    );
    await server.kill();
    for (const name of ['late-1', 'late-2', 'late-3'])
      expect((await cacheErrorOf(manager.getCache(name)!.evict('Dune'))).code).to.equal('CACHE_EVICT_UNACKNOWLEDGED');
    expect(manager.getCache('late-3')).to.equal(manager.getCache('late-3'));
    expect([manager.getCache('late-3')!.statistics().pendingEvictions, manager.health().status]).to.deep.equal([1, 'degraded']);
    await waitFor(() => givenUp.length > 0, { what: 'the first of three to be given up' });
    expect(givenUp).to.deep.equal(['late-1']);
    await server.restart();
    await waitFor(() => recovered.length === 2, { what: 'both evictions to be acknowledged' });
    expect(recovered.sort()).to.deep.equal(['late-2', 'late-3']);
    await waitFor(() => manager.health().status === 'up', { what: 'the instance to be up' });
    expect(manager.getCache('late-3')).not.to.equal(manager.getCache('late-3'));
  });
});
