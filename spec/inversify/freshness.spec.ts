import { expect } from 'chai';
import { Container, injectable } from 'inversify';
import sinon from 'sinon';
import {
  Cacheable,
  type CacheEventMap,
  CacheEvents,
  CacheEvict,
  type CacheManager,
  type CachingOptions,
  CacheConfigurationError,
  CacheLoadTimeoutError,
  enableCaching,
} from '../../lib/index.js';
import { gate, turn } from '../support/promises.js';
import { waitFor } from '../support/wait.js';

describe('staleIfError, refreshAfter and loadTimeout', () => {
  const AWAY = new Error('The database is away.');
  let date: sinon.SinonFakeTimers;
  let containers: Container[];
  let isAway: boolean;
  let runs: number;

  beforeEach(() => {
    date = sinon.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
    containers = [];
    isAway = false;
    runs = 0;
  });

  afterEach(async () => {
    date.restore();
    for (const container of containers) await container.unbindAllAsync();
  });

  const body = async (): Promise<number> => {
    if (isAway) throw AWAY;
    return (runs += 1);
  };

  @injectable()
  class RateService {
    @Cacheable('fresh-rate', { ttl: '1m', staleIfError: '1h' })
    async find(_pair: string): Promise<number> {
      return body();
    }

    @Cacheable(['fresh-a', 'fresh-b'])
    async findInTwo(_pair: string): Promise<number> {
      return body();
    }

    /** Reads and evicts. */
    @Cacheable('fresh-own')
    @CacheEvict('fresh-other')
    async findAndForget(_pair: string): Promise<number> {
      return body();
    }

    @CacheEvict('fresh-rate')
    async forget(_pair: string): Promise<void> {}
  }

  async function start(options: CachingOptions = {}): Promise<{ service: RateService; manager: CacheManager; container: Container }> {
    const container = new Container();
    containers.push(container);
    container.bind(RateService).toSelf().inSingletonScope();
    const clock = { now: () => Date.now() };
    const manager = await enableCaching(container, { namespace: 'fresh', clock, bound: '1h', logger: false, ...options });
    return { service: container.get(RateService), manager, container };
  }

  const told = <K extends keyof CacheEventMap>(container: Container, name: K): CacheEventMap[K][] => {
    const events: CacheEventMap[K][] = [];
    container.get(CacheEvents).on(name, (event) => events.push(event));
    return events;
  };

  it('answer for a decorated method that fails, until its value is evicted', async () => {
    const { service, container } = await start();
    const stale = told(container, 'servedStale');
    await service.find('EURUSD');
    date.tick(61_000);
    isAway = true;
    expect(await service.find('EURUSD')).to.equal(1);
    expect(stale.map(({ cache, key, ageMs, error }) => [cache, key, ageMs, error])).to.deep.equal([['fresh-rate', 'EURUSD', 61_000, AWAY]]);
    await service.forget('EURUSD');
    expect(await service.find('EURUSD').catch((error: unknown) => error)).to.equal(AWAY);
  });

  it('are refused on a method that evicts or puts as well, because those steps follow when it has run', () => {
    expect(() => {
      class Misuse {
        @CacheEvict('fresh-other')
        @Cacheable('fresh-own', { refreshAfter: '1s' })
        async find(_pair: string): Promise<number> {
          return 1;
        }
      }
      return Misuse;
    })
      .to.throw(CacheConfigurationError, '`staleIfError`, `refreshAfter` and `loadTimeout` cannot be set beside @CacheEvict')
      .with.property('code', 'CACHE_OPERATION_INVALID');
  });

  it('of a cache do not apply to such a method', async () => {
    const { service, manager } = await start({
      caches: { 'fresh-own': { ttl: '1m', staleIfError: '1h', refreshAfter: '10s' } },
    });
    expect(await service.findAndForget('EURUSD')).to.equal(1);
    date.tick(11_000);
    expect(await service.findAndForget('EURUSD')).to.equal(1);
    expect(manager.statistics()['fresh-own']).to.include({ refreshes: 0, localHits: 1 });
    date.tick(61_000);
    isAway = true;
    expect(await service.findAndForget('EURUSD').catch((error: unknown) => error)).to.equal(AWAY);
    expect(manager.statistics()['fresh-own']).to.include({ servedStale: 0 });
  });

  it('refresh the last of several caches alone: the others would be filled from it, not from the method', async () => {
    const { service, manager } = await start({ defaults: { ttl: '1m', refreshAfter: '10s' } });
    await service.findInTwo('EURUSD');
    date.tick(11_000);
    expect(await service.findInTwo('EURUSD'), 'the first one has it').to.equal(1);
    expect(manager.statistics()['fresh-a']).to.include({ refreshes: 0 });
    await manager.getCache('fresh-a')?.evict('EURUSD');
    expect(await service.findInTwo('EURUSD')).to.equal(1);
    await waitFor(() => manager.statistics()['fresh-b']?.refreshes === 1, { what: 'a refresh' });
    await waitFor(async () => (await manager.getCache('fresh-b')?.get('EURUSD'))?.value === 2, { what: 'its value' });
    expect((await manager.getCache('fresh-a')?.get('EURUSD'))?.value, 'nor is it filled from a hit').to.equal(undefined);
  });

  describe('by hand', () => {
    const load = (): Promise<number> => body();

    it('leave what another version has stored where it is, until there is a value to put in its place', async () => {
      const [one, two] = await Promise.all([1, 2].map((version) => start({ caches: { rate: { version } } })));
      const [first, second] = [one!.manager.getCache('rate')!, two!.manager.getCache('rate')!];
      await second.getOrLoad('EURUSD', load);
      isAway = true;
      expect(await first.getOrLoad('EURUSD', load).catch((error: unknown) => error)).to.equal(AWAY);
      second.resetStatistics();
      expect((await second.inspect('EURUSD'))?.remote.state).to.equal('held');
      isAway = false;
      expect(await first.getOrLoad('EURUSD', load)).to.equal(2);
      expect(first.statistics().remoteFailures, 'it is no failure').to.equal(0);
    });

    it('serve a value from L2 that may be stale for as long as there are durations', async () => {
      const { manager } = await start({ caches: { rate: { ttl: '1m', staleIfError: '3650d', tiers: 'remote' } } });
      const cache = manager.getCache('rate')!;
      expect([await cache.getOrLoad('EURUSD', load), await cache.getOrLoad('EURUSD', load)]).to.deep.equal([1, 1]);
    });

    it('load a value without end anew', async () => {
      const { manager } = await start({ caches: { rate: { ttl: 0, refreshAfter: '10s', tiers: 'local' } } });
      const cache = manager.getCache('rate')!;
      await cache.getOrLoad('EURUSD', load);
      date.tick(11_000);
      expect(await cache.getOrLoad('EURUSD', load)).to.equal(1);
      await waitFor(async () => (await cache.get('EURUSD'))?.value === 2, { what: 'the refresh' });
    });

    it('leave a fresh value to callers that ask for less', async () => {
      const { manager } = await start({ caches: { rate: { refreshAfter: '10s', tiers: 'local' } } });
      const cache = manager.getCache('rate')!;
      await cache.getOrLoad('EURUSD', load);
      date.tick(11_000);
      isAway = true;
      expect(await cache.getOrLoad('EURUSD', load, { refreshAfter: 0 })).to.equal(1);
      expect(cache.statistics()).to.include({ localHits: 1, refreshes: 0, loads: 1 });
    });

    it('give a refresh up that takes too long, and try again later', async () => {
      const { manager, container } = await start({ caches: { rate: { refreshAfter: '10s', loadTimeout: 5 } } });
      const cache = manager.getCache('rate')!;
      const failed = told(container, 'refreshFailed');
      const { promise, open } = gate();
      let signal: AbortSignal | undefined;
      await cache.getOrLoad('EURUSD', load);
      date.tick(11_000);
      const hanging = cache.getOrLoad<number>('EURUSD', async (context) => {
        ({ signal } = context);
        await promise;
        return 99;
      });
      expect(await hanging).to.equal(1);
      await waitFor(() => signal !== undefined, { what: 'the refresh' });
      date.tick(6);
      await waitFor(() => failed.length === 1, { what: 'the end of its time' });
      expect(failed[0]?.error).to.be.instanceOf(CacheLoadTimeoutError);
      expect(signal?.aborted).to.equal(true);
      expect(await cache.getOrLoad('EURUSD', load)).to.equal(1);
      expect(cache.statistics(), 'not at once').to.include({ refreshes: 1, refreshFailures: 1 });
      date.tick(1_001);
      expect(await cache.getOrLoad('EURUSD', load)).to.equal(1);
      expect(cache.statistics().refreshes).to.equal(1);
      open(); // Its lease is free then.
      await waitFor(async () => (await cache.get('EURUSD'))?.value === 99, { what: 'its value after all' });
    });

    it('take a promise of `when` for a mistake', async () => {
      const when = (() => Promise.reject(new Error('No answer.'))) as unknown as () => boolean;
      const { manager, container } = await start({ caches: { rate: { ttl: '1m', staleIfError: { for: '1h', when } } } });
      const errors = told(container, 'error');
      const cache = manager.getCache('rate')!;
      await cache.getOrLoad('EURUSD', load);
      date.tick(61_000);
      isAway = true;
      expect(await cache.getOrLoad('EURUSD', load).catch((error: unknown) => error)).to.equal(AWAY);
      expect(errors.map(({ where }) => where)).to.deep.equal(["`staleIfError.when` of cache 'rate'"]);
      await turn();
    });
  });
});
