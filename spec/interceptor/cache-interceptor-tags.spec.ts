import { expect } from 'chai';
import { Container } from 'inversify';
import {
  Cacheable,
  CacheEvict,
  CacheEvents,
  CacheInterceptor,
  CacheManager,
  type CacheOptions,
  CachePut,
  enableCaching,
} from '../../lib/index.js';
import { rejection } from './stage.js';

interface Book {
  readonly name: string;
  readonly author: string;
}

/** Who wrote what. */
const authors = new Map<string, string>();
let loads: string[];

class Books {
  @Cacheable('book', { tags: ({ author }) => [`author:${author}`, { of: author }] })
  async find(name: string): Promise<Book> {
    loads.push(name);
    return { name, author: authors.get(name) as string };
  }

  @Cacheable(['book', 'list'], { key: (author) => `list of ${author}`, tags: (_names, author) => [`author:${author}`] })
  async namesOf(author: string): Promise<string[]> {
    loads.push(author);
    return [...authors].filter(([, each]) => each === author).map(([name]) => name);
  }

  @Cacheable('book', { unless: (book) => book === null, tags: (book) => [`author:${book!.author}`] })
  async maybe(_name: string): Promise<Book | null> {
    loads.push('maybe');
    return null;
  }

  @CachePut('book', { key: ({ name }) => name, tags: ({ author }) => [`author:${author}`] })
  async save(book: Book): Promise<Book> {
    authors.set(book.name, book.author);
    return book;
  }

  @CacheEvict(['book', 'list'], { tags: (author) => [`author:${author}`] })
  async rename(_author: string): Promise<void> {}

  @CacheEvict('book', { resultTags: ({ author }) => [`author:${author}`], unless: ({ name }) => name === 'Emma' })
  async touch(name: string): Promise<Book> {
    return { name, author: authors.get(name) as string };
  }

  @CacheEvict('book', { tags: (author) => [`author:${author}`], beforeInvocation: true })
  async fail(_author: string): Promise<void> {
    throw new Error('The database is away.');
  }
}

describe(CacheInterceptor.name, () => {
  describe('tags', () => {
    let container: Container;
    let books: Books;
    let told: string[];

    const served = async (options: Record<string, CacheOptions>): Promise<void> => {
      container = new Container();
      container.bind(Books).toSelf();
      const manager = await enableCaching(container, { namespace: 'interceptor-tags', caches: options, logger: false });
      container.get(CacheEvents).on('error', ({ where, error }) => told.push(`${where}: ${(error as Error).message}`));
      books = container.get(Books);
      await manager.clearAll();
    };
    /** Which of these are loaded anew. */
    const lost = async (...reads: readonly (() => Promise<unknown>)[]): Promise<string[]> => {
      loads = [];
      for (const read of reads) await read();
      return loads;
    };

    beforeEach(async () => {
      loads = [];
      told = [];
      for (const [name, author] of [['Dune', 'Herbert'], ['Emma', 'Austen'], ['Persuasion', 'Austen']] as const) authors.set(name, author); // prettier-ignore
      await served({ book: { tags: true }, list: { tags: true } });
      for (const name of authors.keys()) await books.find(name);
      await books.namesOf('Austen');
    });

    afterEach(() => container.unbindAllAsync());

    const all = (): readonly (() => Promise<unknown>)[] => [
      () => books.find('Dune'),
      () => books.find('Emma'),
      () => books.find('Persuasion'),
      () => books.namesOf('Austen'),
    ];

    it('of results, the arguments behind the result, are what an eviction names, in every cache', async () => {
      await books.rename('Austen');
      expect(await lost(...all())).to.deep.equal(['Emma', 'Persuasion', 'Austen']);
      const list = container.get(CacheManager).getCache('list');
      await books.rename('Austen');
      expect(await list?.get('list of Austen')).to.equal(undefined);
    });

    it('may be any keys', async () => {
      await container
        .get(CacheManager)
        .getCache('book')
        ?.evictTagged([{ of: 'Herbert' }]);
      expect(await lost(...all())).to.deep.equal(['Dune']);
    });

    it('of the result of an eviction, unless it is vetoed', async () => {
      await books.touch('Dune');
      expect(await lost(...all())).to.deep.equal(['Dune']);
      await books.touch('Emma');
      expect(await lost(...all())).to.deep.equal([]);
    });

    it('evict before the method, whatever becomes of it', async () => {
      expect((await rejection(books.fail('Herbert'))).message).to.equal('The database is away.');
      expect(await lost(...all())).to.deep.equal(['Dune']);
    });

    it('of a put take the place of those before', async () => {
      await books.save({ name: 'Emma', author: 'Herbert' });
      await books.rename('Austen');
      expect(await lost(() => books.find('Emma'))).to.deep.equal([]);
      await books.rename('Herbert');
      expect(await lost(() => books.find('Emma'))).to.deep.equal(['Emma']);
    });

    it('are not asked of what is not stored, nor of a hit', async () => {
      await books.maybe('x');
      await books.find('Dune');
      expect(told).to.deep.equal([]);
    });

    it('that cannot be made leave the result alone, and it is not stored', async () => {
      authors.set('Odd', undefined as never);
      class Odd {
        @Cacheable('book', { key: (name) => ['odd', name], tags: (result) => (result as never as { tags: string[] }).tags.map(String) })
        async find(name: string): Promise<string> {
          loads.push(name);
          return name;
        }

        @CachePut('book', {
          key: (name) => name,
          tags: () => {
            throw new Error('no tags');
          },
        })
        async save(name: string): Promise<string> {
          return name;
        }
      }
      container.bind(Odd).toSelf();
      const odd = container.get(Odd);
      expect(await lost(() => odd.find('x'), () => odd.find('x'))).to.deep.equal(['x', 'x']); // prettier-ignore
      expect(told).to.have.lengthOf(2);
      expect(told[0]).to.match(/^`tags` of a load into cache 'book': /);
      expect(await odd.save('Dune')).to.equal('Dune');
      expect(told[2]).to.equal('`tags` of @CachePut on Odd.save: no tags');
      expect(await lost(() => books.find('Dune'))).to.deep.equal(['Dune']);
    });

    it('that a function forgets to return keep the result from being stored, as if there were none it could be evicted by', async () => {
      const forgetful = { tags: (() => undefined) as never };
      class Forgetful {
        @Cacheable('book', { key: (name) => ['forgetful', name], ...forgetful })
        async find(name: string): Promise<string> {
          loads.push(name);
          return name;
        }

        @CachePut('book', { key: (name) => name, ...forgetful })
        async save(name: string): Promise<string> {
          return name;
        }
      }
      container.bind(Forgetful).toSelf();
      const of = container.get(Forgetful);
      expect(await lost(() => of.find('x'), () => of.find('x'))).to.deep.equal(['x', 'x']); // prettier-ignore
      expect(await of.save('Dune')).to.equal('Dune');
      expect(await lost(() => books.find('Dune'))).to.deep.equal(['Dune']);
      const why = 'Expected `tags` to be an array, got undefined.';
      const load = `\`tags\` of a load into cache 'book': ${why}`;
      expect(told).to.deep.equal([load, load, `\`tags\` of @CachePut on Forgetful.save: ${why}`]);
    });

    it('that are no array tell the caller of an eviction, with what the method returned', async () => {
      class Wrong {
        @CacheEvict('book', { tags: ((name: string) => name) as never })
        async one(name: string): Promise<string> {
          return name;
        }

        @CacheEvict('book', { tags: () => [Symbol('x') as never] })
        async two(name: string): Promise<string> {
          return name;
        }
      }
      container.bind(Wrong).toSelf();
      const wrong = container.get(Wrong);
      const one = await rejection(wrong.one('Dune'));
      expect([one.code, one.result, one.message]).to.deep.equal([
        'CACHE_KEY_UNSUPPORTED',
        'Dune',
        'Expected the tags of @CacheEvict on Wrong.one to be an array, got string.',
      ]);
      const two = await rejection(wrong.two('Dune'));
      expect([two.code, two.result]).to.deep.equal(['CACHE_KEY_UNSUPPORTED', 'Dune']);
    });
  });
});
