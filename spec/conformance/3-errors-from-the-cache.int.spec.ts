import { expect } from 'chai';
import sinon, { type SinonStubbedInstance } from 'sinon';
import {
  type Cache,
  Cacheable,
  CacheErrorHandler,
  CacheEvict,
  CacheEvictError,
  CachePut,
  FailOpenCacheErrorHandler,
  LoggingCacheErrorHandler,
  RemoteCacheError,
  SimpleCacheErrorHandler,
  UNLIMITED,
} from '../../lib/index.js';
import { rejectionOf } from '../contract/rejection.js';
import { waitFor } from '../support/wait.js';
import { onEveryStore } from './stage.js';

describe('3. Errors from the cache itself', () => {
  onEveryStore(
    (stage) => {
      let body: sinon.SinonSpy;
      let handler: SinonStubbedInstance<FailOpenCacheErrorHandler>;
      let cache: Cache;

      class Simple {
        @Cacheable('testCache')
        async get(id: number): Promise<unknown> {
          return body('get', id);
        }

        @Cacheable('testCache', { sync: true })
        async getSync(id: number): Promise<unknown> {
          return body('getSync', id);
        }

        @CachePut('testCache')
        async put(id: number): Promise<unknown> {
          return body('put', id);
        }

        @CacheEvict('testCache')
        async evict(id: number): Promise<unknown> {
          return body('evict', id);
        }

        @CacheEvict('testCache', { allEntries: true })
        async clear(): Promise<unknown> {
          return body('clear', 0);
        }
      }

      beforeEach(() => {
        let counter = 0;
        body = sinon.fake(() => (counter += 1));
        cache = stage.cache('testCache');
        handler = sinon.createStubInstance(FailOpenCacheErrorHandler);
      });

      /** The service under an error handler: a stub that survives everything, unless told otherwise. */
      const serve = (errors: CacheErrorHandler = handler): Simple => {
        stage.container.rebind(CacheErrorHandler).toConstantValue(errors);
        return stage.serve(Simple);
      };

      /** What a failed write looks like: not even the eviction that makes up for it was acknowledged. */
      const expectUnacknowledged = (error: unknown): void => {
        expect(error).to.be.instanceOf(CacheEvictError);
      };

      for (const verb of ['get', 'getSync'] as const) {
        const name = verb === 'get' ? '55 getFail' : '56 getSyncFail';

        it(name, async () => {
          const service = serve();
          await stage.breakRemote('read');
          expect(await service[verb](0)).to.equal(1);
          if (stage.hasRemote) {
            expect(handler.handleCacheGetError.callCount).to.equal(1);
            const [error, failed, key] = handler.handleCacheGetError.firstCall.args as unknown as [unknown, Cache, unknown];
            expect(error).to.be.instanceOf(stage.onRedis ? RemoteCacheError : Error);
            expect([failed, key]).to.deep.equal([cache, 0]);
            expect(handler.handleCachePutError.called).to.equal(false);
            await stage.mendRemote();
            expect(await cache.get(0), 'what was loaded without a lease is not stored').to.equal(undefined);
          } else {
            expect(handler.handleCacheGetError.called, 'a Map cannot fail to be read').to.equal(false);
            expect(await cache.get(0)).to.deep.equal({ value: 1 });
          }
        });
      }

      it('57 getCompletableFutureFail', async () => {
        const service = serve();
        const failure = new Error('the store');
        const failing = sinon.stub(cache, 'getOrLoad').callsFake(async (_key, loader, options) => {
          options?.onError?.('get', failure);
          return loader(UNLIMITED);
        });
        expect(await service.get(0), 'its promise rejects').to.equal(1);
        expect(handler.handleCacheGetError.args).to.deep.equal([[failure, cache, 0]]);
        failing.restore();
        sinon.stub(cache as unknown as { hitNow(): unknown }, 'hitNow').throws(failure);
        expect(await service.get(0), 'it throws at once').to.equal(2);
      });

      it('58 getAndPutFail', async () => {
        const service = serve();
        await stage.breakRemote('read', 'write');
        expect([await service.get(0), await service.get(0)]).to.deep.equal(stage.hasLocal && !stage.hasRemote ? [1, 1] : [1, 2]);
        await stage.mendRemote();
        const next = await service.get(0);
        expect([await service.get(0), await service.get(0)], 'hits again').to.deep.equal([next, next]);
      });

      it('59 getFailProperException', async () => {
        const strict = serve(new SimpleCacheErrorHandler());
        await stage.breakRemote('read');
        if (stage.hasRemote) {
          expect(await rejectionOf(strict.get(0))).to.be.instanceOf(stage.onRedis ? RemoteCacheError : Error);
          expect(body.called, 'the body is not run').to.equal(false);
        } else {
          expect(await strict.get(0)).to.equal(1);
        }
      });

      it('59 getFailProperException: and our default, which survives it', async () => {
        const service = stage.serve(Simple);
        await stage.breakRemote('read');
        expect(await service.get(0)).to.equal(1);
        expect(body.callCount).to.equal(1);
      });

      it('60 putFail', async () => {
        const service = serve();
        await stage.breakRemote('write');
        expect(await service.put(0)).to.equal(1);
        expect(handler.handleCachePutError.callCount).to.equal(1);
        const [error, failed, key, value] = handler.handleCachePutError.firstCall.args as unknown as unknown[];
        expectUnacknowledged(error);
        expect([failed, key, value]).to.deep.equal([cache, 0, 1]);
      });

      it('61 putFailProperException', async () => {
        const service = serve(new SimpleCacheErrorHandler());
        await stage.breakRemote('write');
        const error = (await rejectionOf(service.put(0))) as CacheEvictError;
        expectUnacknowledged(error);
        expect(body.callCount, 'the body succeeded').to.equal(1);
        expect(error.result).to.equal(1);
      });

      it('62 evictFail', async () => {
        const service = serve();
        await stage.breakRemote('write');
        expect(await service.evict(0)).to.equal(1);
        expect(handler.handleCacheEvictError.callCount).to.equal(1);
        const [error, failed, key] = handler.handleCacheEvictError.firstCall.args as unknown as unknown[];
        expectUnacknowledged(error);
        expect([failed, key]).to.deep.equal([cache, 0]);
      });

      for (const [name, errors] of [
        ['SimpleCacheErrorHandler', () => new SimpleCacheErrorHandler()],
        ['our default', () => new FailOpenCacheErrorHandler()],
      ] as const) {
        it(`63 evictFailProperException: ${name}`, async () => {
          const service = serve(errors());
          await cache.put(0, 'old');
          await stage.breakRemote('write');
          const error = (await rejectionOf(service.evict(0))) as CacheEvictError;
          expectUnacknowledged(error);
          expect([error.code, error.result, error.cacheName]).to.deep.equal(['CACHE_EVICT_UNACKNOWLEDGED', 1, 'testCache']);
          expect(error.message.replace(/ within (1?\d?\d|200) ms/, '')).to.equal(
            "Redis did not acknowledge evicting key '~0' in cache 'testCache'. What the method did stands. " +
              'The eviction is retried in the background; other instances may serve the old value until it succeeds.',
          );
          expect(await cache.get(0), 'meanwhile it is served from neither tier').to.equal(undefined);
          const recovered = new Promise((resolve) => stage.events.on('evictRecovered', resolve));
          await stage.mendRemote();
          await recovered;
          expect(await cache.get(0)).to.equal(undefined);
          expect(await service.get(0)).to.equal(2);
        });

        it(`65 clearFailProperException: ${name}`, async () => {
          const service = serve(errors());
          await cache.put(0, 'old');
          await stage.breakRemote('write');
          const error = (await rejectionOf(service.clear())) as CacheEvictError;
          expectUnacknowledged(error);
          expect(error.result).to.equal(1);
          expect(await cache.get(0)).to.equal(undefined);
          const recovered = new Promise((resolve) => stage.events.on('evictRecovered', resolve));
          await stage.mendRemote();
          await recovered;
          expect(await cache.get(0)).to.equal(undefined);
        });
      }

      it('64 clearFail', async () => {
        const service = serve();
        await stage.breakRemote('write');
        expect(await service.clear()).to.equal(1);
        expect(handler.handleCacheClearError.callCount).to.equal(1);
        const [error, failed] = handler.handleCacheClearError.firstCall.args as unknown as unknown[];
        expectUnacknowledged(error);
        expect(failed).to.equal(cache);
      });

      describe(LoggingCacheErrorHandler.name, () => {
        let lines: unknown[][];
        const logging = (options = {}): LoggingCacheErrorHandler =>
          new LoggingCacheErrorHandler({ log: (...line) => void lines.push(line), ...options });

        beforeEach(() => (lines = []));

        /** The lines without their reasons, which differ from store to store. */
        const told = (): unknown[][] =>
          lines.map(([line, ...more]) => [/^(Cache '\w+' failed to [^:]+): \S/.exec(String(line))?.[1] ?? line, ...more]);

        it('66 handleGetCacheErrorLogsAppropriateMessage, handlePutCacheErrorLogsAppropriateMessage, handleEvictCacheErrorLogsAppropriateMessage, handleClearErrorLogsAppropriateMessage', async () => {
          const service = serve(logging());
          await stage.breakRemote('read', 'write');
          await service.get(0);
          await rejectionOf(service.put(1));
          await rejectionOf(service.evict(2));
          await rejectionOf(service.clear());
          const expected = [
            ["Cache 'testCache' failed to put entry with key '~1'"],
            ["Cache 'testCache' failed to evict entry with key '~2'"],
            ["Cache 'testCache' failed to clear entries"],
          ];
          expect(told()).to.deep.equal(stage.hasRemote ? [["Cache 'testCache' failed to get entry with key '~0'"], ...expected] : expected);
        });

        it('66 handleEvictCacheErrorLogsAppropriateMessage: without keys', async () => {
          const service = serve(logging({ keys: false }));
          await stage.breakRemote('write');
          await rejectionOf(service.evict(2));
          expect(told()).to.deep.equal([["Cache 'testCache' failed to evict entry"]]);
          expect(lines[0]![0]).to.not.include("'~2'");
        });

        it('67 handleGetCacheErrorWithStackTraceLoggingEnabled', async () => {
          const service = serve(logging({ stackTraces: true }));
          await stage.breakRemote('write');
          const error = (await rejectionOf(service.clear())) as CacheEvictError;
          expect(lines).to.have.length(1);
          const [line, logged] = told()[0] as [string, CacheEvictError];
          expect(line).to.equal("Cache 'testCache' failed to clear entries");
          expect(logged).to.be.instanceOf(CacheEvictError);
          expect([logged.message, logged.cause]).to.deep.equal([error.message, error.cause]);
        });

        it('68 constructorWithLoggerName', async () => {
          const own: string[] = [];
          const service = serve(new LoggingCacheErrorHandler({ log: (line) => void own.push(`[books.cache] ${line}`) }));
          await stage.breakRemote('write');
          await rejectionOf(service.clear());
          expect(own).to.have.length(1);
          expect(own[0]).to.match(/^\[books\.cache\] Cache 'testCache' failed to clear entries: \S/);
        });
      });

      it('58 getAndPutFail: the failed eviction of a put is made up for', async () => {
        const service = serve();
        await cache.put(0, 'old');
        await stage.breakRemote('write');
        await service.put(0);
        expect(await cache.get(0), 'the old value is not served any more').to.equal(undefined);
        await stage.mendRemote();
        await waitFor(async () => (await service.get(0)) === (await service.get(0)), { what: 'the cache to store again' });
      });
    },
    { timeout: '100ms', deadline: '200ms', bound: '60s', connectTimeout: '30s' },
  );
});
