/**
 * What happened: a service loaded a book, changed it, saved it, and rolled back. With `copy: 'share'`, which was the default, the local tier
 * kept the changed object: for ten minutes every request was answered with a price that was never committed.
 *
 * Decided: the default is `'freeze'`, and it holds for whatever a decorated read returns, wherever it came from and whoever asked first. So a
 * change throws at the line that makes it, at the first try, also in a test without Redis, or while Redis is away. A loaded value is the
 * method's; a put value is the caller's, and is left alone. With `'clone'` every caller has an object of his own, also one of several who
 * shared a load.
 */
import 'reflect-metadata';
import { expect } from 'chai';
import { Container, injectable } from 'inversify';
import {
  Cacheable,
  CacheManager,
  CachePut,
  type CacheOptions,
  type CachingOptions,
  enableCaching,
  runInTransaction,
} from '../../lib/index.js';
import { gate, type Gate, turns } from '../support/promises.js';
import { ownNamespace, sharedRedis } from '../support/shared-redis.js';

class Author {
  constructor(readonly name: string) {}
}

/** Of a class that no cache knows, like an entity of an ORM or a connection. */
class Foreign {
  inner = { state: 1 };
}

interface Book {
  title: string;
  price: number;
  tags: string[];
  author: Author;
}

const dune = (): Book => ({ title: 'Dune', price: 5, tags: ['a'], author: new Author('Herbert') });

class Books {
  loads = 0;
  makes: (id: unknown) => unknown = dune;
  pause: Gate | undefined;

  @Cacheable('book')
  async find(_id: string): Promise<Book> {
    return this.#load(_id);
  }

  @Cacheable('book', { unless: () => true })
  async findUnstored(_id: string): Promise<Book> {
    return this.#load(_id);
  }

  @CachePut('book', { key: (book) => book.title })
  async save(book: Book): Promise<Book> {
    return book;
  }

  async #load(id: string): Promise<Book> {
    this.loads += 1;
    await this.pause?.promise;
    return this.makes(id) as Book;
  }
}
injectable()(Books);

describe('Issue 5: a change to what was read', () => {
  const containers: Container[] = [];

  const join = async (book: CacheOptions = {}, options: CachingOptions = {}): Promise<{ books: Books; manager: CacheManager }> => {
    const container = new Container();
    containers.push(container);
    container.bind(Books).toSelf().inSingletonScope();
    const manager = await enableCaching(container, {
      namespace: ownNamespace('freeze'),
      timeout: '5s',
      deadline: '10s',
      ...options,
      caches: { book: { type: Author, ...book } },
    });
    return { books: container.get(Books), manager };
  };
  const onRedis = async (): Promise<CachingOptions> => ({ redis: (await sharedRedis()).url, namespace: ownNamespace('freeze') });

  afterEach(async () => {
    for (const container of containers.splice(0)) await container.unbindAllAsync();
  });

  const expectFrozen = (book: Book, why: string): void => {
    expect(() => (book.price = 6), why).to.throw(TypeError);
    expect(() => book.tags.push('b'), why).to.throw(TypeError);
    expect(() => Object.assign(book.author, { name: 'x' }), why).to.throw(TypeError);
  };

  for (const tiers of ['both', 'local', 'remote'] as const) {
    it(`throws for the first caller, at a hit, and in another instance (tiers: '${tiers}')`, async () => {
      const redis = await onRedis();
      const [one, other] = [await join({ tiers }, redis), await join({ tiers }, redis)];
      expectFrozen(await one.books.find('Dune'), 'loaded');
      expectFrozen(await one.books.find('Dune'), 'a hit');
      expectFrozen(await other.books.find('Dune'), 'in another instance');
      expectFrozen(await other.books.find('Dune'), 'a hit there');
      expect(other.books.loads).to.equal(tiers === 'local' ? 1 : 0);
      const cache = one.manager.getCache('book')!;
      expectFrozen((await cache.get<Book>('Dune'))!.value, '`get`');
      expectFrozen((await cache.getAll<Book>(['Dune']))[0]!.value, '`getAll`');
      expectFrozen((await cache.putIfAbsent<Book>('Dune', dune()))!.value, '`putIfAbsent`');
      expect(await one.books.find('Dune')).to.deep.equal(dune());
    });
  }

  it('throws for those who share a load, and for what is not stored', async () => {
    const { books } = await join();
    books.pause = gate();
    const shared = [books.find('Dune'), books.find('Dune')];
    await turns(5);
    books.pause.open();
    for (const book of await Promise.all(shared)) expectFrozen(book, 'shared');
    expect(books.loads).to.equal(1);
    expectFrozen(await books.findUnstored('Emma'), 'vetoed by `unless`');
  });

  it('throws for who loads alone, because the load of the key waits for him', async () => {
    const { manager } = await join();
    const cache = manager.getCache('book')!;
    let inner: Book | undefined;
    await cache.getOrLoad('Dune', async () => {
      inner = await cache.getOrLoad('Dune', dune);
      expectFrozen(inner, 'loaded alone');
      return dune();
    });
    expect(inner).not.to.equal(undefined);
  });

  it('throws while Redis is away', async () => {
    const { books } = await join({}, { redis: 'redis://127.0.0.1:1', failFast: false, connectTimeout: '200ms', logger: false });
    for (let i = 0; i < 2; i += 1) expectFrozen(await books.find('Dune'), 'loaded');
    expect(books.loads).to.equal(2);
  });

  it('is not forbidden inside a transaction, where nothing is stored', async () => {
    const { books } = await join();
    await runInTransaction(async () => {
      const book = await books.find('Dune');
      book.price = 6;
      book.tags.push('b');
      Object.assign(book.author, { name: 'x' });
    });
    expect(await books.find('Dune')).to.deep.equal(dune());
  });

  for (const tiers of ['both', 'local', 'remote'] as const) {
    it(`of a put value is left to its owner, and changes nothing that is read (tiers: '${tiers}')`, async () => {
      const { books, manager } = await join({ tiers }, await onRedis());
      const own = dune();
      const saved = await books.save(own);
      expect(saved).to.equal(own);
      saved.tags.push('b');
      const cache = manager.getCache('book')!;
      const emma = { ...dune(), title: 'Emma' };
      await cache.put('Emma', emma);
      const absent = { ...dune(), title: 'Solaris' };
      await cache.putIfAbsent('Solaris', absent);
      for (const book of [emma, absent]) book.price = 7;
      for (const title of ['Dune', 'Emma', 'Solaris']) {
        const found = (await cache.get<Book>(title))!.value;
        expect(found).to.deep.equal({ ...dune(), title });
        expect(found.author).to.be.an.instanceOf(Author);
        expectFrozen(found, title);
      }
    });
  }

  it('of a put value that the codec cannot copy is kept as it is by a cache without remote tier', async () => {
    const { manager } = await join({ tiers: 'local' });
    const cache = manager.getCache('book')!;
    const value = { call: (): number => 1, foreign: new Foreign() };
    await cache.put('Dune', value);
    expect((await cache.get('Dune'))!.value).to.equal(value);
    value.foreign.inner.state = 2;
  });

  it('neither freezes nor enters instances of other classes', async () => {
    const { books } = await join({ tiers: 'local' });
    const [foreign, date, map] = [new Foreign(), new Date(5), new Map([[1, 1]])];
    books.makes = () => ({ foreign, date, map });
    const found = (await books.find('Dune')) as unknown as { foreign: Foreign; date: Date; map: Map<number, number> };
    expect(found).to.be.frozen;
    for (const part of [foreign, foreign.inner, date, map]) expect(part).not.to.be.frozen;
    books.makes = () => foreign;
    expect(await books.find('Emma')).to.equal(foreign);
    expect(foreign).not.to.be.frozen;
  });

  it('that cannot be forbidden, because a proxy refuses to be frozen, does not fail the read; the value is not kept', async () => {
    const { books, manager } = await join({ tiers: 'local' });
    const refuse = (): never => {
      throw new Error('No.');
    };
    books.makes = () => new Proxy(dune(), { preventExtensions: refuse });
    for (const loads of [1, 2]) {
      expect((await books.find('Dune')).title).to.equal('Dune');
      expect(books.loads).to.equal(loads);
    }
    expect(manager.statistics()['book']).to.include({ localSize: 0 });
  });

  it("reaches nobody else with `copy: 'clone'`, be it at a hit, in one load, or in Redis", async () => {
    const { books } = await join({ copy: 'clone' }, await onRedis());
    books.pause = gate();
    const shared = [books.find('Dune'), books.find('Dune'), books.find('Dune')];
    const changed = shared.map(async (promise, i) => {
      const book = await promise;
      expect(book.tags, `caller ${i}`).to.deep.equal(['a']);
      expect(book.author).to.be.an.instanceOf(Author);
      book.tags.push('b');
      Object.assign(book.author, { name: 'x' });
    });
    await turns(5);
    books.pause.open();
    await Promise.all(changed);
    expect(books.loads).to.equal(1);
    expect(await books.find('Dune')).to.deep.equal(dune());
  });

  it("reaches nobody else with `copy: 'clone'` who shares one read of Redis", async () => {
    const redis = await onRedis();
    await (await join({ copy: 'clone' }, redis)).books.find('Dune');
    const { books } = await join({ copy: 'clone' }, redis);
    const shared = [books.find('Dune'), books.find('Dune')];
    const tags = await Promise.all(shared.map(async (promise) => (await promise).tags.push('b')));
    expect([tags, books.loads]).to.deep.equal([[2, 2], 0]);
  });

  it("reaches all others with `copy: 'share'`", async () => {
    const { books } = await join({ copy: 'share' });
    (await books.find('Dune')).price = 6;
    expect((await books.find('Dune')).price).to.equal(6);
  });
});
