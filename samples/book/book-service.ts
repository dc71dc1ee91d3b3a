import { inject, injectable } from 'inversify';
import { Cacheable, CacheableAll, CacheEvict } from '../../lib/index.js';
import type { Book, BookList } from './book.js';
import { BookRepository, type Saved } from './book-repository.js';

/** By this every entry can be evicted that tells of an author. */
const authorTag = (authorId: number): string => `author:${authorId}`;

/** What there is to know about books. Nothing in here knows of Redis, of tiers or of other servers: the decorators do. */
@injectable()
export class BookService {
  readonly #books: BookRepository;

  constructor(@inject(BookRepository) books: BookRepository) {
    this.#books = books;
  }

  /** Asks the database only when no tier of the cache `book` knows the answer. "There is no such book" is an answer. */
  @Cacheable('book', { tags: (book) => (book === undefined ? [] : [authorTag(book.authorId)]) })
  findBookInfo(name: string): Promise<Book | undefined> {
    return this.#books.findByName(name);
  }

  /**
   * The books of these names, in one call. Each is an entry of its own, the same that `findBookInfo` reads. Only the names that no tier
   * knows get here, in one query. `absent`: as there, "there is no such book" is an answer.
   */
  @CacheableAll('book', { tags: (book) => [authorTag(book.authorId)], absent: 'undefined' })
  findShelf(names: readonly string[]): Promise<Map<string, Book>> {
    return this.#books.findByNames(names);
  }

  /** `undefined`: there is no such author. That is an answer too. The first book of that author evicts it. */
  @Cacheable('booksByAuthor', { tags: (_, authorId) => [authorTag(authorId)] })
  findBooksByAuthor(authorId: number): Promise<BookList | undefined> {
    return this.#books.findByAuthor(authorId);
  }

  /**
   * Saves the book and drops it from every server's cache, over `book-channel`. With `acks: 'all'` no server serves the old book afterwards.
   * With `aroundInvocation` this server may die at any moment, even right after its commit: the old book does not stay in any cache.
   * A new book, and one with another author, also changes what the lists of its authors say.
   */
  @CacheEvict('book', { key: (book) => book.name, acks: 'all', aroundInvocation: true })
  @CacheEvict('booksByAuthor', { resultTags: ({ relistedAuthorIds }) => relistedAuthorIds.map(authorTag), acks: 'all' })
  updateBook(book: Book): Promise<Saved> {
    return this.#books.save(book);
  }

  /**
   * Renames an author in every book and in the list, however many there are. Nothing here knows which these
   * are: they carry the tag.
   *
   * @returns `false` if there is no such author, or somebody else has this name.
   */
  @CacheEvict(['book', 'booksByAuthor'], { tags: (authorId) => [authorTag(authorId)], acks: 'all' })
  renameAuthor(authorId: number, name: string): Promise<boolean> {
    return this.#books.renameAuthor(authorId, name);
  }

  /** Replaces the whole stock. */
  @CacheEvict(['book', 'booksByAuthor'], { allEntries: true })
  replaceBooks(books: readonly Book[]): Promise<void> {
    return this.#books.replaceAll(books);
  }
}
