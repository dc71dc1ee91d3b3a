import { expect } from 'chai';
import sinon from 'sinon';
import {
  type Cache,
  Cacheable,
  CacheErrorHandler,
  CachePut,
  type LoadOptions,
  LoggingCacheErrorHandler,
  RemoteCacheError,
  SimpleCacheErrorHandler,
} from '../../lib/index.js';
import { rejectionOf } from '../contract/rejection.js';
import { onEveryStore } from './stage.js';

/** A line of the log without its reason, which differs from store to store. */
const withoutReason = (line: string): string => /^(Cache '\w+' failed to [^:]+): \S/.exec(line)?.[1] ?? line;

describe('4. Asynchronous look-up', () => {
  onEveryStore((stage) => {
    let body: sinon.SinonSpy;
    let cache: Cache;

    class Reactive {
      @Cacheable('testCache')
      async cached(id: number): Promise<unknown> {
        return body(id);
      }

      @Cacheable('testCache', { sync: true })
      async cachedSync(id: number): Promise<unknown> {
        return body(id);
      }

      @CachePut('testCache')
      async put(id: number): Promise<unknown> {
        return body(id);
      }
    }

    beforeEach(() => {
      let counter = 0;
      body = sinon.fake(() => (counter += 1));
      cache = stage.cache('testCache');
    });

    for (const method of ['cached', 'cachedSync'] as const) {
      it(`69 cacheHitDetermination: ${method}`, async () => {
        const service = stage.serve(Reactive);
        for (let i = 0; i < 3; i += 1) expect(await service[method](1)).to.equal(1);
        expect(await service[method](2)).to.equal(2);
        expect(body.callCount).to.equal(2);
      });

      it(`70 cacheHitDetermination: ${method}`, async () => {
        const service = stage.serve(Reactive);
        const put = sinon.spy(cache, 'put');
        for (let i = 0; i < 3; i += 1) await service[method](1);
        const { loads, fills, refusedFills, puts } = cache.statistics();
        expect([loads, fills, refusedFills, puts]).to.deep.equal([1, stage.hasRemote ? 1 : 0, 0, 0]);
        expect(put.called, 'a load stores by itself').to.equal(false);
        expect(await cache.get(1)).to.deep.equal({ value: 1 });
      });

      it(`72 fluxCacheDoesntDependOnFirstRequest: ${method}`, async () => {
        let finish!: (value: string) => void;
        body = sinon.fake.returns(new Promise((resolve) => (finish = resolve)));
        const service = stage.serve(Reactive);
        const impatient = new AbortController();
        const first = Promise.race([
          service[method](1),
          new Promise((_resolve, reject) => impatient.signal.addEventListener('abort', () => reject(impatient.signal.reason))),
        ]);
        const second = service[method](1);
        impatient.abort(new Error('cannot wait'));
        expect(((await rejectionOf(first)) as Error).message).to.equal('cannot wait');
        const third = service[method](1);
        // The body may only now have begun, behind the look-up.
        const begun = new Promise<void>((resolve) => {
          const look = (): void => (body.called ? resolve() : void setImmediate(look));
          look();
        });
        await begun;
        finish('whole');
        expect([await second, await third, await service[method](1)]).to.deep.equal(['whole', 'whole', 'whole']);
        expect(body.callCount).to.equal(1);
      });
    }

    const failing = (errors: CacheErrorHandler): Reactive => {
      stage.container.rebind(CacheErrorHandler).toConstantValue(errors);
      return stage.serve(Reactive);
    };

    for (const [method, name] of [
      ['cached', '73 cacheErrorHandlerWithSimpleCacheErrorHandler'],
      ['cachedSync', '73 cacheErrorHandlerWithSimpleCacheErrorHandlerAndSync'],
    ] as const) {
      it(name, async () => {
        const failure = new Error('the store');
        const service = failing(new SimpleCacheErrorHandler());
        await service[method](1);
        for (const store of [
          async (_key: unknown, _loader: unknown, options?: LoadOptions<unknown>) => options?.onError?.('get', failure),
          (): never => {
            throw failure;
          },
        ]) {
          const stub = sinon.stub(cache, 'getOrLoad').callsFake(store);
          const promise = service[method](2);
          expect(promise, 'a rejection, not a throw').to.be.instanceOf(Promise);
          expect(await rejectionOf(promise)).to.equal(failure);
          stub.restore();
        }
        expect(body.callCount).to.equal(1);
      });

      it(`${name}: the server's own error`, async () => {
        const service = failing(new SimpleCacheErrorHandler());
        await stage.breakRemote('read');
        if (!stage.hasRemote) return expect(await service[method](1)).to.equal(1);
        const error = (await rejectionOf(service[method](1))) as RemoteCacheError;
        if (stage.onRedis) {
          expect(error).to.be.instanceOf(RemoteCacheError);
          expect(String(error.cause)).to.match(/NOPERM/);
        } else {
          expect(error.message).to.equal('shared memory refused');
        }
        expect(body.called).to.equal(false);
      });
    }

    for (const [method, name, failed] of [
      [
        'cached',
        '74 cacheErrorHandlerWithLoggingCacheErrorHandler',
        '75 cacheErrorHandlerWithLoggingCacheErrorHandlerAndOperationException',
      ],
      [
        'cachedSync',
        '74 cacheErrorHandlerWithLoggingCacheErrorHandlerAndSync',
        '75 cacheErrorHandlerWithLoggingCacheErrorHandlerAndOperationExceptionAndSync',
      ],
    ] as const) {
      it(name, async () => {
        const lines: string[] = [];
        const service = failing(new LoggingCacheErrorHandler({ log: (line) => lines.push(line) }));
        await stage.breakRemote('read');
        const values = [await service[method](1), await service[method](1), await service[method](1)];
        expect(values, 'bypassed: one run per call').to.deep.equal(stage.hasRemote ? [1, 2, 3] : [1, 1, 1]);
        const line = "Cache 'testCache' failed to get entry with key '~1'";
        expect(lines.map(withoutReason)).to.deep.equal(stage.hasRemote ? [line, line, line] : []);
      });

      it(failed, async () => {
        const business = new RangeError('no such row');
        body = sinon.fake.rejects(business);
        const lines: string[] = [];
        const service = failing(new LoggingCacheErrorHandler({ log: (line) => lines.push(line) }));
        expect(await rejectionOf(service[method](1))).to.equal(business);
        expect([body.callCount, lines]).to.deep.equal([1, []]);
        await stage.breakRemote('read');
        expect(await rejectionOf(service[method](1))).to.equal(business);
        expect(body.callCount, 'not run again').to.equal(2);
        expect(lines.map(withoutReason)).to.deep.equal(stage.hasRemote ? ["Cache 'testCache' failed to get entry with key '~1'"] : []);
      });
    }
  });
});
