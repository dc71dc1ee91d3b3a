import { expect } from 'chai';
import sinon from 'sinon';
import { Cache, type EvictOptions } from '../../lib/cache/index.js';
import { CacheConfigurationError, CacheEvictError } from '../../lib/errors/index.js';
import { rejectionOf } from '../contract/rejection.js';
import { IntentCache } from '../support/intent-cache.js';
import { MapCache } from '../support/map-cache.js';

const boom = new Error('boom');

describe('evictAround', () => {
  let cache: IntentCache;

  beforeEach(() => {
    cache = new IntentCache('book');
  });

  it('runs the work between the intent and its end, and resolves to what the work returns', async () => {
    const work = (): string => {
      cache.log.push('work');
      return 'saved';
    };
    expect(await cache.evictAround(['Dune', 'Emma'], work, { acks: 'all' })).to.equal('saved');
    expect(await cache.evictAround(['Dune'], async () => work())).to.equal('saved');
    expect(cache.log).to.deep.equal([
      'book.intend ["Dune","Emma"]',
      'work',
      'book.end ["Dune","Emma"] all',
      'book.intend ["Dune"]',
      'work',
      'book.end ["Dune"]',
    ]);
  });

  it('ends the intent of work that failed, be it at once or late, and throws the same error', async () => {
    cache.failures.set('end', new CacheEvictError('book', 'not acknowledged'));
    const failing = [
      (): never => {
        throw boom;
      },
      (): Promise<never> => Promise.reject(boom),
    ];
    for (const work of failing) expect(await rejectionOf(cache.evictAround(['Dune'], work))).to.equal(boom);
    expect(cache.log).to.deep.equal([
      'book.intend ["Dune"]',
      'book.end ["Dune"] report',
      'book.intend ["Dune"]',
      'book.end ["Dune"] report',
    ]);
  });

  it('tells of an end that is not acknowledged, with the result', async () => {
    const failure = new CacheEvictError('book', 'not acknowledged');
    cache.failures.set('end', failure);
    const error = (await rejectionOf(cache.evictAround(['Dune'], () => 'saved'))) as CacheEvictError;
    expect([error.message, error.cause, error.result]).to.deep.equal(['not acknowledged', failure, 'saved']);
    cache.failures.set('end', boom);
    expect(await rejectionOf(cache.evictAround(['Dune'], () => 'saved'))).to.equal(boom);
  });

  it('does not begin the work if the intent is refused', async () => {
    cache.failures.set('intend', boom);
    const work = sinon.fake();
    expect(await rejectionOf(cache.evictAround(['Dune'], work))).to.equal(boom);
    expect(work.callCount).to.equal(0);
  });

  for (const options of [{ acks: 'al' }, { unacknowledged: 'repotr' }, { acks: 'all', unacknowledged: 'report' }]) {
    it(`refuses ${JSON.stringify(options)} before anything is done`, async () => {
      const work = sinon.fake();
      const error = await rejectionOf(cache.evictAround(['Dune'], work, options as EvictOptions));
      expect(error).to.be.instanceOf(CacheConfigurationError);
      expect([work.callCount, cache.log]).to.deep.equal([0, []]);
    });
  }

  it('evicts after the work in a cache that implements no intents, or clears', async () => {
    const plain = new MapCache('book');
    const evictAll = sinon.spy(plain, 'evictAll');
    const clear = sinon.spy(plain, 'clear');
    await plain.evictAround(['Dune', 'Emma'], () => expect(evictAll.callCount).to.equal(0), { acks: 'all' });
    expect(evictAll.args).to.deep.equal([[['Dune', 'Emma'], { acks: 'all' }]]);
    const intent = await plain.intend('all');
    expect(clear.callCount).to.equal(0);
    await intent.end({ unacknowledged: 'report' });
    expect(clear.args).to.deep.equal([[{ unacknowledged: 'report' }]]);
    expect(Object.hasOwn(MapCache.prototype, 'intend'), 'a spec of the default').to.equal(false);
    expect(plain).to.be.instanceOf(Cache);
  });
});
