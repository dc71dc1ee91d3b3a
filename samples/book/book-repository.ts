import { inject, injectable } from 'inversify';
import { Book } from './book.js';
import { Database } from './database.js';
import { noteCommit, noteDatabaseRead } from '../support/request-trace.js';

const UPSERT = `
  INSERT INTO book (name, author, price) VALUES (:name, :author, :price)
  ON CONFLICT (name) DO UPDATE SET author = excluded.author, price = excluded.price, version = version + 1
  RETURNING name, author, price, version`;

/** The books in the database. */
@injectable()
export class BookRepository {
  readonly #database: Database;

  constructor(@inject(Database) database: Database) {
    this.#database = database;
  }

  async findByName(name: string): Promise<Book | undefined> {
    noteDatabaseRead();
    const [row] = await this.#database.execute({ sql: 'SELECT name, author, price, version FROM book WHERE name = :name', args: { name } });
    return row === undefined ? undefined : toBook(row);
  }

  /** Inserts the book or updates the one of its name. Returns it with its new version: `1` if it is a new one. */
  async save({ name, author, price }: Book): Promise<Book> {
    const [row] = await this.#database.execute({ sql: UPSERT, args: { name, author, price } });
    noteCommit();
    if (row === undefined) throw new Error(`The database did not return book '${name}' after saving it.`);
    return toBook(row);
  }

  async replaceAll(books: readonly Book[]): Promise<void> {
    const inserts = books.map(({ name, author, price }) => ({ sql: UPSERT, args: { name, author, price } }));
    await this.#database.transaction([{ sql: 'DELETE FROM book', args: {} }, ...inserts]);
  }
}

function toBook(row: Readonly<Record<string, unknown>>): Book {
  return new Book(String(row['name']), String(row['author']), Number(row['price']), Number(row['version']));
}
