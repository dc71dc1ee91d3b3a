import { expect } from 'chai';
import {
  type Cache,
  Cacheable,
  CacheEvict,
  CachePut,
  runInTransaction,
  TransactionAwareCache,
  TransactionSynchronization,
} from '../../lib/index.js';
import { rejectionOf } from '../contract/rejection.js';
import { onEveryKeptStore } from './stage.js';

describe('9. Transactions', () => {
  onEveryKeptStore((stage) => {
    let cache: Cache;
    let target: Cache;

    /** What is stored, as somebody outside of the transaction sees it. */
    const stored = async (key = 'key'): Promise<unknown> => (await target.get(key))?.value;

    beforeEach(() => {
      cache = stage.cache('testCache');
      ({ target } = cache as TransactionAwareCache);
    });

    it('122 getTargetCache, regularOperationsOnTarget', async () => {
      expect(cache).to.be.instanceOf(TransactionAwareCache);
      expect(target).not.to.equal(cache);
      expect(cache.name).to.equal(target.name);
      await cache.put('key', 'value');
      expect(await cache.get('key')).to.deep.equal({ value: 'value' });
      expect(await target.get('key')).to.deep.equal({ value: 'value' });
      await cache.clear();
      expect(await target.get('key')).to.equal(undefined);
    });

    it('122 getOnExistingCache, getOnNewCache, getOnUnknownCache, getTransactionalOnExistingCache, getTransactionalOnNewCache', async () => {
      for (const name of ['testCache', 'primary', 'secondary'])
        expect(stage.manager.getCache(name)).to.be.instanceOf(TransactionAwareCache);
      const late = stage.manager.getCache('later');
      expect(late).to.be.instanceOf(TransactionAwareCache);
      expect(stage.manager.getCache('later'), 'the same at every call').to.equal(late);
      await stage.open({ dynamic: false });
      expect(stage.manager.getCache('later')).to.equal(undefined);
    });

    const verbs: Readonly<Record<'put' | 'evict' | 'clear', { readonly act: () => Promise<void>; readonly after: unknown }>> = {
      put: { act: () => cache.put('key', 'new'), after: 'new' },
      evict: { act: () => cache.evict('key'), after: undefined },
      clear: { act: () => cache.clear(), after: undefined },
    };
    for (const [verb, { act, after }] of Object.entries(verbs)) {
      it(`123 putNonTransactional, evictNonTransactional, clearNonTransactional: ${verb}`, async () => {
        await target.put('key', 'old');
        await act();
        expect(await stored()).to.equal(after);
      });

      it(`123 putTransactional, evictTransactional, clearTransactional: ${verb}`, async () => {
        await target.put('key', 'old');
        const seen = await runInTransaction(async () => {
          await act();
          return stored();
        });
        expect(seen, 'unchanged until the commit').to.equal('old');
        expect(await stored(), 'and changed right after it').to.equal(after);
      });

      it(`124 rollback applies nothing: ${verb}`, async () => {
        const boom = new Error('rolled back');
        await target.put('key', 'old');
        const failed = runInTransaction(async () => {
          await act();
          throw boom;
        });
        expect(await rejectionOf(failed)).to.equal(boom);
        expect(await stored()).to.equal('old');
      });
    }

    it('124 putIfAbsentNonTransactional, putIfAbsentTransactional', async () => {
      expect(await cache.putIfAbsent('outside', 1)).to.equal(undefined);
      await runInTransaction(async () => {
        expect(await cache.putIfAbsent('key', 'value')).to.equal(undefined);
        expect(await stored()).to.equal('value');
        expect(await cache.putIfAbsent('key', 'other')).to.deep.equal({ value: 'value' });
      });
      expect([await stored(), await stored('outside')]).to.deep.equal(['value', 1]);
    });

    it('124 evictIfPresentNonTransactional, evictIfPresentTransactional', async () => {
      await cache.getOrLoad('outside', () => 1);
      expect(await cache.evictIfPresent('outside')).to.equal(true);
      await cache.getOrLoad('key', () => 1);
      await runInTransaction(async () => {
        expect(await cache.evictIfPresent('key')).to.equal(true);
        expect(await stored(), 'gone before the commit').to.equal(undefined);
        await target.put('key', 'read by somebody else before the commit');
      });
      expect(await stored(), 'and once more with it').to.equal(undefined);
    });

    it('124 invalidateNonTransactional, invalidateTransactional', async () => {
      await target.put('key', 1);
      expect(await cache.invalidate()).to.equal(true);
      await target.put('key', 1);
      await runInTransaction(async () => {
        expect(await cache.invalidate()).to.equal(true);
        expect(await stored(), 'gone before the commit').to.equal(undefined);
      });
    });

    it('124 two deferred operations on one key keep their order', async () => {
      await runInTransaction(async () => {
        await cache.put('key', 1);
        await cache.evict('key');
        await cache.put('key', 2);
        await cache.evict('other');
        await cache.put('other', 3);
        await cache.evict('other');
      });
      expect([await stored('key'), await stored('other')]).to.deep.equal([2, undefined]);
    });

    it('124 nested and suspended transactions', async () => {
      await runInTransaction(async () => {
        await runInTransaction(() => cache.put('joined', 1));
        expect(await stored('joined'), 'the outer one has not committed').to.equal(undefined);
        await runInTransaction(() => cache.put('own', 2), { propagation: 'requiresNew' });
        expect(await stored('own'), 'committed by itself').to.equal(2);
      });
      expect(await stored('joined')).to.equal(1);
      expect(stage.container.get(TransactionSynchronization).isActive).to.equal(false);
    });

    it('124 a read inside never leaves in the cache what a rollback would undo', async () => {
      let row = 'committed';
      class Books {
        @Cacheable('testCache')
        async find(_id: string): Promise<string> {
          return row;
        }

        @CacheEvict('testCache', { key: (id) => id })
        async remove(_id: string): Promise<void> {
          row = 'uncommitted';
        }

        @CachePut('testCache', { key: (id) => id })
        async save(_id: string, value: string): Promise<string> {
          return (row = value);
        }
      }
      const books = stage.serve(Books);
      await rejectionOf(
        runInTransaction(async () => {
          await books.remove('key');
          expect(await books.find('key'), 'its own write').to.equal('uncommitted');
          expect(await books.find('beside')).to.equal('uncommitted');
          row = 'committed'; // The database rolls back.
          throw new Error('rolled back');
        }),
      );
      expect([await stored('key'), await stored('beside')]).to.deep.equal([undefined, undefined]);
      expect(await books.find('key')).to.equal('committed');
      await runInTransaction(() => books.save('key', 'saved'));
      expect(await stored('key')).to.equal('saved');
      expect(await books.find('key')).to.equal('saved');
    });

    it('124 a deferred put does not overwrite a later evict of somebody else', async () => {
      await runInTransaction(async () => {
        await cache.evict('key');
        expect(await cache.getOrLoad('key', () => 'read in the transaction')).to.equal('read in the transaction');
        await target.evict('key'); // Somebody else's, before the commit.
      });
      expect(await stored(), 'what was read is not put at the commit').to.equal(undefined);
    });
  });
});
