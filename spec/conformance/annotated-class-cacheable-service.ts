import { Cacheable, CacheEvict, type CacheInvocation, CachePut, Caching } from '../../lib/index.js';
import {
  Bodies,
  type CacheableService,
  CHECKED,
  CUSTOM_CACHE_MANAGER,
  CUSTOM_KEY_GENERATOR,
  seenRoots,
  type TestEntity,
  UNCHECKED,
  UNKNOWN_CACHE_MANAGER,
  UNKNOWN_KEY_GENERATOR,
} from './cacheable-service.js';

/**
 * One decorator above the class, and decorators of their own on the methods that want something else (after Spring's fixture of the same name).
 * `nullInvocations` looks like a helper, and is cached like everything else.
 */
@Cacheable('testCache')
export class AnnotatedClassCacheableService extends Bodies implements CacheableService {
  async cache(_arg: unknown): Promise<number> {
    return this.run('cache');
  }

  async cacheNull(_arg: unknown): Promise<number | null> {
    this.run('cacheNull');
    return null;
  }

  @Cacheable('testCache', { sync: true })
  async cacheSync(_arg: unknown): Promise<number> {
    return this.run('cacheSync');
  }

  @Cacheable('testCache', { sync: true })
  async cacheSyncNull(_arg: unknown): Promise<number | null> {
    this.run('cacheSyncNull');
    return null;
  }

  @CacheEvict('testCache', { key: (arg) => arg as string })
  async evict(_arg: unknown, _other: unknown): Promise<void> {
    this.run('evict');
  }

  @CacheEvict('testCache', { key: (arg) => arg as string })
  async evictWithKey(_arg: unknown, _other: unknown): Promise<void> {
    this.run('evictWithKey');
  }

  @CacheEvict('testCache', { beforeInvocation: true })
  async evictEarly(_arg: unknown): Promise<void> {
    this.fail('evictEarly', UNCHECKED);
  }

  @CacheEvict('testCache', { key: (arg) => arg as string, beforeInvocation: true })
  async evictWithKeyEarly(_arg: unknown, _other: unknown): Promise<void> {
    this.fail('evictWithKeyEarly', UNCHECKED);
  }

  @CacheEvict('testCache')
  async evictWithException(_arg: unknown): Promise<void> {
    this.fail('evictWithException', UNCHECKED);
  }

  @CacheEvict('testCache', { allEntries: true })
  async evictAll(_arg: unknown): Promise<void> {
    this.run('evictAll');
  }

  @CacheEvict('testCache', { allEntries: true, beforeInvocation: true })
  async evictAllEarly(_arg: unknown): Promise<void> {
    this.fail('evictAllEarly', UNCHECKED);
  }

  @Cacheable('testCache', { condition: (field) => field === 3 })
  async conditional(_field: number): Promise<number> {
    return this.run('conditional');
  }

  @Cacheable('testCache', { sync: true, condition: (field) => field === 3 })
  async conditionalSync(_field: number): Promise<number> {
    return this.run('conditionalSync');
  }

  @Cacheable('testCache', { unless: (result) => result > 10 })
  async unless(arg: number): Promise<number> {
    this.run('unless');
    return arg;
  }

  @Cacheable('testCache', { key: (arg1) => arg1 as string })
  async key(_arg1: unknown, _arg2: unknown): Promise<number> {
    return this.run('key');
  }

  async varArgsKey(..._args: unknown[]): Promise<number> {
    return this.run('varArgsKey');
  }

  @Cacheable('testCache', { key: methodAndCacheName })
  async name(_arg: unknown): Promise<number> {
    return this.run('name');
  }

  @Cacheable('testCache', { key: rootVars })
  async rootVars(_arg: unknown): Promise<number> {
    return this.run('rootVars');
  }

  @Cacheable('testCache', { keyGenerator: CUSTOM_KEY_GENERATOR })
  async customKeyGenerator(_arg: unknown): Promise<number> {
    return this.run('customKeyGenerator');
  }

  @Cacheable('testCache', { keyGenerator: UNKNOWN_KEY_GENERATOR })
  async unknownCustomKeyGenerator(_arg: unknown): Promise<number> {
    return this.run('unknownCustomKeyGenerator');
  }

  @Cacheable('testCache', { cacheManager: CUSTOM_CACHE_MANAGER })
  async customCacheManager(_arg: unknown): Promise<number> {
    return this.run('customCacheManager');
  }

  @Cacheable('testCache', { cacheManager: UNKNOWN_CACHE_MANAGER })
  async unknownCustomCacheManager(_arg: unknown): Promise<number> {
    return this.run('unknownCustomCacheManager');
  }

  async nullValue(_arg: unknown): Promise<null> {
    this.run('nullValue');
    return null;
  }

  async nullInvocations(): Promise<number> {
    return this.calls.filter((name) => name === 'nullValue').length;
  }

  async optional(_arg?: unknown): Promise<number> {
    return this.run('optional');
  }

  async defaulted(_arg: unknown = 'default'): Promise<number> {
    return this.run('defaulted');
  }

  async throwChecked(_arg: unknown): Promise<never> {
    return this.fail('throwChecked', CHECKED);
  }

  async throwUnchecked(_arg: unknown): Promise<never> {
    return this.fail('throwUnchecked', UNCHECKED);
  }

  @Cacheable('testCache', { sync: true })
  async throwCheckedSync(_arg: unknown): Promise<never> {
    return this.fail('throwCheckedSync', CHECKED);
  }

  @Cacheable('testCache', { sync: true })
  async throwUncheckedSync(_arg: unknown): Promise<never> {
    return this.fail('throwUncheckedSync', UNCHECKED);
  }

  @CachePut('testCache')
  async update(_arg: unknown): Promise<number> {
    return this.run('update');
  }

  @CachePut('testCache', { condition: (arg) => arg === 3 })
  async conditionalUpdate(_arg: number): Promise<number> {
    return this.run('conditionalUpdate');
  }

  @Caching({ cacheable: [{ cacheNames: 'primary' }, { cacheNames: 'secondary' }] })
  async multiCache(_arg: unknown): Promise<number> {
    return this.run('multiCache');
  }

  @Caching({
    evict: [{ cacheNames: 'primary' }, { cacheNames: 'secondary' }, { cacheNames: 'primary', key: (arg: unknown) => `${String(arg)}A` }],
  })
  async multiEvict(_arg: unknown): Promise<number> {
    return this.run('multiEvict');
  }

  @Caching({ put: [{ cacheNames: 'primary' }, { cacheNames: 'secondary' }] })
  async multiPut(_arg: unknown): Promise<number> {
    return this.run('multiPut');
  }

  @CachePut('primary', { resultKey: (result) => result.id })
  async putRefersToResult(entity: TestEntity): Promise<TestEntity> {
    this.run('putRefersToResult');
    entity.id = 'set by the body';
    return entity;
  }

  @CachePut('primary', { resultKey: (result) => result!.id, unless: (result) => result === null })
  async putRefersToResultWithUnless(entity: TestEntity | null): Promise<TestEntity | null> {
    this.run('putRefersToResultWithUnless');
    if (entity !== null) entity.id = 'set by the body';
    return entity;
  }

  @Cacheable('primary', { key: methodName })
  @CacheEvict('secondary')
  async multiCacheAndEvict(_arg: unknown): Promise<number> {
    return this.run('multiCacheAndEvict');
  }

  @Cacheable('primary', { condition: (arg) => arg === 3 })
  @CacheEvict('secondary')
  async multiConditionalCacheAndEvict(_arg: number): Promise<number> {
    return this.run('multiConditionalCacheAndEvict');
  }
}

function methodName(this: CacheInvocation): string {
  return String(this.method);
}

function methodAndCacheName(this: CacheInvocation): string {
  return `${String(this.method)}${this.caches[0]!.name}`;
}

function rootVars(this: CacheInvocation): string {
  seenRoots.push(this);
  return `${String(this.method)}@${this.target.constructor.name}`;
}
