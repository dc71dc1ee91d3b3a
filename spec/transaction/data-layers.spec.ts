import { expect } from 'chai';
import { Container } from 'inversify';
import { Cacheable, CacheEvict, CacheManager, CachePut, enableCaching } from '../../lib/index.js';
import { rejectionOf } from '../contract/rejection.js';
import type { DataLayer } from './data-layer.js';
import { openDrizzle } from './drizzle-layer.js';
import { openKysely } from './kysely-layer.js';

const boom = new Error('boom');

class BookService {
  reads = 0;

  constructor(private readonly layer: DataLayer) {}

  @Cacheable('price')
  async findPrice(name: string): Promise<number | undefined> {
    this.reads += 1;
    return this.layer.findPrice(name);
  }

  @CacheEvict('price', { key: (name) => name })
  async updatePrice(name: string, price: number): Promise<void> {
    await this.layer.setPrice(name, price);
  }

  @CachePut('price', { key: (name) => name })
  async setPrice(name: string, price: number): Promise<number> {
    await this.layer.setPrice(name, price);
    return price;
  }
}

for (const open of [openDrizzle, openKysely]) {
  describe(`cached methods in transactions of ${open.name.replace('open', '').toLowerCase()}`, function () {
    this.timeout(60_000); // PGlite initialises a database.
    let layer: DataLayer;
    let container: Container;
    let books: BookService;

    before(async () => {
      layer = await open();
    });

    after(() => layer.close());

    beforeEach(async () => {
      container = new Container();
      await enableCaching(container, { namespace: `tx-${layer.name.replaceAll(' ', '-')}` });
      container.bind(BookService).toDynamicValue(() => new BookService(layer)).inSingletonScope(); // prettier-ignore
      books = container.get(BookService);
      await layer.setPrice('Dune', 12);
      expect(await books.findPrice('Dune')).to.equal(12);
    });

    afterEach(() => container.unbindAllAsync());

    const cached = async (name: string): Promise<unknown> => (await container.get(CacheManager).getCache('price')?.get(name))?.value;

    it('show an update to its own transaction at once, and to the others with the commit', async () => {
      await layer.transaction(async () => {
        await books.updatePrice('Dune', 15);
        expect(await books.findPrice('Dune')).to.equal(15);
        expect(await books.findPrice('Dune')).to.equal(15);
      });
      expect(await cached('Dune')).to.equal(undefined);
      expect(await books.findPrice('Dune')).to.equal(15);
    });

    it('leave the cache as it was if the transaction is rolled back, uncommitted reads included', async () => {
      const error = await rejectionOf(
        layer.transaction(async () => {
          await books.updatePrice('Dune', 99);
          await books.setPrice('Emma', 98);
          expect([await books.findPrice('Dune'), await books.findPrice('Emma')]).to.deep.equal([99, 98]);
          throw boom;
        }),
      );
      expect(error).to.equal(boom);
      expect(await cached('Dune')).to.equal(12);
      expect(await cached('Emma')).to.equal(undefined);
      const { reads } = books;
      expect(await books.findPrice('Dune')).to.equal(12);
      expect(books.reads).to.equal(reads);
      expect(await layer.findPrice('Dune')).to.equal(12);
    });

    it('hand on the error of the database that rolled it back', async () => {
      const error = await rejectionOf(layer.transaction(() => books.updatePrice('Dune', -1)));
      const reason = error as Error;
      expect(`${reason.message} ${String(reason.cause)}`).to.match(/check/i);
      expect([await cached('Dune'), await layer.findPrice('Dune')]).to.deep.equal([12, 12]);
    });

    it('put with the commit', async () => {
      await layer.transaction(async () => {
        await books.setPrice('Dune', 15);
        await books.setPrice('Dune', 16);
      });
      expect([await cached('Dune'), await layer.findPrice('Dune')]).to.deep.equal([16, 16]);
    });

    it('store no row that was loaded beside the written ones and may have depended on them', async () => {
      await layer.setPrice('Ulysses', 1);
      await rejectionOf(
        layer.transaction(async () => {
          await layer.setPrice('Ulysses', 2); // No decorator tells the cache.
          expect(await books.findPrice('Ulysses')).to.equal(2);
          throw boom;
        }),
      );
      expect(await books.findPrice('Ulysses')).to.equal(1);
    });

    it('evict what a nested part had put that was rolled back to its savepoint', async () => {
      await layer.transaction(async () => {
        await books.setPrice('Emma', 7);
        const failed = layer.transaction(async () => {
          await books.setPrice('Dune', 99);
          throw boom;
        });
        expect(await rejectionOf(failed)).to.equal(boom);
        expect(await books.findPrice('Dune')).to.equal(12);
      });
      expect([await cached('Dune'), await cached('Emma')]).to.deep.equal([undefined, 7]);
      expect([await books.findPrice('Dune'), await layer.findPrice('Emma')]).to.deep.equal([12, 7]);
    });

    it('forget the old row that somebody else read back before the commit', async function () {
      let written!: () => void;
      let commit!: () => void;
      const isWritten = new Promise<void>((resolve) => (written = resolve));
      const mayCommit = new Promise<void>((resolve) => (commit = resolve));
      const cache = container.get(CacheManager).getCache('price');
      await cache?.evict('Dune');
      const running = layer.transaction(async () => {
        await books.updatePrice('Dune', 15);
        written();
        await mayCommit;
      });
      await isWritten;
      if (layer.isConcurrent) expect(await books.findPrice('Dune')).to.equal(12);
      else await cache?.put('Dune', 12); // One connection: nobody else can read. As if somebody had, on another server.
      expect(await cached('Dune')).to.equal(12);
      commit();
      await running;
      expect(await books.findPrice('Dune')).to.equal(15);
    });
  });
}
