import { inject, injectable } from 'inversify';
import { Cacheable, CacheEvict } from '../../lib/index.js';
import type { Book } from './book.js';
import { BookRepository } from './book-repository.js';

/** What there is to know about books. Nothing in here knows of Redis, of tiers or of other servers: the decorators do. */
@injectable()
export class BookService {
  readonly #books: BookRepository;

  constructor(@inject(BookRepository) books: BookRepository) {
    this.#books = books;
  }

  /** Asks the database only when no tier of the cache `book` knows the answer. "There is no such book" is an answer. */
  @Cacheable('book')
  findBookInfo(name: string): Promise<Book | undefined> {
    return this.#books.findByName(name);
  }

  /**
   * Saves the book and drops it from every server's cache, over `book-channel`. With `acks: 'all'` no server serves the old book afterwards.
   * With `aroundInvocation` this server may die at any moment, even right after its commit: the old book does not stay in any cache.
   */
  @CacheEvict('book', { key: (book) => book.name, acks: 'all', aroundInvocation: true })
  updateBook(book: Book): Promise<Book> {
    return this.#books.save(book);
  }

  /** Replaces the whole stock. */
  @CacheEvict('book', { allEntries: true })
  replaceBooks(books: readonly Book[]): Promise<void> {
    return this.#books.replaceAll(books);
  }
}
