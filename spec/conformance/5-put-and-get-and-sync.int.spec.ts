import { expect } from 'chai';
import sinon from 'sinon';
import { type Cache, Cacheable, CacheConfig, CacheEvict, CachePut, CacheResolver, Caching } from '../../lib/index.js';
import { cacheErrorIn, cacheErrorOf } from '../contract/rejection.js';
import { onEveryKeptStore } from './stage.js';

const HINT = 'Leave `sync` out: loads of one key are shared without it.';

describe('5. Put and get on one method, sync rules', () => {
  onEveryKeptStore((stage) => {
    let counter: number;

    beforeEach(() => (counter = 0));

    it('76 mutualGetPutExclusion', async () => {
      class Simple {
        @Cacheable('testCache', { key: () => 'one', condition: (flag) => flag })
        @CachePut('testCache', { key: () => 'one', condition: (flag) => !flag })
        async getOrPut(_flag: boolean): Promise<number> {
          return (counter += 1);
        }
      }
      const service = stage.serve(Simple);
      expect([await service.getOrPut(true), await service.getOrPut(true)]).to.deep.equal([1, 1]);
      expect([await service.getOrPut(false), await service.getOrPut(false)]).to.deep.equal([2, 3]);
      expect(await service.getOrPut(true)).to.equal(3);
      expect(counter).to.equal(3);
    });

    it('77 getAndPut', async () => {
      class Simple {
        @Cacheable('testCache')
        @CachePut('testCache', { resultKey: (result) => result + 100, unless: (result) => result === 0 })
        async getAndPut(_id: number): Promise<number> {
          return (counter += 1);
        }
      }
      const service = stage.serve(Simple);
      expect([await service.getAndPut(0), await service.getAndPut(0)], 'the body runs on a hit too').to.deep.equal([1, 2]);
      const held = await Promise.all([0, 101, 102].map((key) => stage.cache('testCache').get(key)));
      expect(held, 'the entry that hit is not refreshed').to.deep.equal([{ value: 1 }, { value: 1 }, { value: 2 }]);
    });

    it('80 severalCachesWithResolvedSync', async () => {
      class Both extends CacheResolver {
        override resolveCaches(): Cache[] {
          return [stage.cache('primary'), stage.cache('secondary')];
        }
      }
      stage.container.bind('both').to(Both);
      const body = sinon.fake();
      class Simple {
        @Cacheable({ sync: true, cacheResolver: 'both' })
        async sync(id: number): Promise<void> {
          body(id);
        }
      }
      const error = await cacheErrorOf(stage.serve(Simple).sync(1));
      expect([error.code, error.message]).to.deep.equal([
        'CACHE_OPERATION_INVALID',
        `Invalid caching of Simple.sync: @Cacheable with \`sync: true\` takes one cache, Both chose 2. ${HINT}`,
      ]);
      expect(body.called).to.equal(false);
    });
  });

  // What is wrong before there is a container is wrong over every store.
  const refusal = (decorate: () => unknown): readonly [string, string] => {
    const { code, message } = cacheErrorIn(decorate);
    return [code, message];
  };

  it('78 unlessSync', () => {
    const decorate = (): unknown => {
      class Simple {
        // @ts-expect-error -- here it does not compile either
        @Cacheable('testCache', { sync: true, unless: (result) => result === 10 })
        async sync(_id: number): Promise<number> {
          return 1;
        }
      }
      return Simple;
    };
    expect(refusal(decorate)).to.deep.equal([
      'CACHE_OPERATION_INVALID',
      'Invalid @Cacheable on Simple.sync: `sync` and `unless` cannot both be set. What is loaded under `sync` is always stored.',
    ]);
  });

  it('79 severalCachesSync', () => {
    const decorate = (): unknown => {
      class Simple {
        @Cacheable(['a', 'b'], { sync: true })
        async sync(): Promise<void> {}
      }
      return Simple;
    };
    const expected = [
      'CACHE_OPERATION_INVALID',
      `Invalid caching of Simple.sync: @Cacheable with \`sync: true\` takes one cache, got 'a', 'b'. Name one cache, or ${HINT[0]!.toLowerCase()}${HINT.slice(1)}`,
    ];
    expect(refusal(decorate)).to.deep.equal(expected);
    const onClass = (): unknown => {
      @CacheConfig({ cacheNames: ['a', 'b'] })
      class Simple {
        @Cacheable({ sync: true })
        async sync(): Promise<void> {}
      }
      return Simple;
    };
    expect(refusal(onClass)).to.deep.equal(expected);
  });

  it('81 syncWithAnotherOperation', () => {
    for (const [other, label] of [
      [CacheEvict('a'), '@CacheEvict'],
      [CachePut('a'), '@CachePut'],
    ] as const) {
      const decorate = (): unknown => {
        class Simple {
          @Cacheable('a', { sync: true })
          @other
          async sync(): Promise<void> {}
        }
        return Simple;
      };
      expect(refusal(decorate)).to.deep.equal([
        'CACHE_OPERATION_INVALID',
        `Invalid caching of Simple.sync: @Cacheable with \`sync: true\` must be its only cache operation, found also ${label}. ${HINT}`,
      ]);
    }
  });

  it('82 syncWithTwoGetOperations', () => {
    const decorate = (): unknown => {
      class Simple {
        @Caching({
          cacheable: [
            { cacheNames: 'a', sync: true },
            { cacheNames: 'b', sync: true },
          ],
        })
        async sync(): Promise<void> {}
      }
      return Simple;
    };
    expect(refusal(decorate)).to.deep.equal([
      'CACHE_OPERATION_INVALID',
      `Invalid caching of Simple.sync: @Cacheable with \`sync: true\` must be its only cache operation, found also @Cacheable. ${HINT}`,
    ]);
  });
});
