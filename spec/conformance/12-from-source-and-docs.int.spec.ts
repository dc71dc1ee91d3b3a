import { hitNow } from '../../lib/cache/index.js';
import { expect } from 'chai';
import { Container } from 'inversify';
import sinon from 'sinon';
import {
  Cacheable,
  CacheErrorHandler,
  CacheEvict,
  type CacheInvocation,
  CacheKeyError,
  type CacheManager,
  cachingModule,
  CachePut,
  Caching,
  FailOpenCacheErrorHandler,
  NoOpCacheManager,
  type TransactionAwareCacheManager,
  type ServiceLocator,
} from '../../lib/index.js';
import { cacheManagement } from '../../lib/management/index.js';
import { rejectionOf } from '../contract/rejection.js';
import { turn } from '../support/promises.js';
import { waitFor } from '../support/wait.js';
import { onEveryStore } from './stage.js';

describe('12. From source and docs', () => {
  onEveryStore((stage) => {
    let body: sinon.SinonSpy;

    beforeEach(() => {
      let counter = 0;
      body = sinon.fake(() => (counter += 1));
    });

    it('E1 the order on one call, whatever the stacking', async () => {
      const order: string[] = [];
      const note = (what: string): true => {
        order.push(what);
        return true;
      };
      /** Each operation, and how it tells that its turn has come. */
      const operations = {
        early: CacheEvict<(id: string) => Promise<number>>('primary', { beforeInvocation: true, condition: () => note('early evict') }),
        get: CacheableOf('testCache', 'look-up', note),
        put: CachePut<(id: string) => Promise<number>>('secondary', { unless: () => !note('put'), key: (id) => (note('put key'), id) }),
        late: CacheEvict<(id: string) => Promise<number>>('primary', { unless: () => !note('late evict') }),
      };
      class Downwards {
        @operations.early
        @operations.get
        @operations.put
        @operations.late
        async run(_id: string): Promise<number> {
          note('body');
          return body();
        }
      }
      class Upwards {
        @operations.late
        @operations.put
        @operations.get
        @operations.early
        async run(_id: string): Promise<number> {
          note('body');
          return body();
        }
      }
      const expected = ['early evict', 'look-up', 'body', 'store of the miss', 'put', 'put key', 'late evict'];
      for (const service of [stage.serve(Downwards), stage.serve(Upwards)]) {
        order.length = 0;
        await stage.cache('testCache').clear();
        await service.run('a');
        expect(order).to.deep.equal(expected);
      }
    });

    it('E1 look-ups end with the first hit, and those whose condition is false are left out', async () => {
      await stage.cache('testCache').put('a', 'skipped');
      await stage.cache('primary').put('a', 'hit');
      const last = sinon.spy(stage.cache('secondary'), 'getOrLoad');
      class Ordered {
        @Cacheable('testCache', { condition: () => false })
        @Cacheable(['primary', 'secondary'])
        async find(_id: string): Promise<unknown> {
          return body();
        }
      }
      expect(await stage.serve(Ordered).find('a')).to.equal('hit');
      expect([body.called, last.called]).to.deep.equal([false, false]);
    });

    it('E2 a hit in one of several caches does not fill the others, yet the local tier is refilled from below', async () => {
      class Several {
        @Cacheable(['primary', 'secondary'])
        async find(_id: string): Promise<unknown> {
          return body();
        }
      }
      await stage.cache('secondary').put('a', 'found');
      expect(await stage.serve(Several).find('a')).to.equal('found');
      expect(await stage.cache('primary').get('a')).to.equal(undefined);

      if (!stage.hasRemote || !stage.hasLocal) return;
      const there = (await stage.another({ namespace: stage.namespace })).manager.getCache('secondary')!;
      expect(await there.getOrLoad('a', () => 'loaded')).to.equal('found');
      expect(await hitNow(there, 'a'), 'in its local tier').to.equal('found');
    });

    it('E3 unless is not asked on a hit, condition once per operation and call', async () => {
      const condition = sinon.fake.returns(true);
      const unless = sinon.fake.returns(false);
      class Asked {
        @Cacheable(['primary', 'secondary'], { condition, unless })
        async find(_id: string): Promise<unknown> {
          return body();
        }
      }
      const asked = stage.serve(Asked);
      await asked.find('a');
      expect([condition.callCount, unless.callCount]).to.deep.equal([1, 1]);
      await asked.find('a');
      expect([condition.callCount, unless.callCount]).to.deep.equal([2, 1]);
    });

    it('E4 keys of look-ups are made before the body, those of puts and late evicts after it', async () => {
      interface Entity {
        id: string;
      }
      class Mutating {
        @Cacheable('testCache', { key: (entity) => entity.id })
        @CachePut('primary', { key: (entity) => entity.id })
        @CacheEvict('secondary', { key: (entity) => entity.id })
        async save(entity: Entity): Promise<string> {
          entity.id = 'after';
          return 'saved';
        }
      }
      for (const key of ['before', 'after']) await stage.cache('secondary').put(key, key);
      await stage.serve(Mutating).save({ id: 'before' });
      const held = async (name: string): Promise<boolean[]> =>
        (await stage.cache(name).getAll(['before', 'after'])).map((found) => found !== undefined);
      expect([await held('testCache'), await held('primary'), await held('secondary')]).to.deep.equal([
        [true, false],
        [false, true],
        [true, false],
      ]);
    });

    it('E5 a key of undefined is an error that names the operation, null is a key', async () => {
      class Keyless {
        @Cacheable('testCache', { key: (id) => id as string })
        async find(_id?: unknown): Promise<unknown> {
          return body();
        }
      }
      const keyless = stage.serve(Keyless);
      const error = (await rejectionOf(keyless.find())) as CacheKeyError;
      expect([error.code, error.message]).to.deep.equal([
        'CACHE_KEY_UNDEFINED',
        '`key` of @Cacheable on Keyless.find returned `undefined` for a key. ' +
          'Return `null` if nothing is a key of its own; else check that what the key is made of was passed.',
      ]);
      expect(body.called).to.equal(false);
      expect([await keyless.find(null), await keyless.find(null)]).to.deep.equal([1, 1]);
      expect(await stage.cache('testCache').get(null)).to.deep.equal({ value: 1 });
    });

    it('E6 early evictions are immediate, late ones may be deferred', async () => {
      class Evicting {
        @CacheEvict('testCache', { beforeInvocation: true })
        async early(_id: string): Promise<void> {}

        @CacheEvict('testCache', { beforeInvocation: true, allEntries: true })
        async earlyAll(): Promise<void> {}

        @CacheEvict('testCache')
        async late(_id: string): Promise<void> {}

        @CacheEvict('testCache', { allEntries: true })
        async lateAll(): Promise<void> {}
      }
      const evicting = stage.serve(Evicting);
      const cache = stage.cache('testCache');
      const asked: string[] = [];
      for (const verb of ['evictIfPresent', 'invalidate', 'evict', 'clear'] as const) {
        sinon.replace(cache, verb, (async () => asked.push(verb)) as never);
      }
      await evicting.early('a');
      await evicting.earlyAll();
      await evicting.late('a');
      await evicting.lateAll();
      expect(asked).to.deep.equal(['evictIfPresent', 'invalidate', 'evict', 'clear']);
    });

    it('E7 late evicts and puts are done before the await of the caller goes on; a rejection causes neither', async () => {
      const thrown = new Error('no');
      class Late {
        @CachePut('primary')
        @CacheEvict('testCache')
        async save(_id: string, fails: boolean): Promise<string> {
          if (fails) throw thrown;
          return 'saved';
        }
      }
      const late = stage.serve(Late);
      const keyed = ['a', true] as const;
      for (const [key, value] of [[keyed, 'old'], [['a', false], 'old']] as const) await stage.cache('testCache').put(key, value); // prettier-ignore
      expect(await rejectionOf(late.save('a', true))).to.equal(thrown);
      expect(await stage.cache('testCache').get(keyed)).to.deep.equal({ value: 'old' });
      expect(await stage.cache('primary').get(keyed)).to.equal(undefined);
      await late.save('a', false);
      const counts = [stage.cache('testCache').statistics().evictions, stage.cache('primary').statistics().puts];
      expect(counts, 'nothing of it is still to come').to.deep.equal([1, 1]);
      expect(await stage.cache('testCache').get(['a', false])).to.equal(undefined);
      expect(await stage.cache('primary').get(['a', false])).to.deep.equal({ value: 'saved' });
    });

    it('E8 self-invocation is intercepted; an object made with `new` runs uncached', async () => {
      class Self {
        @Cacheable('testCache')
        async find(_id: string): Promise<unknown> {
          return body();
        }

        async twice(id: string): Promise<unknown[]> {
          return [await this.find(id), await this.find(id)];
        }
      }
      expect(await stage.serve(Self).twice('a')).to.deep.equal([1, 1]);
      expect(await new Self().twice('a')).to.deep.equal([2, 3]);
    });

    it('E9 a call before anything was started is served, and starts what it needs', async () => {
      class Early {
        @Cacheable('testCache')
        async find(_id: string): Promise<unknown> {
          return body();
        }
      }
      const container = new Container();
      container.load(cachingModule({ namespace: `${stage.namespace}.early`, defaults: { tiers: stage.hasRemote ? 'both' : 'local' } }));
      container.bind(Early).toSelf().inSingletonScope();
      try {
        const early = container.get(Early);
        expect(await early.find('a')).to.equal(1);
        await waitFor(async () => (await early.find('a')) === (await early.find('a')), { what: 'the cache to serve' });
      } finally {
        await container.unbindAllAsync();
      }
      expect(await new Early().find('a'), 'outside of any container').to.equal(body.callCount);
    });

    for (const sync of [false, true]) {
      it(`E10 the error handler is never told of the body's own errors${sync ? ', with sync' : ''}`, async () => {
        const handler = sinon.createStubInstance(FailOpenCacheErrorHandler);
        stage.container.rebind(CacheErrorHandler).toConstantValue(handler);
        const thrown = new Error('the body');
        class Throwing {
          @Cacheable('testCache', { sync })
          async find(_id: string): Promise<never> {
            throw thrown;
          }

          @CachePut('testCache')
          @CacheEvict('primary', { allEntries: true })
          async save(_id: string): Promise<never> {
            throw thrown;
          }
        }
        const throwing = stage.serve(Throwing);
        expect([await rejectionOf(throwing.find('a')), await rejectionOf(throwing.save('a'))]).to.deep.equal([thrown, thrown]);
        for (const verb of ['Get', 'Put', 'Evict', 'Clear'] as const)
          expect(handler[`handleCache${verb}Error`].called, verb).to.equal(false);
      });
    }

    it('E11 a swallowed look-up failure is a call of the body, whose result is not stored', async () => {
      class Books {
        @Cacheable('testCache')
        async find(_id: string): Promise<unknown> {
          return body();
        }
      }
      const books = stage.serve(Books);
      await stage.breakRemote('read');
      expect([await books.find('a'), await books.find('a')]).to.deep.equal(stage.hasRemote ? [1, 2] : [1, 1]);
      await stage.mendRemote();
      expect(await stage.cache('testCache').get('a')).to.deep.equal(stage.hasRemote ? undefined : { value: 1 });
    });

    for (const sync of [false, true]) {
      it(`E12 concurrent calls share one run${sync ? ' with sync' : ' without sync too'}`, async () => {
        let finish!: (value: string) => void;
        body = sinon.fake.returns(new Promise<string>((resolve) => (finish = resolve)));
        class Books {
          @Cacheable('testCache', { sync })
          async find(_id: string): Promise<unknown> {
            return body();
          }
        }
        const books = stage.serve(Books);
        const calls = Array.from({ length: 10 }, () => books.find('a'));
        await waitFor(() => body.called, { what: 'the body to begin' });
        finish('once');
        expect(await Promise.all(calls)).to.deep.equal(Array(10).fill('once'));
        expect(body.callCount).to.equal(1);
      });
    }

    it('E13 a failed load is stored nowhere, reaches each who waited once, and is repeated for the next', async () => {
      const thrown = new Error('once');
      const failures = sinon.fake.rejects(thrown);
      const unhandled = sinon.fake();
      process.on('unhandledRejection', unhandled);
      try {
        let isTripped = true;
        class Books {
          @Cacheable('testCache')
          async find(_id: string): Promise<unknown> {
            return isTripped ? failures() : 'well';
          }
        }
        const books = stage.serve(Books);
        const outcomes = await Promise.all(Array.from({ length: 5 }, () => rejectionOf(books.find('a'))));
        expect(outcomes.every((outcome) => outcome === thrown)).to.equal(true);
        expect(failures.callCount).to.equal(1);
        expect(await stage.cache('testCache').get('a')).to.equal(undefined);
        isTripped = false;
        expect(await books.find('a')).to.equal('well');
        await turn();
        expect(unhandled.called, 'delivered, and nowhere else').to.equal(false);
      } finally {
        process.off('unhandledRejection', unhandled);
      }
    });

    describe('operating', () => {
      const ask = async (path: string, method = 'GET', source: ServiceLocator | CacheManager = stage.container): Promise<Response> =>
        cacheManagement(source, { allowWrites: true }).fetch(new Request(`http://localhost${path}`, { method }));
      /** The sample of one cache: `cache_puts_total`, with these labels besides. */
      const sample = async (name: string, labels: string, source?: ServiceLocator | CacheManager): Promise<number | undefined> => {
        const text = await (await ask('/metrics', 'GET', source)).text();
        const line = text
          .split('\n')
          .find((each) => each.startsWith(`${name}{`) && labels.split(' ').every((label) => each.includes(label)));
        return line === undefined ? undefined : Number(line.split(' ').at(-1));
      };

      it('E14 lists and clears caches over HTTP', async () => {
        await stage.cache('testCache').put('a', 1);
        await stage.cache('primary').put('a', 1);
        const { cacheManagers } = (await (await ask('/caches')).json()) as { cacheManagers: Record<string, { caches: object }> };
        expect(Object.values(cacheManagers).map(({ caches }) => Object.keys(caches))).to.deep.equal([
          ['testCache', 'primary', 'secondary'],
        ]);
        expect(((await (await ask('/caches/testCache')).json()) as { name: string }).name).to.equal('testCache');
        expect((await ask('/caches/unknown')).status).to.equal(404);
        expect((await ask('/caches/unknown', 'DELETE')).status).to.equal(404);
        expect(await stage.cache('testCache').get('a'), 'nothing is touched').to.deep.equal({ value: 1 });
        expect(stage.manager.cacheNames).to.not.include('unknown');
        expect((await ask('/caches/testCache', 'DELETE')).status).to.equal(204);
        expect([await stage.cache('testCache').get('a'), await stage.cache('primary').get('a')]).to.deep.equal([undefined, { value: 1 }]);
      });

      it('E15 measures plain caches and those of transactions, and does not fail for others', async () => {
        await stage.cache('testCache').put('a', 1);
        const plain = (stage.manager as TransactionAwareCacheManager).target;
        for (const source of [stage.container, plain]) {
          expect(await sample('cache_puts_total', 'cache="testCache"', source)).to.equal(1);
        }
        const nothing = new NoOpCacheManager();
        nothing.getCache('testCache');
        expect((await ask('/metrics', 'GET', nothing)).status).to.equal(200);
        expect(await sample('cache_puts_total', 'cache="testCache"', nothing)).to.equal(0);
      });

      it('E16 tells size, puts, and gets by result', async () => {
        const cache = stage.cache('testCache');
        await cache.getOrLoad('a', () => 1);
        await cache.get('a');
        await cache.get('none');
        await cache.put('b', 2);
        const gets = async (labels: string): Promise<number> => (await sample('cache_gets_total', `cache="testCache" ${labels}`)) ?? NaN;
        expect(await sample('cache_puts_total', 'cache="testCache"')).to.equal(1);
        expect([await gets('tier="local"'), await gets('tier="remote"'), await gets('result="miss"')]).to.deep.equal(
          stage.hasLocal ? [1, 0, 2] : [0, 1, 2],
        );
        expect(await sample('cache_size', 'cache="testCache"')).to.equal(cache.statistics().localSize);
      });

      it('E17 measures caches that are created after the start', async () => {
        expect(await sample('cache_puts_total', 'cache="later"')).to.equal(undefined);
        await stage.cache('later').put('a', 1);
        expect(await sample('cache_puts_total', 'cache="later"')).to.equal(1);
      });
    });

    it('J2 skipGet: the body always runs, and its result is stored', async () => {
      class Books {
        @CachePut('testCache')
        async refresh(_id: string): Promise<unknown> {
          return body();
        }
      }
      const books = stage.serve(Books);
      expect([await books.refresh('a'), await books.refresh('a')]).to.deep.equal([1, 2]);
      expect(await stage.cache('testCache').get('a')).to.deep.equal({ value: 2 });
    });

    it('J3 a key of some of the parameters', async () => {
      function first(this: CacheInvocation, id: string): string {
        return id;
      }
      class Books {
        @Caching({ cacheable: { cacheNames: 'testCache', key: first } })
        async find(_id: string, _trace: object): Promise<unknown> {
          return body();
        }
      }
      const books = stage.serve(Books);
      expect([await books.find('a', new Map()), await books.find('a', new Set())]).to.deep.equal([1, 1]);
    });

    it('J4 an eviction although the call failed, of whatever error', async () => {
      class Books {
        @CacheEvict('testCache', { beforeInvocation: true })
        async remove(_id: string): Promise<void> {
          throw new RangeError('row locked');
        }
      }
      await stage.cache('testCache').put('a', 'old');
      await rejectionOf(stage.serve(Books).remove('a'));
      expect(await stage.cache('testCache').get('a')).to.equal(undefined);
    });
  });
});

/** `@Cacheable` that tells when it looks up and when it stores. */
function CacheableOf(name: string, what: string, note: (what: string) => true) {
  return Cacheable<(id: string) => Promise<number>>(name, {
    condition: () => note(what),
    unless: () => !note('store of the miss'),
  });
}
