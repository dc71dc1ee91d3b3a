import { expect } from 'chai';
import sinon from 'sinon';
import { cacheOperationsOf } from '../../lib/annotation/index.js';
import { Cacheable, type CacheInvocation, type CacheKey, CachePut, Caching } from '../../lib/index.js';
import { waitFor } from '../support/wait.js';
import { onEveryKeptStore } from './stage.js';

/** Keys that are close to one another, made anew at each call: what is equal by value only must do. */
const closeKeys = (): CacheKey[] => [
  ...[1, '1', '~1', 1n, true, 'true', null, 'null', '~null', -0, NaN, 'NaN', Infinity, '', ' ', 'ä', 'a\u0308'],
  ...[new Date(0), new Date(0).toISOString(), '~@0', [1], ['1'], [[1]], ['a', 'b'], ['a,b'], [], [null], [null, null], [undefined, null]],
  ...[{}, { a: 1 }, { a: '1' }, { a: undefined }, { a: 1, b: 2 }, [{ a: 1 }], 'a:b', '{a}', 'a\nb', 'a\\nb', '😀'],
];

describe('6. Expressions, keys', () => {
  onEveryKeptStore((stage) => {
    let body: sinon.SinonSpy;

    class Keyed {
      @Cacheable('testCache')
      async call(...args: unknown[]): Promise<unknown> {
        return body(...args);
      }
    }

    /** Whether a call with `two` is answered by what a call with `one` stored. */
    const isSameCall = async (one: readonly unknown[], two: readonly unknown[]): Promise<boolean> => {
      await stage.cache('testCache').clear();
      body.resetHistory();
      await service.call(...one);
      await service.call(...two);
      return body.callCount === 1;
    };

    let service: Keyed;

    beforeEach(() => {
      let counter = 0;
      body = sinon.fake(() => (counter += 1));
      service = stage.serve(Keyed);
    });

    it('83 multipleCachingSource, multipleCachingEval', async () => {
      class Annotated {
        @Caching({
          cacheable: [
            { cacheNames: 'primary', key: (a: string) => a },
            { cacheNames: 'primary', key: (_a: string, b: string) => b },
          ],
        })
        async multipleCaching(_a: string, _b: string): Promise<number> {
          return body();
        }
      }
      const operations = cacheOperationsOf(Annotated, 'multipleCaching');
      expect(operations.map(({ kind, key }) => [kind, (key as (...args: string[]) => string)('a', 'b')])).to.deep.equal([
        ['cacheable', 'a'],
        ['cacheable', 'b'],
      ]);
      await stage.serve(Annotated).multipleCaching('a', 'b');
      expect(await stage.cache('primary').getAll(['a', 'b'])).to.deep.equal([{ value: 1 }, { value: 1 }]);
    });

    it('84 withReturnValue, withNullReturn', async () => {
      const seen: unknown[] = [];
      class Returns {
        @CachePut('testCache', { unless: (result) => (seen.push(result), false) })
        async get<T>(value: T): Promise<T> {
          return value;
        }
      }
      const returns = stage.serve(Returns);
      for (const value of ['theResult', null, undefined, 0]) await returns.get(value);
      expect(seen).to.deep.equal(['theResult', null, undefined, 0]);
    });

    it('85 withoutReturnValue', async () => {
      const seen: unknown[][] = [];
      class Before {
        @CachePut('testCache', { condition: (...args) => (seen.push(args), true), key: (...args) => (seen.push(args), 'key') })
        async put(_id: number): Promise<string> {
          seen.push(['body']);
          return 'result';
        }
      }
      await stage.serve(Before).put(1);
      expect(seen, 'the arguments and nothing else').to.deep.equal([[1], ['body'], [1]]);
    });

    it('86 unavailableReturnValue', async () => {
      const order: string[] = [];
      class Applies {
        @CachePut('testCache', {
          condition: () => (order.push('condition'), true),
          unless: (result) => (order.push(`unless ${result.id}`), false),
          resultKey: (result) => (order.push(`key ${result.id}`), result.id),
        })
        async put(): Promise<{ id: number }> {
          order.push('body');
          return { id: 1 };
        }
      }
      await stage.serve(Applies).put();
      expect(order, 'nothing that needs the result is asked before there is one').to.deep.equal(['condition', 'body', 'unless 1', 'key 1']);
    });

    it('87 resolveBeanReference', async () => {
      stage.container.bind('tenant').toConstantValue({ id: 'acme' });
      function tenantKey(this: CacheInvocation, id: string): CacheKey {
        return [this.container.get<{ id: string }>('tenant').id, id];
      }
      class Tenants {
        @Cacheable('testCache', { key: tenantKey })
        async find(_id: string): Promise<number> {
          return body();
        }
      }
      const tenants = stage.serve(Tenants);
      expect([await tenants.find('a'), await tenants.find('a')]).to.deep.equal([1, 1]);
      expect(await stage.cache('testCache').get(['acme', 'a'])).to.deep.equal({ value: 1 });
    });

    it('89 expressionIsCacheBasedOnActualMethod', async () => {
      abstract class Base<T> {
        @Cacheable('testCache')
        async save(_entity: T): Promise<unknown> {
          return body('base');
        }
      }
      class Users extends Base<{ id: number }> {
        @Cacheable('testCache', { key: (user) => `user ${user.id}` })
        override async save(_user: { id: number }): Promise<unknown> {
          return body('user');
        }
      }
      class Orders extends Base<{ number: string }> {
        @Cacheable('testCache', { key: (order) => `order ${order.number}` })
        override async save(_order: { number: string }): Promise<unknown> {
          return body('order');
        }
      }
      const [users, orders] = [stage.serve(Users), stage.serve(Orders)];
      for (let i = 0; i < 2; i += 1) {
        await users.save({ id: 1 });
        await orders.save({ number: '1' });
      }
      expect(body.args).to.deep.equal([['user'], ['order']]);
      expect(await stage.cache('testCache').getAll(['user 1', 'order 1'])).to.deep.equal([{ value: 1 }, { value: 2 }]);
    });

    it('90 noValues', async () => {
      expect(await isSameCall([], [])).to.equal(true);
      for (const other of [[null], [''], [0], [[null]], [{}]]) expect(await isSameCall([], other), JSON.stringify(other)).to.equal(false);
    });

    it('91 singleValue', async () => {
      await service.call('a');
      expect(await stage.cache('testCache').get('a'), 'the key is the argument').to.deep.equal({ value: 1 });
      expect(await isSameCall(['a'], ['b'])).to.equal(false);
      expect(await isSameCall([{ a: 1, b: [2] }], [{ b: [2], a: 1 }])).to.equal(true);
      expect(await isSameCall([new Date(1)], [new Date(1)])).to.equal(true);
      expect(await isSameCall(['a'], [['a']])).to.equal(false);
    });

    it('92 multipleValues', async () => {
      expect(await isSameCall(['a', 1, 'b'], ['a', 1, 'b'])).to.equal(true);
      for (const other of [['a', 'b', 1], ['a', 1], ['a', 1, 'b', 'c'], ['a', '1', 'b']]) expect(await isSameCall(['a', 1, 'b'], other)).to.equal(false); // prettier-ignore
    });

    it('93 singleNullValue', async () => {
      await service.call(null);
      expect(await stage.cache('testCache').get(null), 'not the bare null').to.equal(undefined);
      expect(await stage.cache('testCache').get([null])).to.deep.equal({ value: 1 });
      expect(await isSameCall([null], [null])).to.equal(true);
      expect(await isSameCall([null], [])).to.equal(false);
    });

    it('94 multipleNullValues', async () => {
      expect(await isSameCall(['a', null, 'b', null], ['a', null, 'b', null])).to.equal(true);
      expect(await isSameCall(['a', null, 'b', null], ['a', null, 'b'])).to.equal(false);
      expect(await isSameCall(['a', undefined, 'b'], ['a', null, 'b'])).to.equal(false);
      expect(await isSameCall(['a', undefined, 'b'], ['a', 'b'])).to.equal(false);
      expect(await isSameCall(['a', undefined], ['a']), 'left out').to.equal(true);
    });

    it('95 plainArray', async () => {
      expect(await isSameCall([['a', ['b']]], [['a', ['b']]])).to.equal(true);
      expect(await isSameCall([['a', ['b']]], [['a', ['c']]])).to.equal(false);
      expect(await isSameCall([['a', 'b']], ['a', 'b']), 'an array is one argument').to.equal(false);
    });

    it('96 arrayWithExtraParameter', async () => {
      expect(await isSameCall([['a', 'b'], 'c'], [['a', 'b'], 'c'])).to.equal(true);
      for (const other of [[['a', 'b'], 'd'], [['a'], 'b', 'c'], [['b', 'a'], 'c']]) expect(await isSameCall([['a', 'b'], 'c'], other)).to.equal(false); // prettier-ignore
    });

    it('97 serializedKeys', async () => {
      const here = stage.cache('testCache');
      const there = (await stage.another({ namespace: stage.namespace })).manager.getCache('testCache')!;
      const keys = closeKeys();
      for (const [i, key] of keys.entries()) await here.put(key, i);
      const values = async (cache: typeof here): Promise<unknown[]> => (await cache.getAll(closeKeys())).map((found) => found?.value);
      expect(await values(here), 'no two are one').to.deep.equal(keys.map((_key, i) => i));
      if (stage.hasRemote) expect(await values(there), 'nor in another instance').to.deep.equal(keys.map((_key, i) => i));
      // What an instance announces is what the others drop: the keys in messages are those of the tiers.
      await there.evictAll(closeKeys());
      await waitFor(async () => (await values(here)).every((value) => value === undefined), { what: 'every key to be dropped' });
    });

    it('98 mutableKey', async () => {
      class Mutates {
        @Cacheable('testCache')
        async cached(list: string[]): Promise<number> {
          list.push('changed');
          return body();
        }
      }
      const mutates = stage.serve(Mutates);
      expect([await mutates.cached(['a']), await mutates.cached(['a'])]).to.deep.equal([1, 1]);
      expect(body.callCount).to.equal(1);
    });

    for (const [name, flag] of [
      ['99 beanConditionOff', false],
      ['99 beanConditionOn', true],
    ] as const) {
      it(name, async () => {
        const isEnabled = sinon.fake.returns(flag);
        stage.container.bind('env').toConstantValue({ isEnabled });
        function whenEnabled(this: CacheInvocation): boolean {
          return this.container.get<{ isEnabled: () => boolean }>('env').isEnabled();
        }
        class Conditional {
          @Cacheable('testCache', { condition: whenEnabled })
          async getWithCondition(_key: string): Promise<number> {
            return body();
          }
        }
        const conditional = stage.serve(Conditional);
        expect([await conditional.getWithCondition('a'), await conditional.getWithCondition('a')]).to.deep.equal(flag ? [1, 1] : [1, 2]);
        expect(isEnabled.callCount).to.equal(2);
        expect(await stage.cache('testCache').get('a')).to.deep.equal(flag ? { value: 1 } : undefined);
      });
    }
  });
});
