import { CacheConfigurationError } from '../errors/index.js';
import {
  DECORATOR_OF,
  type CacheableAllOperation,
  type CacheableOperation,
  type CacheDefaults,
  type CacheEvictOperation,
  type CacheOperation,
  type CachePutOperation,
} from './cache-operation.js';
import { nameCaches } from './named-caches.js';
import { OptionReader } from './option-reader.js';

const DEFAULTS = ['cacheNames', 'keyGenerator', 'cacheManager', 'cacheResolver'] as const;
const COMMON = [...DEFAULTS, 'key', 'condition'] as const;
const FRESHNESS = ['staleIfError', 'refreshAfter', 'loadTimeout'] as const;
const KNOWN = {
  cacheable: [...COMMON, 'unless', 'sync', 'ttl', 'tags', ...FRESHNESS],
  cacheableAll: [...COMMON, 'unless', 'ttl', 'tags', 'result', 'absent', 'maximumBatch', ...FRESHNESS],
  put: [...COMMON, 'unless', 'ttl', 'tags', 'resultKey', 'unacknowledged'],
  evict: [
    ...[...COMMON, 'allEntries', 'beforeInvocation', 'aroundInvocation', 'keys', 'resultKey', 'tags', 'resultTags'],
    ...['unless', 'acks', 'unacknowledged'],
  ],
} as const satisfies Record<CacheOperation['kind'], readonly string[]>;

/** Options with their kind of operation, before they are checked. */
export interface UnreadOperation {
  readonly kind: CacheOperation['kind'];
  readonly options: unknown;
}

/**
 * Checks the options of one decorator and freezes them.
 *
 * @param label - `BookService.find`.
 * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` for an unknown option or a wrong value,
 *   `CACHE_OPERATION_INVALID` for a contradiction.
 */
export function readOperation({ kind, options }: UnreadOperation, label: string): CacheOperation {
  const reader = new OptionReader(options, `${DECORATOR_OF[kind]} on ${label}`, KNOWN[kind]);
  switch (kind) {
    case 'cacheable':
      return Object.freeze(readCacheable(reader));
    case 'cacheableAll':
      return Object.freeze(readCacheableAll(reader));
    case 'put':
      return Object.freeze(readPut(reader));
    case 'evict':
      return Object.freeze(readEvict(reader));
  }
}

/**
 * The same for `@CacheConfig`, with the class name as label. If both are given, the resolver wins over
 * the manager, as in Spring.
 */
export function readDefaults(options: unknown, label: string): CacheDefaults {
  return Object.freeze(readCommonDefaults(new OptionReader(options, `@CacheConfig on ${label}`, DEFAULTS)));
}

/** The operations of a `@Caching` group, one after the other. */
export function readGroup(group: unknown, label: string): readonly UnreadOperation[] {
  const kinds = ['cacheable', 'put', 'evict'] as const;
  // The reader refuses what is no object or no known group.
  new OptionReader(group, `@Caching on ${label}`, kinds);
  return kinds.flatMap((kind) => {
    const options = (group as Readonly<Record<string, unknown>>)[kind];
    if (options === undefined) return [];
    return (Array.isArray(options) ? options : [options]).map((one: unknown) => ({ kind, options: one }));
  });
}

/**
 * @throws {CacheConfigurationError} `CACHE_OPERATION_INVALID` for what cannot be a method that returns a
 *   promise, as far as can be seen.
 */
export function checkBody(body: unknown, label: string): void {
  if (typeof body !== 'function') {
    throw new CacheConfigurationError('CACHE_OPERATION_INVALID', `Invalid caching of ${label}: only methods can be cached.`, {
      hint: 'Make the accessor or property a method that returns a promise.',
    });
  }
  const tag = Object.prototype.toString.call(body);
  if (tag === '[object GeneratorFunction]' || tag === '[object AsyncGeneratorFunction]') {
    throw new CacheConfigurationError(
      'CACHE_OPERATION_INVALID',
      `Invalid caching of ${label}: it is ${tag === '[object GeneratorFunction]' ? 'a generator' : 'an async generator'}, whose result can be read only once.`,
      { hint: 'Collect the items into an array and return a promise of it.' },
    );
  }
}

function readCommonDefaults(reader: OptionReader): CacheDefaults {
  const cacheNames = reader.cacheNames();
  nameCaches(cacheNames);
  return {
    cacheNames,
    keyGenerator: reader.service('keyGenerator'),
    cacheManager: reader.service('cacheManager'),
    cacheResolver: reader.service('cacheResolver'),
  };
}

function readCommon(reader: OptionReader) {
  reader.exclude('cacheManager', 'cacheResolver', 'A resolver of its own chooses the caches, so the manager would not be asked.');
  reader.exclude('key', 'keyGenerator', 'Set the function that makes the key, or name the service that does.');
  return { ...readCommonDefaults(reader), key: reader.function('key'), condition: reader.function('condition') };
}

function readCacheable(reader: OptionReader): CacheableOperation {
  reader.exclude('sync', 'unless', 'What is loaded under `sync` is always stored.');
  return {
    kind: 'cacheable',
    ...readCommon(reader),
    unless: reader.function('unless'),
    sync: reader.flag('sync'),
    ttl: reader.ttl(),
    tags: reader.function('tags'),
    freshness: reader.freshness(),
  };
}

function readCacheableAll(reader: OptionReader): CacheableAllOperation {
  return {
    kind: 'cacheableAll',
    ...readCommon(reader),
    unless: reader.function('unless'),
    ttl: reader.ttl(),
    tags: reader.function('tags'),
    freshness: reader.freshness(),
    result: reader.oneOf('result', ['map', 'array']) ?? 'map',
    absent: reader.oneOf('absent', ['null', 'undefined']),
    maximumBatch: reader.count('maximumBatch'),
  };
}

function readPut(reader: OptionReader): CachePutOperation {
  for (const other of ['key', 'keyGenerator']) reader.exclude('resultKey', other, 'An entry has one key.');
  return {
    kind: 'put',
    ...readCommon(reader),
    unless: reader.function('unless'),
    ttl: reader.ttl(),
    tags: reader.function('tags'),
    resultKey: reader.function('resultKey'),
    unacknowledged: reader.oneOf('unacknowledged', ['throw', 'report']),
  };
}

function readEvict(reader: OptionReader): CacheEvictOperation {
  for (const other of ['resultKey', 'resultTags', 'unless']) {
    reader.exclude('beforeInvocation', other, 'Before the method runs there is no result.');
  }
  reader.exclude('aroundInvocation', 'beforeInvocation', 'It evicts before the method as well as after it.');
  for (const other of ['resultKey', 'resultTags', 'unless']) {
    reader.exclude('aroundInvocation', other, 'The keys are withheld before the method runs, when there is no result.');
  }
  reader.exclude('aroundInvocation', 'tags', "Only keys can be withheld: name them, or use `cache.intend('all')` and its end.");
  reader.exclude('aroundInvocation', 'allEntries', "Name the keys by `keys`, or clear by hand between `cache.intend('all')` and its end.");
  for (const other of ['key', 'keys', 'resultKey', 'tags', 'resultTags', 'keyGenerator']) {
    reader.exclude('allEntries', other, 'All entries go, whatever their keys and tags.');
  }
  for (const one of ['tags', 'resultTags']) {
    for (const other of ['key', 'keys', 'resultKey', 'keyGenerator']) reader.exclude(one, other, 'Write two @CacheEvict to evict by both.');
  }
  reader.exclude('tags', 'resultTags', 'Let `resultTags` return all the tags.');
  if (reader.oneOf('unacknowledged', ['throw', 'report']) === 'report') {
    if (reader.oneOf('acks', ['none', 'all']) === 'all')
      reader.exclude('acks', 'unacknowledged', "`acks: 'all'` waits until no instance serves the old value, 'report' does not.");
    reader.exclude('beforeInvocation', 'unacknowledged', 'An eviction before the method always throws: the method has not run yet.');
  }
  for (const other of ['key', 'keyGenerator']) reader.exclude('keys', other, 'Let `keys` return all the keys.');
  for (const other of ['key', 'keys', 'keyGenerator']) reader.exclude('resultKey', other, 'Write two @CacheEvict to evict by both.');
  return {
    kind: 'evict',
    ...readCommon(reader),
    allEntries: reader.flag('allEntries'),
    beforeInvocation: reader.flag('beforeInvocation'),
    aroundInvocation: reader.flag('aroundInvocation'),
    keys: reader.function('keys'),
    resultKey: reader.function('resultKey'),
    tags: reader.function('tags'),
    resultTags: reader.function('resultTags'),
    unless: reader.function('unless'),
    acks: reader.oneOf('acks', ['none', 'all']) ?? 'none',
    unacknowledged: reader.oneOf('unacknowledged', ['throw', 'report']),
  };
}
