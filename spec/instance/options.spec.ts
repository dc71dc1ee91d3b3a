import { inspect } from 'node:util';
import { expect } from 'chai';
import { LARGEST_MAXIMUM_SIZE } from '../../lib/cache/index.js';
import { CacheConfigurationError } from '../../lib/errors/index.js';
import { nameOfOrigin } from '../../lib/eviction/index.js';
import { consoleLogger } from '../../lib/event/index.js';
import { isOrigin } from '../../lib/eviction/origin.js';
import { type CachingOptions, checkCacheName, resolveOptions } from '../../lib/instance/options.js';
import { systemClock } from '../../lib/time/index.js';
import { cacheErrorIn } from '../contract/rejection.js';

class Book {}

describe(resolveOptions.name, () => {
  it('has a default for everything', () => {
    const { cache, instanceId, origin, ...resolved } = resolveOptions();
    expect(resolved).to.deep.equal({
      enabled: true,
      redis: undefined,
      credentials: undefined,
      namespace: 'cache',
      cacheNames: [],
      dynamic: true,
      maximumDynamicCaches: 500,
      buckets: 8,
      boundMs: 1_000,
      timeoutMs: 250,
      deadlineMs: 1_000,
      fillLeaseMs: 30_000,
      intentLeaseMs: 30_000,
      connectTimeoutMs: 5_000,
      failFast: true,
      logger: consoleLogger,
      clock: systemClock,
    });
    expect(instanceId).to.match(/^[0-9a-f-]{13}$/);
    expect(resolveOptions().instanceId).not.to.equal(instanceId);
    expect([isOrigin(origin), nameOfOrigin(origin)]).to.deep.equal([true, instanceId]);
    expect(resolveOptions({ instanceId }).origin, 'of another instance with this name').not.to.equal(origin);
    expect(cache('any')).to.deep.equal({
      ttlMs: 60_000,
      localTtlMs: 0,
      nullTtlMs: 60_000,
      ttlJitter: 0,
      maximumSize: 1_000,
      tiers: 'both',
      topic: undefined,
      type: undefined,
      copy: 'freeze',
      tags: false,
      version: undefined,
      staleIfError: undefined,
      refreshAfterMs: 0,
      loadTimeoutMs: 0,
      allowNullValues: true,
      whenDisconnected: 'bypass',
      unacknowledged: 'throw',
      maximumValueSize: 1_048_576,
    });
  });

  it('puts a cache on top of the defaults, and those under every other name', () => {
    const { cache, cacheNames } = resolveOptions({
      defaults: { ttl: '5m', tiers: 'local', maximumSize: 10 },
      caches: { book: { ttl: '1h', type: Book, topic: 'books', tiers: undefined }, author: {} },
    });
    expect(cacheNames).to.deep.equal(['book', 'author']);
    expect(cache('book')).to.deep.include({
      ttlMs: 3_600_000,
      nullTtlMs: 3_600_000,
      tiers: 'local',
      maximumSize: 10,
      type: Book,
      topic: 'books',
    });
    for (const name of ['author', 'unknown']) expect(cache(name)).to.deep.include({ ttlMs: 300_000, nullTtlMs: 300_000, topic: undefined });
  });

  it('takes nulls to live as long as the rest, unless told otherwise where the rest is not', () => {
    const { cache } = resolveOptions({ defaults: { nullTtl: '1s' }, caches: { book: { ttl: '1h' }, author: { nullTtl: 0 } } });
    expect([cache('book').nullTtlMs, cache('author').nullTtlMs, cache('other').nullTtlMs]).to.deep.equal([1_000, 0, 1_000]);
  });

  it('reads the forms in which freshness and versions are written; 0 turns each off', () => {
    const { cache } = resolveOptions({
      defaults: { ttl: '1m', staleIfError: '1h', refreshAfter: '30s', loadTimeout: '2s', version: 7 },
      caches: {
        book: { staleIfError: { for: '10m', retryAfter: '5s' }, version: 'v2' },
        author: { staleIfError: 0, refreshAfter: 0, loadTimeout: 0 },
        endless: { ttl: 0, refreshAfter: '1h' },
      },
    });
    const staleIfError = (forMs: number, retryAfterMs: number): object => ({ forMs, when: undefined, retryAfterMs });
    expect(cache('any')).to.deep.include({
      ...{ staleIfError: staleIfError(3_600_000, 1_000), refreshAfterMs: 30_000, loadTimeoutMs: 2_000, version: '7' },
    });
    expect(cache('book')).to.deep.include({ staleIfError: staleIfError(600_000, 5_000), version: 'v2' });
    expect(cache('author')).to.deep.include({ staleIfError: undefined, refreshAfterMs: 0, loadTimeoutMs: 0, version: '7' });
    expect(cache('endless')).to.deep.include({ ttlMs: 0, refreshAfterMs: 3_600_000 });
  });

  it('is frozen, and follows no later change of what it was given', () => {
    const options = { caches: { book: { ttl: 5 } } };
    const resolved = resolveOptions(options);
    options.caches.book.ttl = 7;
    expect(resolved.cache('book').ttlMs).to.equal(5);
    for (const part of [resolved, resolved.cacheNames, resolved.cache('book'), resolved.cache('other')])
      expect(Object.isFrozen(part)).to.equal(true);
  });

  const name = "1 to 128 of the characters A-Z, a-z, 0-9, '_', '.' and '-'";
  const colon = "In Redis ':' separates namespace, cache and key. Write '.' instead: `books.details` for Spring's `books::details`.";
  const duration = (least: string, most = '24 hours'): string => `a duration, ${least} and at most ${most}, such as 500, '60s' or '5m'`;
  const notNegative = duration('not negative', '10 years');
  const count = (most: number): string => `a whole number from 1 to ${most}`;
  const wrong: readonly (readonly [options: unknown, complaint: string])[] = [
    [null, 'Expected `options` to be an object, got `null` (object).'],
    [[], 'Expected `options` to be an object, got `` (object).'],
    ['redis://host', 'Expected `options` to be an object, got `redis://host` (string).'],
    [
      { url: 'redis://host' },
      'Unknown option `url`. Known here: enabled, redis, credentials, namespace, caches, defaults, dynamic, maximumDynamicCaches, buckets, instanceId, bound, timeout, deadline, fillLease, intentLease, connectTimeout, failFast, logger, clock.',
    ],
    [
      { defaults: { ttlMs: 5 } },
      'Unknown option `defaults.ttlMs`. Known here: ttl, localTtl, nullTtl, ttlJitter, maximumSize, tiers, topic, type, copy, tags, version, staleIfError, refreshAfter, loadTimeout, allowNullValues, whenDisconnected, unacknowledged, maximumValueSize.',
    ],
    [
      { caches: { book: { size: 5 } } },
      'Unknown option `caches.book.size`. Known here: ttl, localTtl, nullTtl, ttlJitter, maximumSize, tiers, topic, type, copy, tags, version, staleIfError, refreshAfter, loadTimeout, allowNullValues, whenDisconnected, unacknowledged, maximumValueSize.',
    ],
    [{ caches: null }, 'Expected `caches` to be an object of cache names, got `null` (object).'],
    [{ caches: 'book' }, 'Expected `caches` to be an object of cache names, got `book` (string).'],
    [{ caches: ['book'] }, 'Expected `caches` to be an object of cache names, got `book` (object).'],
    [{ caches: { book: '60s' } }, 'Expected `caches.book` to be an object, got `60s` (string).'],
    [{ caches: { book: undefined } }, 'Expected `caches.book` to be an object, got `undefined` (undefined).'],
    [{ caches: { 'books::details': {} } }, `Expected \`cache name\` to be ${name}, got \`books::details\` (string). ${colon}`],
    [{ namespace: 'a:b' }, `Expected \`namespace\` to be ${name}, got \`a:b\` (string). ${colon}`],
    [{ caches: { '': {} } }, `Expected \`cache name\` to be ${name}, got an empty string.`],
    [{ defaults: null }, 'Expected `defaults` to be an object, got `null` (object).'],
    [{ namespace: '' }, `Expected \`namespace\` to be ${name}, got an empty string.`],
    [{ namespace: 'a b' }, `Expected \`namespace\` to be ${name}, got \`a b\` (string).`],
    [{ namespace: 'line\n' }, `Expected \`namespace\` to be ${name}, got \`line\\u000a\` (string).`],
    [{ namespace: 'x'.repeat(129) }, `Expected \`namespace\` to be ${name}, got \`${'x'.repeat(129)}\` (string).`],
    [{ instanceId: 'a|b' }, `Expected \`instanceId\` to be ${name}, got \`a|b\` (string).`],
    [{ instanceId: 7 }, `Expected \`instanceId\` to be ${name}, got \`7\` (number).`],
    [{ dynamic: 'no' }, 'Expected `dynamic` to be a boolean, got `no` (string).'],
    [{ maximumDynamicCaches: 0 }, `Expected \`maximumDynamicCaches\` to be ${count(Number.MAX_SAFE_INTEGER)}, got \`0\` (number).`],
    [
      JSON.parse('{"__proto__": 1}'),
      'Unknown option `__proto__`. Known here: enabled, redis, credentials, namespace, caches, defaults, dynamic, maximumDynamicCaches, buckets, instanceId, bound, timeout, deadline, fillLease, intentLease, connectTimeout, failFast, logger, clock.',
    ],
    [{ buckets: 0 }, `Expected \`buckets\` to be ${count(64)}, got \`0\` (number).`],
    [{ buckets: 65 }, `Expected \`buckets\` to be ${count(64)}, got \`65\` (number).`],
    [{ failFast: 0 }, 'Expected `failFast` to be a boolean, got `0` (number).'],
    [{ bound: 49 }, `Expected \`bound\` to be ${duration('at least 50 ms')}, got \`49\` (number).`],
    [{ bound: '1 s' }, `Expected \`bound\` to be ${duration('at least 50 ms')}, got \`1 s\` (string).`],
    [{ bound: '25d' }, `Expected \`bound\` to be ${duration('at least 50 ms')}, got \`25d\` (string).`],
    [{ timeout: '2d' }, `Expected \`timeout\` to be ${duration('at least 1 ms')}, got \`2d\` (string).`],
    [{ deadline: 86_400_001 }, `Expected \`deadline\` to be ${duration('at least 1 ms')}, got \`86400001\` (number).`],
    [{ connectTimeout: '30d' }, `Expected \`connectTimeout\` to be ${duration('at least 1 ms')}, got \`30d\` (string).`],
    [{ timeout: 0 }, `Expected \`timeout\` to be ${duration('at least 1 ms')}, got \`0\` (number).`],
    [{ deadline: -1 }, `Expected \`deadline\` to be ${duration('at least 1 ms')}, got \`-1\` (number).`],
    [{ deadline: 499 }, 'Expected `deadline` to be at least twice `timeout` (250 ms), got `499` (number).'],
    [{ timeout: '2s' }, 'Expected `deadline` to be at least twice `timeout` (2000 ms), got `1s` (string).'],
    [{ fillLease: 0 }, `Expected \`fillLease\` to be ${duration('at least 1 ms', '10 years')}, got \`0\` (number).`],
    [{ connectTimeout: Infinity }, `Expected \`connectTimeout\` to be ${duration('at least 1 ms')}, got \`Infinity\` (number).`],
    [{ clock: {} }, 'Expected `clock` to be an object with a method `now`, got `[object Object]` (object).'],
    [{ clock: 5 }, 'Expected `clock` to be an object with a method `now`, got `5` (number).'],
    [{ defaults: { ttl: -1 } }, `Expected \`defaults.ttl\` to be ${notNegative}, got \`-1\` (number).`],
    [{ caches: { book: { ttl: '1w' } } }, `Expected \`caches.book.ttl\` to be ${notNegative}, got \`1w\` (string).`],
    [{ caches: { book: { localTtl: null } } }, `Expected \`caches.book.localTtl\` to be ${notNegative}, got \`null\` (object).`],
    [{ caches: { book: { nullTtl: NaN } } }, `Expected \`caches.book.nullTtl\` to be ${notNegative}, got \`NaN\` (number).`],
    [{ defaults: { maximumSize: 0 } }, `Expected \`defaults.maximumSize\` to be ${count(LARGEST_MAXIMUM_SIZE)}, got \`0\` (number).`],
    [{ defaults: { maximumSize: 1.5 } }, `Expected \`defaults.maximumSize\` to be ${count(LARGEST_MAXIMUM_SIZE)}, got \`1.5\` (number).`],
    [{ defaults: { maximumSize: '9' } }, `Expected \`defaults.maximumSize\` to be ${count(LARGEST_MAXIMUM_SIZE)}, got \`9\` (string).`],
    [
      { defaults: { maximumSize: LARGEST_MAXIMUM_SIZE + 1 } },
      `Expected \`defaults.maximumSize\` to be ${count(LARGEST_MAXIMUM_SIZE)}, got \`${LARGEST_MAXIMUM_SIZE + 1}\` (number).`,
    ],
    [
      { defaults: { maximumValueSize: 0 } },
      `Expected \`defaults.maximumValueSize\` to be ${count(Number.MAX_SAFE_INTEGER)}, got \`0\` (number).`,
    ],
    [{ defaults: { tiers: 'all' } }, "Expected `defaults.tiers` to be one of 'both', 'local', 'remote', got `all` (string)."],
    [{ defaults: { copy: true } }, "Expected `defaults.copy` to be one of 'freeze', 'clone', 'share', got `true` (boolean)."],
    [
      { defaults: { whenDisconnected: 'stale' } },
      "Expected `defaults.whenDisconnected` to be one of 'bypass', 'serve', got `stale` (string).",
    ],
    [{ defaults: { staleIfError: -1 } }, `Expected \`defaults.staleIfError\` to be ${notNegative}, got \`-1\` (number).`],
    [{ defaults: { staleIfError: { for: '1w' } } }, `Expected \`defaults.staleIfError.for\` to be ${notNegative}, got \`1w\` (string).`],
    [{ defaults: { staleIfError: { for: 5, when: true } } }, 'Expected `defaults.staleIfError.when` to be a function, got boolean.'],
    [
      { defaults: { staleIfError: { for: 5, retryAfter: -1 } } },
      `Expected \`defaults.staleIfError.retryAfter\` to be ${notNegative}, got \`-1\` (number).`,
    ],
    [
      { defaults: { staleIfError: { for: 5, until: 6 } } },
      'Unknown option `defaults.staleIfError.until`. Known here: for, when, retryAfter.',
    ],
    [
      { defaults: { refreshAfter: '60s' } },
      'Expected `defaults.refreshAfter` to be less than `ttl` (60000 ms), got `60s` (string). A value is loaded anew while it is still served.',
    ],
    [{ defaults: { loadTimeout: '2d' } }, `Expected \`defaults.loadTimeout\` to be ${duration('not negative')}, got \`2d\` (string).`],
    [{ defaults: { version: 'a b' } }, `Expected \`defaults.version\` to be a whole number, or ${name}, got \`a b\` (string).`],
    [{ defaults: { version: 1.5 } }, `Expected \`defaults.version\` to be a whole number, or ${name}, got \`1.5\` (number).`],
    [{ defaults: { topic: '' } }, 'Expected `defaults.topic` to be a non-empty string, got an empty string.'],
    [{ caches: { book: { topic: 5 } } }, 'Expected `caches.book.topic` to be a non-empty string, got `5` (number).'],
    [
      { caches: { book: { type: 'Book' } } },
      'Expected `caches.book.type` to be a class that keeps its state in fields, got `Book`. For several classes give an object of them, as in `{ Order, Line }`. Dates, maps, sets and plain objects need no `type`.',
    ],
    [{ defaults: { allowNullValues: 1 } }, 'Expected `defaults.allowNullValues` to be a boolean, got `1` (number).'],
  ];
  for (const [options, complaint] of wrong) {
    it(`refuses ${JSON.stringify(options)?.slice(0, 60)}: ${complaint.slice(0, 70)}…`, () => {
      const error = cacheErrorIn(() => resolveOptions(options as CachingOptions));
      expect(error).to.be.instanceOf(CacheConfigurationError);
      expect([error.code, error.message]).to.deep.equal(['CACHE_OPTION_INVALID', complaint]);
    });
  }

  it('does not repeat a URL it finds in the wrong place when it may hold a password', () => {
    for (const url of ['redis://user:secret@host', 'redis://user:se/cr@et@host', 'redis://secret#@host', 'user:secret@host']) {
      const wrongly = [
        { namespace: url }, url, { instanceId: url }, { [url]: 1 }, { caches: url }, { caches: { [url]: {} } }, { caches: { book: { [url]: 1 } } }, { defaults: url },
        { dynamic: url }, { buckets: url }, { bound: url }, { timeout: url }, { clock: url }, { failFast: url }, { enabled: url }, { maximumDynamicCaches: url },
        { defaults: { ttl: url } }, { defaults: { ttlJitter: url } }, { defaults: { maximumSize: url } }, { defaults: { tiers: url } }, { defaults: { type: url } }, { defaults: { copy: [url] } },
      ]; // prettier-ignore
      for (const options of wrongly) {
        expect(inspect(cacheErrorIn(() => resolveOptions(options as CachingOptions))), JSON.stringify(options)).not.to.match(
          /secret|se.cr@et/,
        );
      }
    }
  });
});

describe(checkCacheName.name, () => {
  it('gives a good name back', () => {
    for (const good of [
      'book',
      'Book_2.v-1',
      'x'.repeat(128),
      '...',
      '.hidden',
      'a..b',
      '-',
      '_',
      '0',
      '__proto',
      'prototype',
      'Constructor',
      'then',
      'toJSON',
      'null',
      'undefined',
      'length',
    ])
      expect(checkCacheName(good)).to.equal(good);
  });

  const bad: readonly unknown[] = [
    ...Object.getOwnPropertyNames(Object.prototype),
    '.', '..', '', ' ', ' book', 'book ', 'book\n', '\nbook', 'a\u0000b', 'a\u001bb', 'a\u007fb', 'a\u009bb', 'a\u202eb', 'a\u2066b', 'a\u200bb', '\ufeffbook', 'a\u2028b',
    'a:b', 'a/b', '/', '../a', 'a\\b', 'a%2fb', 'a?b', 'a#b', '{a}', 'a*', "a'b", 'a"b', 'a\ud800', '書', 'ｂook', 'x'.repeat(129), 'x'.repeat(1_000_000),
    undefined, null, 7, {}, ['book'], Symbol('book'), Object.create(null),
  ]; // prettier-ignore
  for (const name of bad) {
    it(`refuses ${inspect(name, { maxStringLength: 20 })}, also for namespaces and instances`, () => {
      const options = [
        { namespace: name },
        { instanceId: name },
        ...(typeof name === 'string' ? [{ caches: Object.fromEntries([[name, {}]]) }] : []),
      ];
      const errors = [
        cacheErrorIn(() => checkCacheName(name)),
        ...options.flatMap((each) =>
          Object.values(each)[0] === undefined || Object.values(each)[0] === null
            ? []
            : [cacheErrorIn(() => resolveOptions(each as CachingOptions))],
        ),
      ];
      for (const error of errors) {
        expect(error.code).to.equal('CACHE_OPTION_INVALID');
        expect(error.message).to.match(
          /^Expected `(cache name|namespace|instanceId)` to be .+, got (?:an empty string|`.*` \(\w+\))\.( In Redis ':' separates .*)?$/,
        );
        expect(error.message.length).to.be.below(500);
        expect(error.message).to.match(/^[^\p{C}]*$/u);
      }
    });
  }
});
