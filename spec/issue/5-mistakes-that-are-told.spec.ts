/**
 * What happened to somebody new: one of four decorators named the cache `boook`, and its eviction evicted nothing. A key generator was rebound
 * after the first call, and nothing changed. A singleton was resolved before `enableCaching`, and was never cached. Nothing said so.
 *
 * Decided: each is a warning that says what to do. `CACHE_ENABLED=false` switches caching off, for operators.
 */
import { expect } from 'chai';
import { Container, injectable } from 'inversify';
import sinon from 'sinon';
import {
  Cacheable,
  CacheErrorHandler,
  CacheEvict,
  CacheManager,
  CachePut,
  CacheResolver,
  type CachingOptions,
  cachingModule,
  enableCaching,
  FailOpenCacheErrorHandler,
  KeyGenerator,
  NoOpCacheManager,
  SimpleCacheResolver,
  SimpleKeyGenerator,
} from '../../lib/index.js';
import { cacheErrorOf } from '../contract/rejection.js';
import { turn } from '../support/promises.js';
import { ownNamespace } from '../support/shared-redis.js';

class Books {
  runs = 0;

  @Cacheable('book')
  async find(_id: number): Promise<number> {
    return (this.runs += 1);
  }

  @CachePut('book', { key: (id) => id })
  async save(id: number): Promise<number> {
    return id;
  }

  @CacheEvict('boook')
  async remove(_id: number): Promise<void> {}

  @CacheEvict('list', { allEntries: true })
  async removeAll(): Promise<void> {}
}
injectable()(Books);

describe('Issue 5: a mistake', () => {
  let container: Container;
  let emitWarning: sinon.SinonStub;
  let namespace: string;
  const warned = (code: string): string[] =>
    emitWarning.args.filter(([, options]) => (options as { code: string }).code === code).map(([message]) => message as string);

  beforeEach(() => {
    container = new Container();
    namespace = ownNamespace('mistakes');
    container.bind(Books).toSelf().inSingletonScope();
    emitWarning = sinon.stub(process, 'emitWarning');
  });
  afterEach(async () => {
    await container.unbindAllAsync();
    await turn();
    emitWarning.restore();
  });

  describe('in a name', () => {
    it('that one operation alone uses, one letter away from one that several use, is told at start', async () => {
      await enableCaching(container, { namespace });
      expect(warned('CACHE_NAME_DOUBTFUL')).to.deep.equal([
        "@CacheEvict on Books.remove alone names the cache 'boook'; several others name 'book'.",
      ]);
    });

    for (const caches of [{ boook: {} }, { boook: {}, book: {} }, { book: {} }] as CachingOptions['caches'][]) {
      it(`is none where \`caches\` has ${Object.keys(caches!).join(' and ')}`, async () => {
        await enableCaching(container, { namespace, caches });
        expect(warned('CACHE_NAME_DOUBTFUL')).to.deep.equal([]);
      });
    }

    it('is not seen in classes that are not bound', async () => {
      const other = new Container();
      await enableCaching(other);
      expect(warned('CACHE_NAME_DOUBTFUL')).to.deep.equal([]);
      await other.unbindAllAsync();
    });
  });

  describe('of time', () => {
    const parts = [
      [KeyGenerator, new SimpleKeyGenerator(), 'KeyGenerator'],
      [CacheErrorHandler, new FailOpenCacheErrorHandler(), 'CacheErrorHandler'],
      [CacheResolver, new SimpleCacheResolver(new NoOpCacheManager()), 'CacheResolver'],
      [CacheManager, new NoOpCacheManager(), 'CacheManager'],
    ] as const;
    for (const [part, replacement, name] of parts) {
      it(`is to rebind ${name} after its first use`, async () => {
        await enableCaching(container, { namespace });
        await container.get(Books).find(1);
        container.rebind(part as typeof KeyGenerator).toConstantValue(replacement as never);
        await turn();
        expect(warned('CACHE_REBOUND_LATE')).to.deep.equal([
          `${name} was rebound after it had been used. Methods that were called before keep the part that was bound then.`,
        ]);
      });

      it(`is none if ${name} is rebound before`, async () => {
        container.load(cachingModule({ namespace }));
        container.rebind(part as typeof KeyGenerator).toConstantValue(replacement as never);
        await container.get(Books).find(1);
        await turn();
        expect(warned('CACHE_REBOUND_LATE')).to.deep.equal([]);
      });
    }

    it('is none at a shutdown, whether the caches were used or not', async () => {
      await enableCaching(container, { namespace });
      await container.get(Books).find(1);
      await container.unbindAllAsync();
      const other = new Container();
      other.load(cachingModule({ namespace }));
      other.get(KeyGenerator);
      await other.unbindAllAsync();
      await turn();
      expect(emitWarning.args.filter(([, { code }]) => code === 'CACHE_REBOUND_LATE')).to.deep.equal([]);
    });

    it('is to resolve a singleton before `enableCaching`', async () => {
      container.get(Books);
      await enableCaching(container, { namespace });
      expect(warned('CACHE_NOT_WIRED')).to.deep.equal(['Books was resolved before enableCaching, so its calls run uncached.']);
    });

    it('is none for a singleton that is resolved after it, or has no decorated method', async () => {
      class Plain {}
      container.bind(Plain).toSelf().inSingletonScope();
      container.get(Plain);
      await enableCaching(container, { namespace });
      container.get(Books);
      expect(warned('CACHE_NOT_WIRED')).to.deep.equal([]);
    });
  });

  describe('of an operator, who sets CACHE_ENABLED', () => {
    const before = process.env['CACHE_ENABLED'];
    afterEach(() => {
      if (before === undefined) delete process.env['CACHE_ENABLED'];
      else process.env['CACHE_ENABLED'] = before;
    });

    for (const text of ['false', ' FALSE ', '0', 'off', 'no']) {
      it(`to '${text}', is none: caching is off, whatever the program says`, async () => {
        process.env['CACHE_ENABLED'] = text;
        await enableCaching(container, { enabled: true, redis: 'redis://127.0.0.1:1' });
        const books = container.get(Books);
        expect([await books.find(1), await books.find(1)]).to.deep.equal([1, 2]);
      });
    }

    for (const text of ['', 'true', '1']) {
      it(`to '${text}', is none either: the program decides`, async () => {
        process.env['CACHE_ENABLED'] = text;
        await enableCaching(container, { namespace });
        const books = container.get(Books);
        expect([await books.find(1), await books.find(1)]).to.deep.equal([1, 1]);
      });
    }

    it('to what means neither, is refused at start', async () => {
      process.env['CACHE_ENABLED'] = 'flase';
      const error = await cacheErrorOf(enableCaching(container, { namespace }));
      expect([error.code, error.message]).to.deep.equal([
        'CACHE_OPTION_INVALID',
        'Expected the environment variable CACHE_ENABLED to be `true` or `false`, got `flase`.',
      ]);
    });
  });
});
