import { expect } from 'chai';
import sinon from 'sinon';
import {
  type CacheErrorHandler,
  CacheEvents,
  CacheEvictError,
  CacheValueError,
  FailOpenCacheErrorHandler,
  LoggingCacheErrorHandler,
  RemoteCacheError,
  SimpleCacheErrorHandler,
} from '../../lib/index.js';
import { MapCache } from '../support/map-cache.js';

const error = new Error('away');
const book = new MapCache('book');

const verbs: Record<string, (handler: CacheErrorHandler) => void> = {
  get: (handler) => handler.handleCacheGetError(error, book, 'Dune'),
  put: (handler) => handler.handleCachePutError(error, book, ['Dune', 1n], 'secret value'),
  evict: (handler) => handler.handleCacheEvictError(error, book, undefined),
  clear: (handler) => handler.handleCacheClearError(error, book),
  publish: (handler) => handler.handlePublishError(error, 'book-channel'),
  receive: (handler) => handler.handleReceiveError(error, 'book-channel'),
};

const thrownBy = (handler: CacheErrorHandler): string[] =>
  Object.keys(verbs).filter((verb) => {
    try {
      verbs[verb]!(handler);
      return false;
    } catch (thrown) {
      expect(thrown).to.equal(error);
      return true;
    }
  });

describe(SimpleCacheErrorHandler.name, () => {
  it('throws everything on', () => {
    expect(thrownBy(new SimpleCacheErrorHandler())).to.deep.equal(['get', 'put', 'evict', 'clear', 'publish', 'receive']);
  });
});

describe(FailOpenCacheErrorHandler.name, () => {
  it('throws on nothing but failed evictions', () => {
    expect(thrownBy(new FailOpenCacheErrorHandler())).to.deep.equal(['evict', 'clear']);
  });

  it('tells of values that cannot be stored, and leaves a remote tier that is away to its connection', () => {
    const events = new CacheEvents();
    const told: unknown[] = [];
    events.on('error', (event) => void told.push(event));
    const handler = new FailOpenCacheErrorHandler(events);
    const unsupported = new CacheValueError('CACHE_VALUE_UNSUPPORTED', 'The remote tier cannot store a symbol.');
    handler.handleCachePutError(unsupported, book);
    handler.handleCachePutError(new RemoteCacheError('CACHE_REMOTE_TIMEOUT', 'late'), book);
    expect(told).to.deep.equal([{ where: "put in cache 'book'", error: unsupported, cache: 'book' }]);
  });
});

const failOpen: readonly CacheErrorHandler[] = [new FailOpenCacheErrorHandler(), new LoggingCacheErrorHandler({ log: () => undefined })];
for (const handler of failOpen) {
  describe(handler.constructor.name, () => {
    it('throws on a failed put whose eviction was not acknowledged: the old value may be read', () => {
      const unacknowledged = new CacheEvictError('book', 'not acknowledged');
      expect(() => handler.handleCachePutError(unacknowledged, book, 'Dune', 'new')).to.throw(CacheEvictError, 'not acknowledged');
    });
  });
}

describe(LoggingCacheErrorHandler.name, () => {
  it('throws what the default throws, and writes a line for each', () => {
    const log = sinon.fake();
    expect(thrownBy(new LoggingCacheErrorHandler({ log }))).to.deep.equal(['evict', 'clear']);
    expect(log.args).to.deep.equal([
      [`Cache 'book' failed to get entry with key 'Dune': away`],
      [`Cache 'book' failed to put entry with key '~["Dune",1n]': away`],
      [`Cache 'book' failed to evict entry with key '~undefined': away`],
      [`Cache 'book' failed to clear entries: away`],
      [`Topic 'book-channel' failed to publish a message: away`],
      [`Topic 'book-channel' failed to apply a message: away`],
    ]);
  });

  it('tells the number 1 and the text 1 apart, as Redis and messages do', () => {
    const log = sinon.fake();
    for (const key of [1, '1', '~1', true]) new LoggingCacheErrorHandler({ log }).handleCacheGetError(error, book, key);
    expect(log.args.map(([line]) => /key (.*):/.exec(line as string)?.[1])).to.deep.equal([`'~1'`, `'1'`, `'~"~1"'`, `'~true'`]);
  });

  it('tells why Redis did not acknowledge, without another word of the key', () => {
    const log = sinon.fake();
    const cause = new RemoteCacheError(
      'CACHE_REMOTE_FAILED',
      "Redis at redis:6379 failed at 'evict': NOPERM this user has no permissions",
      {
        cause: new Error('NOPERM this user has no permissions'),
      },
    );
    const unacknowledged = new CacheEvictError('book', "Redis did not acknowledge evicting key 'Dune' in cache 'book'.", {
      hint: 'Wait.',
      cause,
    });
    for (const keys of [true, false]) {
      const evict = (): void => new LoggingCacheErrorHandler({ log, keys }).handleCacheEvictError(unacknowledged, book, 'Dune');
      expect(evict).to.throw(CacheEvictError);
    }
    const reason = "Redis at redis:6379 failed at 'evict': NOPERM this user has no permissions";
    expect(log.args).to.deep.equal([
      [`Cache 'book' failed to evict entry with key 'Dune': ${reason}`],
      [`Cache 'book' failed to evict entry: ${reason}`],
    ]);
  });

  it('passes the error on with stack traces', () => {
    const log = sinon.fake();
    verbs['get']!(new LoggingCacheErrorHandler({ log, stackTraces: true }));
    expect(log.args).to.deep.equal([[`Cache 'book' failed to get entry with key 'Dune': away`, error]]);
  });

  it('leaves keys out where they tell on people', () => {
    const log = sinon.fake();
    verbs['put']!(new LoggingCacheErrorHandler({ log, keys: false }));
    expect(log.args).to.deep.equal([[`Cache 'book' failed to put entry: away`]]);
  });

  it('writes one printable line of bounded length, whatever is in the key, the cache or the topic', () => {
    const hostile = '\u0000\u001b[2J\u007f\u009b\u202e\u2066\u061c\u2028\ufeff\u200b\ud800';
    const keys = [hostile, hostile.repeat(20_000), 'x'.repeat(300_000), [hostile], { [hostile]: hostile.repeat(20_000) }, 10n ** 5_000n];
    const log = sinon.fake();
    const handler = new LoggingCacheErrorHandler({ log });
    for (const key of keys) {
      handler.handleCacheGetError(error, book, key);
      handler.handleCachePutError(error, book, key);
      expect(() => handler.handleCacheEvictError(error, book, key)).to.throw('away');
    }
    for (const name of [hostile, hostile.repeat(20_000)]) {
      handler.handleCacheGetError(error, new MapCache(name), 'Dune');
      expect(() => handler.handleCacheClearError(error, new MapCache(name))).to.throw('away');
      handler.handlePublishError(error, name);
      handler.handleReceiveError(error, name);
    }
    expect(log.callCount).to.equal(3 * keys.length + 8);
    for (const [line] of log.args as [string][]) {
      expect(line).to.not.match(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      expect(line.length).to.be.at.most(30_000);
    }
    expect(log.args[6]![0]).to.match(/^Cache 'book' failed to get entry with key '~#\S{10,200}': away$/); // As in Redis: its digest.
  });

  it('survives a key that cannot be printed', () => {
    const log = sinon.fake();
    const cycle: any[] = [];
    cycle.push(cycle);
    new LoggingCacheErrorHandler({ log }).handleCacheGetError(error, book, cycle);
    expect(log.args).to.deep.equal([[`Cache 'book' failed to get entry with a key that cannot be written: away`]]);
  });

  it('writes to console.warn by default', () => {
    const warn = sinon.stub(console, 'warn');
    try {
      verbs['clear']!(new LoggingCacheErrorHandler());
    } catch {
      // Failed evictions are thrown on.
    } finally {
      warn.restore();
    }
    expect(warn.args).to.deep.equal([[`Cache 'book' failed to clear entries: away`]]);
  });
});
