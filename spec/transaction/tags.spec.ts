import { expect } from 'chai';
import { Container } from 'inversify';
import { type Cache, CacheManager, enableCaching, runInTransaction, TransactionSynchronization } from '../../lib/index.js';
import { rejectionOf } from '../contract/rejection.js';

describe('evictions of tags in transactions', () => {
  let containers: Container[];
  let here: Cache;
  let there: Cache;
  let database: string;

  const join = async (tags = true): Promise<Cache> => {
    const container = new Container();
    containers.push(container);
    const manager = await enableCaching(container, { namespace: 'transaction-tags', caches: { book: { tags } }, logger: false });
    return manager.getCache('book') as Cache;
  };
  const read = (cache: Cache, key = 'Dune'): Promise<string> => cache.getOrLoad(key, () => database, { tags: ['author:1'] });

  beforeEach(async () => {
    containers = [];
    [here, there] = [await join(), await join()];
    database = 'old';
    await Promise.all([read(here), read(there)]);
    database = 'new';
  });

  afterEach(() => Promise.all(containers.map((container) => container.unbindAllAsync())));

  it('wait for the commit, and then reach every instance', async () => {
    await runInTransaction(async () => {
      await here.evictTagged(['author:1']);
      expect(await read(there)).to.equal('old');
    });
    expect(await Promise.all([read(here), read(there)])).to.deep.equal(['new', 'new']);
  });

  it('are dropped by a rollback', async () => {
    const error = new Error('rolled back');
    const work = runInTransaction(async () => {
      await here.evictTagged(['author:1']);
      throw error;
    });
    expect(await rejectionOf(work)).to.equal(error);
    expect(await Promise.all([read(here), read(there)])).to.deep.equal(['old', 'old']);
  });

  it('let every read of the cache inside run its method, for any entry may be meant', async () => {
    await here.put('Emma', 'cached');
    await runInTransaction(async () => {
      expect(await read(here)).to.equal('old');
      await here.evictTagged(['author:1']);
      expect([await read(here), await here.get('Emma')]).to.deep.equal(['new', undefined]);
    });
    expect(await here.get('Emma'), 'it carries no such tag').to.deep.equal({ value: 'cached' });
  });

  it('keep their place among puts', async () => {
    await runInTransaction(async () => {
      await here.put('Dune', 'put before', { tags: ['author:1'] });
      await here.evictTagged(['author:1']);
      await here.put('Emma', 'put after', { tags: ['author:1'] });
    });
    expect(await Promise.all([there.get('Dune'), there.get('Emma')])).to.deep.equal([undefined, { value: 'put after' }]);
  });

  it('keep their place in one turn, too, and a read in it runs its method', async () => {
    await runInTransaction(async () => {
      const evicting = here.evictTagged(['author:1']);
      const reading = read(here);
      const putting = here.put('Emma', 'put in the same turn', { tags: ['author:1'] });
      await Promise.all([evicting, putting]);
      expect(await reading).to.equal('new');
    });
    expect(await there.get('Emma')).to.deep.equal({ value: 'put in the same turn' });
  });

  it('are executed at once, and once more after the commit, by invalidateTagged', async () => {
    await runInTransaction(async () => {
      await here.invalidateTagged(['author:1']);
      expect(await there.get('Dune')).to.equal(undefined);
      database = 'uncommitted';
      expect(await read(there)).to.equal('uncommitted'); // Somebody else reads meanwhile, and it is rolled back.
      database = 'committed';
    });
    expect(await Promise.all([read(here), read(there)])).to.deep.equal(['committed', 'committed']);
  });

  it('withhold the whole cache from `prepare` to the commit, which clears it', async () => {
    await here.put('Emma', 'cached');
    const transactions = containers[0]!.get(TransactionSynchronization);
    await runInTransaction(async () => {
      await here.evictTagged(['author:1']);
      await transactions.prepare();
      expect(await read(there)).to.equal('new');
      expect(await there.get('Dune'), 'nobody stores anything').to.equal(undefined);
    });
    expect(await Promise.all([there.get('Dune'), there.get('Emma')])).to.deep.equal([undefined, undefined]);
    await read(there);
    expect(await here.get('Dune')).to.deep.equal({ value: 'new' });
  });

  it('are refused inside, while the transaction can still be rolled back', async () => {
    const untagged = await join(false);
    const codes = await runInTransaction(async () => {
      const wrong = [untagged.evictTagged(['x']), untagged.invalidateTagged(['x']), here.evictTagged([(): void => undefined] as never)];
      return Promise.all(wrong.map(async (each) => ((await rejectionOf(each)) as { code: string }).code));
    });
    expect(codes).to.deep.equal(['CACHE_OPTION_INVALID', 'CACHE_OPTION_INVALID', 'CACHE_KEY_UNSUPPORTED']);
    expect(containers[2]!.get(CacheManager).getCache('book')).to.equal(untagged);
  });
});
