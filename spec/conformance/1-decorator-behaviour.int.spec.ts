import { expect } from 'chai';
import { type CacheKey, CacheConfigurationError, KeyGenerator } from '../../lib/index.js';
import { rejectionOf } from '../contract/rejection.js';
import {
  type CacheableService,
  CHECKED,
  CUSTOM_CACHE_MANAGER,
  CUSTOM_KEY_GENERATOR,
  seenRoots,
  UNCHECKED,
  UNKNOWN_CACHE_MANAGER,
  UNKNOWN_KEY_GENERATOR,
} from './cacheable-service.js';
import { AnnotatedClassCacheableService } from './annotated-class-cacheable-service.js';
import { DefaultCacheableService } from './default-cacheable-service.js';
import { onEveryKeptStore, type Stage } from './stage.js';

describe('1. Decorator behaviour', () => {
  onEveryKeptStore((stage) => {
    for (const Service of [DefaultCacheableService, AnnotatedClassCacheableService]) {
      describe(Service.name, () => behaviours(stage, Service));
    }
  });
});

function behaviours(stage: Stage, Service: new () => CacheableService): void {
  const isOnClass = Service === AnnotatedClassCacheableService;
  let service: CacheableService;

  beforeEach(() => {
    seenRoots.length = 0;
    service = stage.serve(Service);
  });

  const wrapper = (key: CacheKey, cache = 'testCache') => stage.cache(cache).get(key);
  const runs = (name: string): number => service.calls.filter((call) => call === name).length;

  it('1 cacheable, classCacheCacheable', async () => {
    const results = [await service.cache('a'), await service.cache('a'), await service.cache('a')];
    expect(results).to.deep.equal([1, 1, 1]);
    expect(runs('cache')).to.equal(1);
    expect(await wrapper('a')).to.deep.equal({ value: 1 });
    expect(await service.cache('b')).to.equal(2);
  });

  it('2 cacheableNull', async () => {
    expect([await service.cacheNull('a'), await service.cacheNull('a')]).to.deep.equal([null, null]);
    expect(runs('cacheNull')).to.equal(1);
    expect(await wrapper('a')).to.deep.equal({ value: null });
  });

  it('3 cacheableSync', async () => {
    const results = [await service.cacheSync('a'), await service.cacheSync('a'), await service.cacheSync('a')];
    expect(results).to.deep.equal([1, 1, 1]);
    expect(runs('cacheSync')).to.equal(1);
  });

  it('4 cacheableSyncNull', async () => {
    expect([await service.cacheSyncNull('a'), await service.cacheSyncNull('a')]).to.deep.equal([null, null]);
    expect(runs('cacheSyncNull')).to.equal(1);
    expect(await wrapper('a')).to.deep.equal({ value: null });
  });

  for (const method of ['evict', 'evictWithKey'] as const) {
    it(`5 evict, evictWithKey, classCacheEvict, classCacheEvictWithWKey: ${method}`, async () => {
      expect([await service.cache('a'), await service.cache('b'), await service.cache('a')]).to.deep.equal([1, 2, 1]);
      await service[method]('a', 'b');
      expect([await wrapper('a'), await wrapper('b')]).to.deep.equal([undefined, { value: 2 }]);
      await service.cache('a');
      expect(runs('cache')).to.equal(3);
    });
  }

  for (const method of ['evictEarly', 'evictWithKeyEarly'] as const) {
    it(`6 evictEarly, evictWithKeyEarly, classEvictEarly, classEvictWithKeyEarly: ${method}`, async () => {
      await service.cache('a');
      await service.cache('b');
      expect(await rejectionOf(method === 'evictEarly' ? service.evictEarly('a') : service.evictWithKeyEarly('a', 'b'))).to.equal(
        UNCHECKED,
      );
      expect([await wrapper('a'), await wrapper('b')]).to.deep.equal([undefined, { value: 2 }]);
      expect(runs(method)).to.equal(1);
    });
  }

  it('7 evictWithException, classEvictWithException', async () => {
    await service.cache('a');
    expect(await rejectionOf(service.evictWithException('a'))).to.equal(UNCHECKED);
    expect(await service.cache('a')).to.equal(1);
    expect(runs('cache')).to.equal(1);
  });

  it('8 evictAll, classEvictAll', async () => {
    await service.cache('a');
    await service.cache('b');
    await service.evictAll('unrelated');
    expect([await wrapper('a'), await wrapper('b')]).to.deep.equal([undefined, undefined]);
    await service.cache('a');
    expect(runs('cache')).to.equal(3);
  });

  it('9 evictAllEarly', async () => {
    await service.cache('a');
    await service.cache('b');
    expect(await rejectionOf(service.evictAllEarly('unrelated'))).to.equal(UNCHECKED);
    expect([await wrapper('a'), await wrapper('b')]).to.deep.equal([undefined, undefined]);
    expect(runs('evictAllEarly')).to.equal(1);
  });

  it('10 conditionalExpression', async () => {
    await service.conditional(4);
    await service.conditional(4);
    expect([runs('conditional'), await wrapper(4)]).to.deep.equal([2, undefined]);
    expect([await service.conditional(3), await service.conditional(3)]).to.deep.equal([3, 3]);
    expect(runs('conditional')).to.equal(3);
  });

  it('11 conditionalExpressionSync', async () => {
    await service.conditionalSync(4);
    await service.conditionalSync(4);
    expect([runs('conditionalSync'), await wrapper(4)]).to.deep.equal([2, undefined]);
    expect([await service.conditionalSync(3), await service.conditionalSync(3)]).to.deep.equal([3, 3]);
    expect(runs('conditionalSync')).to.equal(3);
  });

  it('12 unlessExpression, classCacheUnlessExpression', async () => {
    for (const arg of [10, 11, 10, 11]) expect(await service.unless(arg)).to.equal(arg);
    expect([await wrapper(10), await wrapper(11)]).to.deep.equal([{ value: 10 }, undefined]);
    expect(runs('unless')).to.equal(3);
  });

  it('13 keyExpression', async () => {
    expect([await service.key('a', 1), await service.key('a', 2), await service.key('b', 1)]).to.deep.equal([1, 1, 2]);
    expect(runs('key')).to.equal(2);
  });

  it('14 varArgsKey', async () => {
    expect([await service.varArgsKey(1, 2, 3), await service.varArgsKey(1, 2, 3)]).to.deep.equal([1, 1]);
    expect([await service.varArgsKey(1, 2), await service.varArgsKey([1, 2, 3])]).to.deep.equal([2, 3]);
    expect(await wrapper([1, 2, 3]), 'flattened to its elements').to.deep.equal({ value: 1 });
  });

  if (!isOnClass) {
    it('15 nullValue', async () => {
      for (const arg of ['a', 'a', 'a']) expect(await service.nullValue(arg)).to.equal(null);
      expect(await service.nullInvocations()).to.equal(1);
      await service.nullValue('b');
      expect(await service.nullInvocations()).to.equal(2);
    });
  } else {
    it('16 classNullValue', async () => {
      await service.nullValue('a');
      expect(await service.nullInvocations()).to.equal(1);
      await service.nullValue('b');
      expect(runs('nullValue')).to.equal(2);
      expect(await service.nullInvocations(), 'cached as well').to.equal(1);
    });
  }

  if (!isOnClass) {
    it('17 methodName', async () => {
      expect([await service.name('a'), await service.name('b')]).to.deep.equal([1, 1]);
      expect(await wrapper('name')).to.deep.equal({ value: 1 });
    });
  } else {
    it('18 classMethodName', async () => {
      expect([await service.name('a'), await service.name('b')]).to.deep.equal([1, 1]);
      expect(await wrapper('nametestCache')).to.deep.equal({ value: 1 });
    });
  }

  it('19 rootVars, classRootVars', async () => {
    await service.rootVars('a');
    expect(await wrapper(`rootVars@${Service.name}`)).to.deep.equal({ value: 1 });
    const [root] = seenRoots;
    expect(root?.target).to.equal(service);
    expect(root?.args).to.deep.equal(['a']);
    expect(root?.caches).to.deep.equal([stage.cache('testCache')]);
  });

  it('20 customKeyGenerator', async () => {
    class Loud extends KeyGenerator {
      override generate(_target: object, method: string | symbol, ...args: readonly unknown[]): CacheKey {
        return `${String(method)}!${args.join()}`;
      }
    }
    stage.container.bind(CUSTOM_KEY_GENERATOR).to(Loud);
    expect([await service.customKeyGenerator('a'), await service.customKeyGenerator('a')]).to.deep.equal([1, 1]);
    expect(await wrapper('customKeyGenerator!a')).to.deep.equal({ value: 1 });
    expect(await wrapper('a')).to.equal(undefined);
  });

  it('21 unknownCustomKeyGenerator', async () => {
    const error = (await rejectionOf(service.unknownCustomKeyGenerator('a'))) as CacheConfigurationError;
    expect(error).to.be.instanceOf(CacheConfigurationError);
    expect([error.code, error.message]).to.deep.equal([
      'CACHE_BINDING_MISSING',
      `No binding for \`keyGenerator\` of @Cacheable on ${Service.name}.unknownCustomKeyGenerator: nothing is bound under Symbol(unknownKeyGenerator). ` +
        'Bind it in the container that the service comes from.',
    ]);
    expect(service.calls).to.deep.equal([]);
  });

  for (const [title, option, method] of [
    ['21 unknownCustomKeyGenerator: of a service that is bound before the start', 'keyGenerator', 'unknownCustomKeyGenerator'],
    ['23 unknownCustomCacheManager: of a service that is bound before the start', 'cacheManager', 'unknownCustomCacheManager'],
  ] as const) {
    it(title, async () => {
      const other = option === 'keyGenerator' ? UNKNOWN_CACHE_MANAGER : UNKNOWN_KEY_GENERATOR;
      const starting = stage.another(undefined, (container) => {
        container.bind(Service).toSelf();
        for (const known of [CUSTOM_KEY_GENERATOR, CUSTOM_CACHE_MANAGER, other]) container.bind(known).toConstantValue(stage.manager);
      });
      const error = (await rejectionOf(starting)) as CacheConfigurationError;
      expect([error.code, error.message]).to.deep.equal([
        'CACHE_BINDING_MISSING',
        `No binding for \`${option}\` of @Cacheable on ${Service.name}.${method}: nothing is bound under Symbol(unknown${option === 'keyGenerator' ? 'KeyGenerator' : 'CacheManager'}). ` +
          'Bind it in the container that the service comes from.',
      ]);
    });
  }

  it('22 customCacheManager', async () => {
    const { manager } = await stage.another();
    stage.container.bind(CUSTOM_CACHE_MANAGER).toConstantValue(manager);
    expect([await service.customCacheManager('a'), await service.customCacheManager('a')]).to.deep.equal([1, 1]);
    expect(await manager.getCache('testCache')?.get('a')).to.deep.equal({ value: 1 });
    expect(await wrapper('a')).to.equal(undefined);
  });

  it('23 unknownCustomCacheManager', async () => {
    const error = (await rejectionOf(service.unknownCustomCacheManager('a'))) as CacheConfigurationError;
    expect(error).to.be.instanceOf(CacheConfigurationError);
    expect([error.code, error.message]).to.deep.equal([
      'CACHE_BINDING_MISSING',
      `No binding for \`cacheManager\` of @Cacheable on ${Service.name}.unknownCustomCacheManager: nothing is bound under Symbol(unknownCacheManager). ` +
        'Bind it in the container that the service comes from.',
    ]);
    expect(service.calls).to.deep.equal([]);
  });

  it('24 nullArg, classNullArg', async () => {
    expect([await service.cache(null), await service.cache(null)]).to.deep.equal([1, 1]);
    expect(runs('cache')).to.equal(1);
    expect(await service.optional(), 'a missing argument is not null').to.equal(2);
    expect(await service.optional(undefined), 'undefined is as good as missing').to.equal(2);
    expect(await service.optional(null)).to.equal(1); // In the same cache, and therefore the entry of `cache(null)`.
    expect(await service.defaulted('default'), 'keys are made of what the caller passed').to.equal(3);
    expect(await service.defaulted()).to.equal(2); // As above, that of `optional()`.
  });

  it('25 checkedException, classCheckedException', async () => {
    expect(await rejectionOf(service.throwChecked('a'))).to.equal(CHECKED);
    expect(await rejectionOf(service.throwChecked('a'))).to.equal(CHECKED);
    expect(runs('throwChecked')).to.equal(2);
    expect([CHECKED.message, CHECKED.status, (CHECKED.cause as Error).message]).to.deep.equal(['not there', 404, 'row missing']);
    expect(await wrapper('a')).to.equal(undefined);
  });

  it('26 uncheckedException, classUncheckedException', async () => {
    expect(await rejectionOf(service.throwUnchecked('a'))).to.equal(UNCHECKED);
    expect([runs('throwUnchecked'), await wrapper('a')]).to.deep.equal([1, undefined]);
  });

  it('27 checkedExceptionSync, classCheckedExceptionSync', async () => {
    expect(await rejectionOf(service.throwCheckedSync('a'))).to.equal(CHECKED);
    expect([runs('throwCheckedSync'), await wrapper('a')]).to.deep.equal([1, undefined]);
  });

  it('28 uncheckedExceptionSync, classUncheckedExceptionSync', async () => {
    expect(await rejectionOf(service.throwUncheckedSync('a'))).to.equal(UNCHECKED);
    expect([runs('throwUncheckedSync'), await wrapper('a')]).to.deep.equal([1, undefined]);
  });

  it('29 update, classUpdate', async () => {
    for (const expected of [1, 2]) {
      expect(await service.update('a')).to.equal(expected);
      expect(await wrapper('a')).to.deep.equal({ value: expected });
    }
  });

  it('30 conditionalUpdate, classConditionalUpdate', async () => {
    await service.conditionalUpdate(4);
    await service.conditionalUpdate(3);
    expect(runs('conditionalUpdate')).to.equal(2);
    expect([await wrapper(4), await wrapper(3)]).to.deep.equal([undefined, { value: 2 }]);
  });

  it('31 multiCache, classMultiCache', async () => {
    expect(await service.multiCache('a')).to.equal(1);
    expect([await wrapper('a', 'primary'), await wrapper('a', 'secondary')]).to.deep.equal([{ value: 1 }, { value: 1 }]);
    expect([await service.multiCache('a'), await service.multiCache('a')]).to.deep.equal([1, 1]);
    expect(runs('multiCache')).to.equal(1);
  });

  it('32 multiEvict, classMultiEvict', async () => {
    await service.multiCache('a');
    await stage.cache('primary').put('aA', 'old');
    await stage.cache('secondary').put('aA', 'kept');
    await service.multiEvict('a');
    expect([await wrapper('a', 'primary'), await wrapper('a', 'secondary'), await wrapper('aA', 'primary')]).to.deep.equal([
      undefined,
      undefined,
      undefined,
    ]);
    expect(await wrapper('aA', 'secondary')).to.deep.equal({ value: 'kept' });
    expect(await service.multiCache('a')).to.equal(3);
    expect([await wrapper('a', 'primary'), await wrapper('a', 'secondary')]).to.deep.equal([{ value: 3 }, { value: 3 }]);
  });

  it('33 multiPut, classMultiPut', async () => {
    for (const expected of [1, 2]) {
      await service.multiPut('a');
      expect([await wrapper('a', 'primary'), await wrapper('a', 'secondary')]).to.deep.equal([{ value: expected }, { value: expected }]);
    }
  });

  it('34 putRefersToResult, classPutRefersToResult', async () => {
    const result = await service.putRefersToResult({ id: 'before' });
    expect(await wrapper('set by the body', 'primary')).to.deep.equal({ value: result });
    expect(await wrapper('before', 'primary')).to.equal(undefined);
  });

  it('35 putRefersToResultWithUnless', async () => {
    const result = await service.putRefersToResultWithUnless({ id: 'before' });
    expect(result).to.deep.equal({ id: 'set by the body' });
    expect(await wrapper('set by the body', 'primary')).to.deep.equal({ value: result });
  });

  it('36 putEvaluatesUnlessBeforeKey, classPutEvaluatesUnlessBeforeKey', async () => {
    const { puts } = stage.cache('primary').statistics();
    expect(await service.putRefersToResultWithUnless(null)).to.equal(null);
    expect(stage.cache('primary').statistics().puts).to.equal(puts);
  });

  it('37 multiCacheAndEvict, classMultiCacheAndEvict', async () => {
    for (const expected of [1, 1]) {
      await stage.cache('secondary').put('a', 'old');
      expect(await service.multiCacheAndEvict('a')).to.equal(expected);
      expect(await wrapper('multiCacheAndEvict', 'primary')).to.deep.equal({ value: 1 });
      expect(await wrapper('a', 'secondary'), 'evicted on a hit too').to.equal(undefined);
    }
    expect(runs('multiCacheAndEvict')).to.equal(1);
  });

  it('38 multiConditionalCacheAndEvict, classMultiConditionalCacheAndEvict', async () => {
    for (const expected of [1, 2]) {
      await stage.cache('secondary').put(4, 'old');
      expect(await service.multiConditionalCacheAndEvict(4)).to.equal(expected);
      expect([await wrapper(4, 'primary'), await wrapper(4, 'secondary')]).to.deep.equal([undefined, undefined]);
    }
    for (const expected of [3, 3]) {
      await stage.cache('secondary').put(3, 'old');
      expect(await service.multiConditionalCacheAndEvict(3)).to.equal(expected);
      expect([await wrapper(3, 'primary'), await wrapper(3, 'secondary')]).to.deep.equal([{ value: 3 }, undefined]);
    }
  });
}
