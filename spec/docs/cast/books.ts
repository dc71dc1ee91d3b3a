/** Who plays on most pages: a service of books whose methods are cached, in a container with caching enabled. */
import { Container } from 'inversify';
import { CacheManager, Cacheable, enableCaching } from '../../../lib/index.js';

export interface Book {
  readonly isbn: string;
  readonly name: string;
  readonly price: number;
  readonly isNew?: boolean;
}

/** What stands for a database. */
export const repository = {
  async find(name: string): Promise<Book> {
    return { isbn: '9780441172719', name, price: 12 };
  },
  async findAll(names: readonly string[]): Promise<Map<string, Book>> {
    return new Map(names.map((name) => [name, { isbn: '9780441172719', name, price: 12 }]));
  },
};

export class BookService {
  @Cacheable('book')
  async find(name: string): Promise<Book> {
    return repository.find(name);
  }
}

export const container = new Container();
await enableCaching(container, { caches: { book: {} } });
container.bind(BookService).toSelf();
export const books = container.get(BookService);
export const cache = container.get(CacheManager).getCache('book')!;
