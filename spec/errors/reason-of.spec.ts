import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { CacheEvictError, CacheStoppedError, CacheValueError, isError, reasonOf, RemoteCacheError } from '../../lib/errors/index.js';

const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:6379'), { code: 'ECONNREFUSED' });
const away = new RemoteCacheError('CACHE_REMOTE_UNAVAILABLE', "Redis at redis:6379 is away: 'get' was not sent.", { cause: refused });

describe(reasonOf.name, () => {
  it('gives the words of an error and of its causes', () => {
    expect(reasonOf(away)).to.equal("Redis at redis:6379 is away: 'get' was not sent (connect ECONNREFUSED 127.0.0.1:6379)");
    expect(reasonOf(refused)).to.equal('connect ECONNREFUSED 127.0.0.1:6379');
  });

  it('does not repeat what an error says of its cause', () => {
    const cause = new Error('NOPERM No permissions to access a key');
    const failed = new RemoteCacheError('CACHE_REMOTE_FAILED', `Redis at redis:6379 failed at 'evict': ${cause.message}`, { cause });
    expect(reasonOf(failed)).to.equal("Redis at redis:6379 failed at 'evict': NOPERM No permissions to access a key");
  });

  it('leaves the hint out', () => {
    const unsupported = new CacheValueError('CACHE_VALUE_UNSUPPORTED', 'The remote tier cannot store a function.', {
      hint: 'Return data.',
    });
    expect(reasonOf(unsupported)).to.equal('The remote tier cannot store a function');
  });

  it('gives the cause alone of an eviction that was not acknowledged: its own words name the key', () => {
    const pending = new CacheEvictError('book', "Redis did not acknowledge evicting key '~1'.", { cause: away });
    const stopped = new CacheStoppedError("Cache 'book' was stopped: Redis has not acknowledged evicting key '~1'.", { cause: away });
    for (const error of [pending, pending.withResult(1), stopped]) expect(reasonOf(error)).to.equal(reasonOf(away));
    expect(reasonOf(new CacheStoppedError("Cache 'book' was stopped."))).to.equal("Cache 'book' was stopped");
  });

  it('says one reason where each address of a host has one', () => {
    expect(reasonOf(new AggregateError([refused, new Error('connect EHOSTUNREACH')]))).to.equal(refused.message);
  });

  it('finds words for anything', () => {
    const reasons = [undefined, null, 'late', 5, Object.create(null), new TypeError(''), new Error('')].map(reasonOf);
    expect(reasons).to.deep.equal(['it gave no reason', 'null', 'late', '5', 'object', 'TypeError', 'Error']);
  });

  it('is one printable line of bounded length, without a password', () => {
    expect(reasonOf(new Error('\u001b[2J\nred\u202e'))).to.equal('\\u001b[2J\\u000ared\\u202e');
    expect(reasonOf(new Error('x'.repeat(5_000))).length).to.be.lessThan(1_100);
    expect(reasonOf(new Error('no answer from redis://bob:s3cret@redis:6379/0'))).to.equal('no answer from redis://***@redis:6379/0');
  });

  it('ends with causes that go round in a circle', () => {
    const error = new Error('a');
    error.cause = new Error('b', { cause: error });
    expect(reasonOf(error)).to.equal('a (b)');
  });

  it('knows errors of another realm, as Jest has one for its tests', () => {
    const foreign: unknown = runInNewContext(`new Error('connect ECONNREFUSED', { cause: new Error('inner') })`);
    expect([foreign instanceof Error, isError(foreign), reasonOf(foreign)]).to.deep.equal([false, true, 'connect ECONNREFUSED (inner)']);
    expect([{ message: 'no error' }, 'text', undefined].map(isError)).to.deep.equal([false, false, false]);
  });
});
