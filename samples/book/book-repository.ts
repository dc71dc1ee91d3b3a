import { inject, injectable } from 'inversify';
import { Book, BookList } from './book.js';
import { Database } from './database.js';
import { noteCommit, noteDatabaseRead, noteQuery } from '../support/request-trace.js';

const SELECT = `
  SELECT book.name, author.name AS author, price, version, author_id
  FROM book JOIN author ON author.id = author_id`;

const INSERT_AUTHOR = 'INSERT INTO author (name) VALUES (:author) ON CONFLICT (name) DO NOTHING';

const UPSERT = `
  INSERT INTO book (name, author_id, price) SELECT :name, id, :price FROM author WHERE name = :author
  ON CONFLICT (name) DO UPDATE SET author_id = excluded.author_id, price = excluded.price, version = version + 1`;

const RENAME = `
  UPDATE author SET name = :name
  WHERE id = :authorId AND NOT EXISTS (SELECT 1 FROM author WHERE name = :name AND id <> :authorId)`;

/** A book that was saved, and whose lists of books are others now. */
export interface Saved {
  readonly book: Book;
  /** None if only the price is another one, two if the book has another author. */
  readonly relistedAuthorIds: readonly number[];
}

/** The books in the database, and their authors. */
@injectable()
export class BookRepository {
  readonly #database: Database;

  constructor(@inject(Database) database: Database) {
    this.#database = database;
  }

  async findByName(name: string): Promise<Book | undefined> {
    noteDatabaseRead();
    const [row] = await this.#database.execute({ sql: `${SELECT} WHERE book.name = :name`, args: { name } });
    return row === undefined ? undefined : toBook(row);
  }

  /** The books of these names, by their names, from one query. Names of which there is no book are left out. */
  async findByNames(names: readonly string[]): Promise<Map<string, Book>> {
    noteQuery(names);
    const sql = `${SELECT} WHERE book.name IN (SELECT value FROM json_each(:names))`;
    const rows = await this.#database.execute({ sql, args: { names: JSON.stringify(names) } });
    return new Map(rows.map(toBook).map((book) => [book.name, book]));
  }

  /** `undefined`: there is no such author. */
  async findByAuthor(authorId: number): Promise<BookList | undefined> {
    noteDatabaseRead();
    const [authors = [], books = []] = await this.#database.transaction([
      { sql: 'SELECT name FROM author WHERE id = :authorId', args: { authorId } },
      { sql: 'SELECT name FROM book WHERE author_id = :authorId ORDER BY name', args: { authorId } },
    ]);
    const [author] = authors;
    if (author === undefined) return undefined;
    return new BookList(
      authorId,
      String(author['name']),
      books.map((row) => String(row['name'])),
    );
  }

  /** Inserts the book or updates the one of its name. Returns it with its new version: `1` if it is a new one. */
  async save({ name, author, price }: Book): Promise<Saved> {
    const read = { sql: `${SELECT} WHERE book.name = :name`, args: { name } };
    const args = { name, author, price };
    const [[before] = [], , , [after] = []] = await this.#database.transaction([
      read,
      { sql: INSERT_AUTHOR, args: { author } },
      { sql: UPSERT, args },
      read,
    ]);
    noteCommit();
    if (after === undefined) throw new Error(`The database did not return book '${name}' after saving it.`);
    const book = toBook(after);
    const authorIds = before === undefined ? [book.authorId] : [toBook(before).authorId, book.authorId];
    return { book, relistedAuthorIds: before !== undefined && authorIds[0] === authorIds[1] ? [] : authorIds };
  }

  /** Answers whether it was done: the author is known, and nobody else has this name. */
  async renameAuthor(authorId: number, name: string): Promise<boolean> {
    const rows = await this.#database.execute({ sql: `${RENAME} RETURNING id`, args: { authorId, name } });
    noteCommit();
    return rows.length > 0;
  }

  async replaceAll(books: readonly Book[]): Promise<void> {
    const inserts = books.flatMap(({ name, author, price }) => [
      { sql: INSERT_AUTHOR, args: { author } },
      { sql: UPSERT, args: { name, author, price } },
    ]);
    await this.#database.transaction([{ sql: 'DELETE FROM book', args: {} }, { sql: 'DELETE FROM author', args: {} }, ...inserts]);
  }
}

function toBook(row: Readonly<Record<string, unknown>>): Book {
  return new Book(String(row['name']), String(row['author']), Number(row['price']), Number(row['version']), Number(row['author_id']));
}
