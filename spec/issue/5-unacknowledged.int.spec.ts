/**
 * What happened: while Redis was away, every request that evicted was answered 500, though what it wrote was committed. There was no other
 * choice, and nothing in the log.
 *
 * Decided: `unacknowledged: 'report'`, of a cache or of one decorator. The caller gets his result; the event and the log tell; the eviction is
 * repeated all the same, and until then its instance serves the key from neither tier. What must not be told too late (`acks: 'all'`, before
 * the method, `evictIfPresent`) throws as before.
 */
import 'reflect-metadata';
import { expect } from 'chai';
import { Container, injectable } from 'inversify';
import {
  type Cache,
  Cacheable,
  CacheConfigurationError,
  CacheError,
  CacheEvents,
  CacheEvict,
  CacheEvictError,
  type CacheManager,
  CachePut,
  type CachingOptions,
  enableCaching,
  runInTransaction,
  type Unacknowledged,
} from '../../lib/index.js';
import { rejectionOf } from '../contract/rejection.js';
import { RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';

let price = 1;

class Books {
  @Cacheable('book')
  async find(_id: string): Promise<number> {
    return price;
  }

  @CacheEvict('book')
  async evict(_id: string): Promise<string> {
    return 'evicted';
  }

  @CacheEvict('book', { allEntries: true })
  async clear(): Promise<string> {
    return 'cleared';
  }

  @CacheEvict('book', { keys: (...ids: string[]) => ids })
  async evictAll(..._ids: string[]): Promise<string> {
    return 'all evicted';
  }

  @CachePut('book', { key: (id) => id })
  async put(_id: string): Promise<string> {
    return 'put';
  }

  @CacheEvict('book', { unacknowledged: 'throw' })
  async evictOrThrow(_id: string): Promise<string> {
    return 'evicted';
  }

  @CacheEvict('book', { acks: 'all' })
  async evictEverywhere(_id: string): Promise<string> {
    return 'evicted';
  }

  @CacheEvict('strict', { unacknowledged: 'report' })
  async evictStrict(_id: string): Promise<string> {
    return 'evicted';
  }

  @CachePut('strict', { unacknowledged: 'report', key: (id) => id })
  async putStrict(_id: string): Promise<string> {
    return 'put';
  }

  @CacheEvict('book', { beforeInvocation: true })
  async evictBefore(_id: string): Promise<string> {
    return 'evicted';
  }
}
injectable()(Books);

describe("Issue 5: `unacknowledged: 'report'`, while Redis is away", function () {
  this.timeout(60_000);
  const containers: Container[] = [];
  let server: RedisServer;
  let lines: string[];

  const join = async (
    options: CachingOptions = {},
  ): Promise<{ books: Books; manager: CacheManager; events: CacheEvents; cache: Cache }> => {
    const container = new Container();
    containers.push(container);
    container.bind(Books).toSelf().inSingletonScope();
    const log = (line: string): void => void lines.push(line);
    const manager = await enableCaching(container, {
      redis: server.url,
      timeout: '100ms',
      deadline: '300ms',
      logger: { info: log, warn: log, error: log },
      caches: { book: { unacknowledged: 'report' }, strict: {} },
      ...options,
    });
    return { books: container.get(Books), manager, events: container.get(CacheEvents), cache: manager.getCache('book')! };
  };

  beforeEach(async () => {
    [price, lines] = [1, []];
    server = await RedisServer.start();
  });
  afterEach(async () => {
    for (const container of containers.splice(0)) await container.unbindAllAsync();
    await server.stop();
  });

  it('gives every writing caller his result, tells the event and the log, and repeats the eviction', async () => {
    const { books, manager, events } = await join();
    const other = (await join()).books;
    const pending: string[] = [];
    events.on('evictPending', ({ cache }) => void pending.push(cache));
    for (const each of [books, other]) expect(await each.find('Dune')).to.equal(1);
    await server.kill();
    price = 2;
    expect(await books.evict('Dune')).to.equal('evicted');
    expect(await books.find('Dune'), 'own reads, from now on').to.equal(2);
    expect([await books.put('Emma'), await books.evictAll('a', 'b'), await books.clear()]).to.deep.equal(['put', 'all evicted', 'cleared']);
    expect(new Set(pending)).to.deep.equal(new Set(['book']));
    const told = lines.filter((line) => line.includes("Cache 'book'"));
    expect(told, 'once in an outage').to.have.length(1);
    expect(told[0]).to.match(/Redis did not acknowledge .*key 'Dune'/);
    await server.restart();
    await waitFor(() => manager.statistics()['book']!.pendingEvictions === 0, { what: 'the evictions' });
    await waitFor(() => lines.some((line) => line.includes("Cache 'book': its evictions are acknowledged now")), { what: 'the line' });
    expect(await other.find('Dune')).to.equal(2);
  });

  it('holds for one decorator over the cache, either way', async () => {
    const { books } = await join();
    await server.kill();
    expect([await books.evictStrict('Dune'), await books.putStrict('Dune')]).to.deep.equal(['evicted', 'put']);
    const error = (await rejectionOf(books.evictOrThrow('Dune'))) as CacheEvictError;
    expect(error).to.be.an.instanceOf(CacheEvictError);
    expect(error.result).to.equal('evicted');
  });

  it('holds after a commit', async () => {
    const { books, cache } = await join();
    await server.kill();
    const result = await runInTransaction(async () => {
      await books.evict('Dune');
      await books.put('Emma');
      await cache.putAll([['Solaris', 1]]);
      await cache.clear();
      return 'committed';
    });
    expect(result).to.equal('committed');
  });

  it('does not hide what was asked to be sure, or has not happened yet', async () => {
    const { books, cache } = await join();
    await server.kill();
    for (const write of [
      (): Promise<unknown> => books.evictEverywhere('Dune'),
      () => books.evictBefore('Dune'),
      () => cache.evictIfPresent('Dune'),
      () => cache.invalidate(),
      () => cache.evict('Dune', { acks: 'all' }),
    ])
      expect(await rejectionOf(write())).to.be.an.instanceOf(CacheEvictError);
    for (const write of [cache.evict('Dune'), cache.evictAll(['Dune']), cache.clear(), cache.put('Dune', 1), cache.putAll([['Dune', 1]])])
      await write;
  });

  it('is refused in what contradicts it', async () => {
    const { cache } = await join();
    const codeOf = async (act: () => Promise<unknown>): Promise<unknown> => ((await rejectionOf(act())) as CacheError).code;
    for (const act of [
      () => cache.evict('Dune', { acks: 'all', unacknowledged: 'report' }),
      () => cache.evictAll(['Dune'], { acks: 'all', unacknowledged: 'report' }),
      () => cache.clear({ acks: 'all', unacknowledged: 'report' }),
    ])
      expect(await codeOf(act)).to.equal('CACHE_OPERATION_INVALID');
    expect(await codeOf(() => cache.evict('Dune', { unacknowledged: 'repot' as Unacknowledged }))).to.equal('CACHE_OPTION_INVALID');
    const method = (): Promise<void> => Promise.resolve();
    const decorate = (options: object): unknown =>
      (CacheEvict('book', options as never) as (target: object, name: string, descriptor: object) => unknown)(Books.prototype, 'x', {
        value: method,
      });
    for (const options of [{ acks: 'all' }, { beforeInvocation: true }])
      expect(() => decorate({ ...options, unacknowledged: 'report' })).to.throw(CacheConfigurationError, 'cannot both be set');
    expect(() => decorate({ unacknowledged: 'repot' })).to.throw(
      CacheConfigurationError,
      "expected `unacknowledged` to be 'throw' or 'report'",
    );
  });
});
