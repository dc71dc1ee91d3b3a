import { expect } from 'chai';
import { Container } from 'inversify';
import sinon from 'sinon';
import {
  CacheErrorHandler,
  CacheEvict,
  CacheEvictError,
  Cacheable,
  CacheManager,
  CachePut,
  CacheTransactionError,
  enableCaching,
  runInTransaction,
  SimpleCacheErrorHandler,
  TransactionAwareCache,
  TransactionSynchronization,
} from '../../lib/index.js';
import { rejectionOf } from '../contract/rejection.js';
import { HandMadeTransactions } from '../support/hand-made-transactions.js';

const boom = new Error('boom');

class Books {
  @Cacheable('book')
  async find(name: string): Promise<string> {
    return `${name}, loaded`;
  }

  @CacheEvict('book', { key: (name) => name })
  async remove(_name: string): Promise<void> {}

  @CacheEvict('book', { key: (name) => name, beforeInvocation: true, acks: 'all' })
  async removeEarly(_name: string): Promise<void> {}

  @CachePut('book', { key: (name) => name })
  async save(name: string): Promise<string> {
    return name;
  }
}

describe('transactions in a container', () => {
  let container: Container;
  let manager: CacheManager;
  let books: Books;
  /** The cache that the container's one goes around. */
  let target: TransactionAwareCache['target'];

  beforeEach(async () => {
    container = new Container();
    manager = await enableCaching(container, { namespace: 'tx-container' });
    container.bind(Books).toSelf();
    books = container.get(Books);
  });

  afterEach(() => container.unbindAllAsync());

  const useTarget = (): void => {
    ({ target } = manager.getCache('book') as TransactionAwareCache);
  };

  it('defer what decorated methods write, but not what they evict early', async () => {
    useTarget();
    await target.put('Dune', 'old');
    await target.put('Emma', 'old');
    await runInTransaction(async () => {
      await books.remove('Dune');
      await books.save('Ulysses');
      await books.removeEarly('Emma');
      expect(await target.getAll(['Dune', 'Ulysses', 'Emma'])).to.deep.equal([{ value: 'old' }, undefined, undefined]);
    });
    expect(await target.getAll(['Dune', 'Ulysses', 'Emma'])).to.deep.equal([undefined, { value: 'Ulysses' }, undefined]);
  });

  it('follow the transaction manager that is bound', async () => {
    const transactions = new HandMadeTransactions();
    container.rebind(TransactionSynchronization).toConstantValue(transactions);
    useTarget();
    await books.save('Dune');
    expect(await target.get('Dune')).to.deep.equal({ value: 'Dune' });
    transactions.begin();
    await books.remove('Dune');
    expect([await books.find('Dune'), await target.get('Dune')]).to.deep.equal(['Dune, loaded', { value: 'Dune' }]);
    await transactions.end('committed');
    expect(await target.get('Dune')).to.equal(undefined);
    await runInTransaction(() => books.save('Dune'));
    expect(await target.get('Dune'), 'nobody follows runInTransaction any more').to.deep.equal({ value: 'Dune' });
  });

  it('survive a put that fails after the commit, and not an eviction', async () => {
    useTarget();
    sinon.stub(target, 'put').rejects(boom);
    expect(await runInTransaction(() => books.save('Dune'))).to.equal('Dune');
    sinon.stub(target, 'evict').rejects(new CacheEvictError('book', 'not acknowledged'));
    const error = (await rejectionOf(
      runInTransaction(async () => {
        await books.remove('Dune');
        return 'the result';
      }),
    )) as CacheEvictError;
    expect(error).to.be.instanceOf(CacheEvictError);
    expect([error.code, error.result]).to.deep.equal(['CACHE_EVICT_UNACKNOWLEDGED', 'the result']);
  });

  it('do not survive a put whose own eviction was not acknowledged: inside with the commit’s result, outside with the method’s', async () => {
    useTarget();
    sinon.stub(target, 'put').rejects(new CacheEvictError('book', 'not acknowledged'));
    const inside = (await rejectionOf(runInTransaction(async () => [await books.save('Dune'), 'committed']))) as CacheEvictError;
    expect(inside).to.be.instanceOf(CacheEvictError);
    expect(inside.result).to.deep.equal(['Dune', 'committed']);
    const outside = (await rejectionOf(books.save('Dune'))) as CacheEvictError;
    expect(outside).to.be.instanceOf(CacheEvictError);
    expect(outside.result).to.equal('Dune');
  });

  it('ask the error handler that is bound', async () => {
    container.rebind(CacheErrorHandler).toConstantValue(new SimpleCacheErrorHandler());
    useTarget();
    sinon.stub(target, 'put').rejects(boom);
    const error = (await rejectionOf(runInTransaction(() => books.save('Dune')))) as CacheTransactionError;
    expect([error.code, error.cause, error.result]).to.deep.equal(['CACHE_TRANSACTION_ACTION_FAILED', boom, 'Dune']);
  });
});
