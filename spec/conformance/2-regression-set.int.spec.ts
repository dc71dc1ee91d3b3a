import { expect } from 'chai';
import sinon from 'sinon';
import {
  type Cache,
  Cacheable,
  CacheConfigurationError,
  CacheEvict,
  CachePut,
  CacheManager,
  type CacheOperationContext,
  CacheResolver,
  Caching,
} from '../../lib/index.js';
import { sharedRedis } from '../support/shared-redis.js';
import { cacheErrorIn, rejectionOf } from '../contract/rejection.js';
import { onEveryStore } from './stage.js';

/** No heartbeat falls into a behaviour that counts commands. */
const HEARTLESS = { bound: '60s' } as const;

describe('2. Regression set', () => {
  onEveryStore((stage) => {
    it('39 spr11124MultipleAnnotations', async () => {
      const bodies: string[] = [];
      class Spr11124 {
        @Cacheable('secondary')
        async single(id: number): Promise<number[]> {
          bodies.push(`single ${id}`);
          return [id];
        }

        @Caching({
          cacheable: [
            { cacheNames: 'primary', unless: (result: number[]) => result.length < 4 },
            { cacheNames: 'secondary', unless: (result: number[]) => result.length > 3 },
          ],
        })
        async multiple(id: number): Promise<number[]> {
          bodies.push(`multiple ${id}`);
          return Array.from({ length: id }, () => id);
        }
      }
      const service = stage.serve(Spr11124);
      await service.single(2);
      await service.single(2);
      expect(await service.multiple(2), 'a hit in the second cache is enough').to.deep.equal([2]);
      for (const id of [3, 3, 4, 4]) expect(await service.multiple(id)).to.have.length(id);
      expect(bodies).to.deep.equal(['single 2', 'multiple 3', 'multiple 4']);
      const held = (cache: string) => Promise.all([2, 3, 4].map(async (id) => (await stage.cache(cache).get(id)) !== undefined));
      expect([await held('primary'), await held('secondary')]).to.deep.equal([
        [false, false, true],
        [true, true, false],
      ]);
    });

    it('40 spr11249PrimitiveVarargs', async () => {
      const body = sinon.fake((name: string, ...ids: number[]) => [name, ids.length]);
      class Spr11249 {
        @Cacheable('testCache')
        async doSomething(name: string, ...ids: number[]): Promise<unknown> {
          return body(name, ...ids);
        }
      }
      const service = stage.serve(Spr11249);
      expect(await service.doSomething('op', 2, 3)).to.deep.equal(['op', 2]);
      expect(await service.doSomething('op', 2, 3)).to.deep.equal(['op', 2]);
      expect(body.callCount).to.equal(1);
      for (const ids of [[2], [3, 2], [2, 3, 3]]) await service.doSomething('op', ...ids);
      expect(body.callCount, 'other values are other keys').to.equal(4);
    });

    it('41 spr11592GetSimple', async () => {
      class Spr11592 {
        @Cacheable('testCache')
        async getSimple(_key: string): Promise<number> {
          return 1;
        }
      }
      const service = stage.serve(Spr11592);
      await service.getSimple('warms the plan');
      const cache = stage.cache('testCache');
      const spies = ['hitNow', 'get', 'getOrLoad', 'getAll'].map((verb) => sinon.spy(cache, verb as 'get'));
      const asked = (): number[] => spies.map((spy) => spy.callCount);
      const reads = (): number => {
        const { localHits, remoteHits, misses } = cache.statistics();
        return localHits + remoteHits + misses;
      };
      const commands = async (): Promise<[gets: number, scripts: number]> => {
        const { get = 0, evalsha = 0 } = stage.onRedis ? await (await sharedRedis()).commandCalls() : {};
        return [get, evalsha];
      };

      const before = { reads: reads(), commands: await commands() };
      await service.getSimple('a');
      expect(asked(), 'a glance at the local tier, then one look-up').to.deep.equal([1, 0, 1, 0]);
      expect(reads() - before.reads, 'counted once').to.equal(1);
      const [, scripts] = await commands();
      expect(scripts - before.commands[1], 'one to get the right to fill, one to fill').to.equal(stage.onRedis && stage.hasRemote ? 2 : 0);

      const between = { reads: reads(), commands: await commands() };
      await service.getSimple('a');
      expect(asked(), 'on a hit the glance is all, where there is a local tier').to.deep.equal(
        stage.hasLocal ? [2, 0, 1, 0] : [2, 0, 2, 0],
      );
      expect(reads() - between.reads).to.equal(1);
      const after = await commands();
      expect([after[0] - between.commands[0], after[1] - between.commands[1]], 'one round trip at most').to.deep.equal([
        stage.hasLocal ? 0 : 1,
        0,
      ]);
    });

    it('42 spr11592GetNeverCache', async () => {
      const body = sinon.fake.resolves(1);
      class Spr11592 {
        @Cacheable('testCache', { condition: () => false })
        async getNeverCache(key: string): Promise<unknown> {
          return body(key);
        }
      }
      const service = stage.serve(Spr11592);
      const cache = stage.cache('testCache');
      const spies = ['hitNow', 'get', 'getOrLoad', 'getAll', 'put', 'putIfAbsent'].map((verb) => sinon.spy(cache, verb as 'get'));
      await service.getNeverCache('a');
      await service.getNeverCache('a');
      expect(body.callCount).to.equal(2);
      expect(spies.map((spy) => spy.callCount)).to.deep.equal([0, 0, 0, 0, 0, 0]);
    });

    it('43 spr13081ConfigNoCacheNameIsRequired', async () => {
      class NamedByArgument extends CacheResolver {
        override resolveCaches({ args }: CacheOperationContext): Cache[] {
          return [stage.cache(String(args[0]))];
        }
      }
      stage.container.rebind(CacheResolver).toConstantValue(new NamedByArgument());
      class Spr13081 {
        @Cacheable()
        async getSimple(cacheName: string): Promise<string> {
          return `of ${cacheName}`;
        }
      }
      await stage.serve(Spr13081).getSimple('secondary');
      expect(await stage.cache('secondary').get('secondary')).to.deep.equal({ value: 'of secondary' });
      expect(await stage.cache('testCache').get('secondary')).to.equal(undefined);
    });

    it('44 spr13081ConfigFailIfCacheResolverReturnsNullCacheName', async () => {
      class Undecided extends CacheResolver {
        override resolveCaches(): Cache[] {
          return [];
        }
      }
      stage.container.rebind(CacheResolver).toConstantValue(new Undecided());
      const body = sinon.fake.resolves(1);
      class Spr13081 {
        @Cacheable()
        async getSimple(name: string): Promise<unknown> {
          return body(name);
        }
      }
      const error = (await rejectionOf(stage.serve(Spr13081).getSimple('a'))) as CacheConfigurationError;
      expect([error.code, error.message]).to.deep.equal([
        'CACHE_NAME_MISSING',
        'No cache for @Cacheable on Spr13081.getSimple: Undecided chose none. ' +
          'Give `cacheNames` to the decorator or to @CacheConfig on the class, or a `cacheResolver`.',
      ]);
      expect(body.called).to.equal(false);
    });

    interface Item {
      readonly name: string;
    }

    /** The fixture of Spring's promise tests: an item, an absent one, a put, and a clear that may find nothing to do. */
    for (const sync of [false, true]) {
      const how = sync ? '51 spr14235AdaptsToCompletableFutureWithSync: ' : '';
      const of = (number: number, name: string): string => (sync ? `${how}${number}` : `${number} ${name}`);

      describe(`promises${sync ? ' with sync' : ''}`, () => {
        let bodies: string[];
        let present: boolean;

        class Spr14235 {
          @Cacheable('testCache', { sync })
          findById(id: string): Promise<Item | null> {
            bodies.push(id);
            return present ? Promise.resolve({ name: id }) : Promise.resolve(null);
          }

          @CachePut('testCache', { key: ({ name }) => name })
          insertItem(item: Item): Promise<Item> {
            bodies.push('insertItem');
            return Promise.resolve(item);
          }
        }

        let service: Spr14235;

        beforeEach(() => {
          bodies = [];
          present = true;
          service = stage.serve(Spr14235);
        });

        it(of(46, 'spr14235AdaptsToCompletableFuture'), async () => {
          const promise = service.findById('tb1');
          expect(promise).to.be.instanceOf(Promise);
          const tb1 = await promise;
          expect(await service.findById('tb1')).to.deep.equal(tb1);
          expect(await stage.cache('testCache').get('tb1'), 'the value, not the promise').to.deep.equal({ value: { name: 'tb1' } });
          expect(bodies).to.deep.equal(['tb1']);
        });

        it(of(49, 'spr14235AdaptsToCompletableFuture'), async () => {
          const stored = service.insertItem({ name: 'tb1' }).then(() => stage.cache('testCache').get('tb1'));
          expect(await stored, "before the caller's await goes on").to.deep.equal({ value: { name: 'tb1' } });
          expect(await service.findById('tb1')).to.deep.equal({ name: 'tb1' });
          expect(bodies).to.deep.equal(['insertItem']);
        });

        it(of(50, 'spr14235AdaptsToCompletableFuture'), async () => {
          present = false;
          expect([await service.findById('none'), await service.findById('none')]).to.deep.equal([null, null]);
          expect(await stage.cache('testCache').get('none')).to.deep.equal({ value: null });
          expect(bodies).to.deep.equal(['none']);
        });
      });
    }

    it('47 spr14235AdaptsToCompletableFuture', async () => {
      const seen: unknown[] = [];
      class Spr14235 {
        @Cacheable('testCache', { unless: (result, id) => (seen.push(result), id === 'tb2') })
        async findById(id: string): Promise<Item> {
          return { name: id };
        }
      }
      const service = stage.serve(Spr14235);
      await service.findById('tb1');
      await service.findById('tb2');
      expect(seen, 'the resolved value').to.deep.equal([{ name: 'tb1' }, { name: 'tb2' }]);
      expect(await stage.cache('testCache').get('tb1')).to.deep.equal({ value: { name: 'tb1' } });
      expect(await stage.cache('testCache').get('tb2')).to.equal(undefined);
    });

    it('48 spr14235AdaptsToCompletableFuture', async () => {
      class Spr14235 {
        @CacheEvict('testCache', { allEntries: true, unless: (result) => result === 0 })
        async clear(rows: number): Promise<number> {
          return rows;
        }
      }
      const service = stage.serve(Spr14235);
      await stage.cache('testCache').put('tb1', 1);
      await service.clear(0);
      expect(await stage.cache('testCache').get('tb1')).to.deep.equal({ value: 1 });
      const left = service.clear(7).then(() => stage.cache('testCache').get('tb1'));
      expect(await left, 'done by the time the promise resolves').to.equal(undefined);
    });

    it('53 spr14235AdaptsToReactorFlux, spr14235AdaptsToReactorFluxWithSync', async () => {
      const refused = cacheErrorIn(() => {
        class Flux {
          // @ts-expect-error -- refused by the compiler as well: it returns no promise.
          @Cacheable('testCache')
          async *items(): AsyncGenerator<number> {
            yield 1;
          }
        }
        return Flux;
      });
      expect([refused.code, refused.message]).to.deep.equal([
        'CACHE_OPERATION_INVALID',
        'Invalid caching of Flux.items: it is an async generator, whose result can be read only once. ' +
          'Collect the items into an array and return a promise of it.',
      ]);
      class Iterators {
        @Cacheable('testCache')
        async items(): Promise<Iterable<number>> {
          return [1, 2][Symbol.iterator]();
        }

        @Cacheable('testCache')
        async collected(_none: null): Promise<number[]> {
          return [];
        }
      }
      const service = stage.serve(Iterators);
      const error = (await rejectionOf(service.items())) as CacheConfigurationError;
      expect([error.code, error.message]).to.deep.equal([
        'CACHE_OPERATION_INVALID',
        'Invalid caching of Iterators.items: its promise resolved to an iterator or stream, which can be read only once. ' +
          'Collect the items into an array and return that.',
      ]);
      expect(await stage.cache('testCache').get([])).to.equal(undefined);
      expect([await service.collected(null), await service.collected(null)], 'an empty list is cached').to.deep.equal([[], []]);
      expect(await stage.cache('testCache').get([null])).to.deep.equal({ value: [] });
    });

    it('54 spr15271FindsOnInterfaceWithInterfaceProxy, spr15271FindsOnInterfaceWithCglibProxy', async () => {
      const bodies: string[] = [];
      abstract class Base {
        @Cacheable('testCache')
        async inherited(id: string): Promise<string> {
          return this.read(id);
        }

        @Cacheable('testCache')
        async overridden(id: string): Promise<string> {
          return `base ${id}`;
        }

        protected abstract read(id: string): Promise<string>;
      }
      class Implementation extends Base {
        override async overridden(id: string): Promise<string> {
          bodies.push('overridden');
          return `own ${id}`;
        }

        protected override async read(id: string): Promise<string> {
          bodies.push('read');
          return id;
        }
      }
      const service = stage.serve(Implementation);
      for (let i = 0; i < 2; i += 1) {
        expect(await service.inherited('a')).to.equal('a');
        expect(await service.overridden('b')).to.equal('own b');
      }
      expect(bodies.sort()).to.deep.equal(['overridden', 'overridden', 'read']);
      expect(await stage.cache('testCache').get('b')).to.equal(undefined);
    });

    it('54 spr15271FindsOnInterfaceWithInterfaceProxy, spr15271FindsOnInterfaceWithCglibProxy: asked for by its abstract base', async () => {
      const body = sinon.fake.resolves('Dune');
      abstract class Books {
        @Cacheable('testCache')
        async find(id: string): Promise<unknown> {
          return this.load(id);
        }

        abstract load(id: string): Promise<unknown>;
      }
      class SqlBooks extends Books {
        override async load(id: string): Promise<unknown> {
          return body(id);
        }
      }
      stage.container.bind(Books).to(SqlBooks);
      const books = stage.container.get(Books);
      expect([await books.find('a'), await books.find('a')]).to.deep.equal(['Dune', 'Dune']);
      expect(body.callCount).to.equal(1);
      expect(stage.container.get(CacheManager)).to.equal(stage.manager);
    });
  }, HEARTLESS);
});
