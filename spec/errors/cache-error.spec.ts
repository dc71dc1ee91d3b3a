import { expect } from 'chai';
import {
  CacheConfigurationError,
  CacheError,
  CacheEvictError,
  CacheKeyError,
  CacheLoadTimeoutError,
  CacheStoppedError,
  CacheTransactionError,
  CacheValueError,
  RemoteCacheError,
  TopicError,
} from '../../lib/errors/index.js';

describe(CacheError.name, () => {
  const cause = new Error('underneath');
  const all: readonly CacheError[] = [
    new CacheConfigurationError('CACHE_OPTION_INVALID', 'Said.', { hint: 'Do.', cause }),
    new CacheKeyError('CACHE_KEY_UNDEFINED', 'Said.', { hint: 'Do.', cause }),
    new CacheValueError('CACHE_VALUE_NULL', 'Said.', { hint: 'Do.', cause }),
    new RemoteCacheError('CACHE_REMOTE_FAILED', 'Said.', { hint: 'Do.', cause }),
    new TopicError('TOPIC_PUBLISH_FAILED', 'Said.', { hint: 'Do.', cause }),
    new CacheEvictError('book', 'Said.', { hint: 'Do.', cause }),
    new CacheStoppedError('Said.', { hint: 'Do.', cause }),
    new CacheLoadTimeoutError('Said.', { hint: 'Do.', cause }),
    new CacheTransactionError('CACHE_TRANSACTION_INACTIVE', 'Said.', { hint: 'Do.', cause }),
  ];

  for (const error of all) {
    it(`is what ${error.constructor.name} is: named, with code, hint and cause`, () => {
      expect(error).to.be.instanceOf(CacheError).and.instanceOf(Error);
      expect(error.name).to.equal(error.constructor.name);
      expect([error.message, error.hint, error.cause]).to.deep.equal(['Said. Do.', 'Do.', cause]);
      expect(error.stack).to.include(`${error.name}: Said. Do.`);
      expect(error.stack).to.include('cache-error.spec');
    });

    it(`may carry what a method returned, as ${error.constructor.name}`, () => {
      expect('result' in error).to.equal(false);
      const carrying = error.withResult(undefined);
      expect(carrying).to.be.instanceOf(error.constructor).and.not.equal(error);
      expect([carrying.message, carrying.hint, carrying.cause, carrying.code]).to.deep.equal([error.message, 'Do.', cause, error.code]);
      expect('result' in carrying).to.equal(true);
      expect(error.withResult('Dune').result).to.equal('Dune');
    });
  }

  it('has neither hint nor cause unless given', () => {
    const error = new TopicError('TOPIC_PUBLISH_FAILED', 'Said.');
    expect([error.message, error.hint, 'cause' in error]).to.deep.equal(['Said.', undefined, false]);
  });

  it('says nothing that could drive a terminal, and not endlessly much, whatever is in a key', () => {
    const hostile = `\u001b]0;gone\u0007\u009b2J\u202ekey\u2028${'x'.repeat(300_000)}`;
    const error = new CacheKeyError('CACHE_KEY_UNSUPPORTED', `Key '${hostile}' is none.`, { hint: `Not '${hostile}'.` }).of('get', 'book');
    for (const text of [error.message, error.hint, error.stack?.split('\n')[0], String(error)]) {
      expect(text).to.not.match(/[\p{Cc}\p{Cf}\p{Zl}]/u);
      expect(text?.length).to.be.at.most(10_000);
    }
    expect(error.message).to.include("Key '\\u001b]0;gone\\u0007\\u009b2J\\u202ekey\\u2028xx").and.include("(get, cache 'book')");
  });

  it('leaves the error underneath as it was thrown', () => {
    const raw = new Error('a\u001b[2J');
    expect(new RemoteCacheError('CACHE_REMOTE_FAILED', 'Said.', { cause: raw }).cause).to.equal(raw);
    expect(raw.message).to.equal('a\u001b[2J');
  });

  describe('is', () => {
    it('knows its own', () => {
      for (const error of all) expect(CacheError.is(error)).to.equal(true);
    });

    it('knows those of another installed copy, by a brand that does not show', async () => {
      const url = new URL('../../lib/errors/topic-error.js', import.meta.url);
      const other = (await import(`${url.href}?copy`)) as typeof import('../../lib/errors/topic-error.js');
      const error = new other.TopicError('TOPIC_PUBLISH_FAILED', 'From elsewhere.');
      expect(CacheError.is(error)).to.equal(true);
      const foreign: unknown = Object.defineProperty(new Error('branded'), Symbol.for('inversify-cache/CacheError'), { value: true });
      expect([foreign instanceof CacheError, CacheError.is(foreign)]).to.deep.equal([false, true]);
      expect(Object.keys(error)).to.have.members(['code', 'hint', 'name']);
    });

    it('takes nothing else for one', () => {
      const brand = Symbol.for('inversify-cache/CacheError');
      for (const other of [
        undefined,
        null,
        'CACHE_STOPPED',
        7,
        new Error('no'),
        { code: 'CACHE_STOPPED' },
        { [brand]: 'yes' },
        () => undefined,
      ]) {
        expect(CacheError.is(other)).to.equal(false);
      }
    });
  });
});

describe(CacheEvictError.name, () => {
  it('carries the cache, and what the method returned', () => {
    const cause = new Error('away');
    const error = new CacheEvictError('book', 'Not acknowledged.', { hint: 'It is retried.', cause });
    expect([error.code, error.cacheName, 'result' in error]).to.deep.equal(['CACHE_EVICT_UNACKNOWLEDGED', 'book', false]);
    const result = { title: 'Dune' };
    const withResult = error.withResult(result);
    expect(withResult.result).to.equal(result);
    expect([withResult.cacheName, withResult.message, withResult.hint, withResult.cause]).to.deep.equal([
      'book',
      'Not acknowledged. It is retried.',
      'It is retried.',
      cause,
    ]);
  });

  it('becomes the cause of the one with a result when it has none itself', () => {
    const error = new CacheEvictError('book', 'Not acknowledged.');
    expect(error.withResult(1).cause).to.equal(error);
  });
});
