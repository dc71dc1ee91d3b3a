import type { CacheStatistics } from '../../lib/index.js';
import type { Book, BookList } from './book.js';
import type { AnswerSource } from '../support/request-trace.js';

/** The most a request may take, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** One server's HTTP interface, seen from outside. */
export class BookClient {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** What the server knows of the book, and where it had it from. @throws {Error} for any status but 200. */
  async find(name: string): Promise<{ readonly book: Book; readonly source: AnswerSource }> {
    const response = await this.#send('GET', `/books/${encodeURIComponent(name)}`, 200);
    return { book: (await response.json()) as Book, source: response.headers.get('x-cache') as AnswerSource };
  }

  /** The books of these names, and the names that each query asked the database for. @throws {Error} for any status but 200. */
  async findShelf(
    names: readonly string[],
  ): Promise<{ readonly books: readonly Book[]; readonly queries: readonly (readonly string[])[] }> {
    const response = await this.#send('GET', `/books?${names.map((name) => `name=${encodeURIComponent(name)}`).join('&')}`, 200);
    const { books } = (await response.json()) as { readonly books: readonly Book[] };
    const asked = (response.headers.get('x-queries') ?? '').split(';').filter((query) => query !== '');
    return { books, queries: asked.map((query) => query.split(',').map(decodeURIComponent)) };
  }

  /** The books of an author, and where the server had them from. @throws {Error} for any status but 200. */
  async findByAuthor(authorId: number): Promise<{ readonly list: BookList; readonly source: AnswerSource }> {
    const response = await this.#send('GET', `/authors/${authorId}/books`, 200);
    return { list: (await response.json()) as BookList, source: response.headers.get('x-cache') as AnswerSource };
  }

  /**
   * Has the server rename the author, and resolves once no server serves the old name.
   *
   * @throws {Error} for any status but 200.
   */
  async renameAuthor(authorId: number, name: string): Promise<void> {
    await this.#send('PUT', `/authors/${authorId}`, 200, JSON.stringify({ name }));
  }

  /** Has the server save the book, and resolves once no server serves the old one. @throws {Error} for any status but 200. */
  async update({ name, author, price }: Pick<Book, 'name' | 'author' | 'price'>): Promise<Book> {
    const response = await this.#send('PUT', `/books/${encodeURIComponent(name)}`, 200, JSON.stringify({ author, price }));
    return (await response.json()) as Book;
  }

  /** Has the server save the book and die right after the commit. @throws {Error} when it answers: then it lives. */
  async updateAndDie({ name, author, price }: Pick<Book, 'name' | 'author' | 'price'>): Promise<void> {
    const answer = this.#fetch('PUT', `/books/${encodeURIComponent(name)}`, JSON.stringify({ author, price }), { 'x-die': 'after-commit' });
    const status = await answer.then(
      ({ status }) => status,
      () => undefined, // The connection ended with the server.
    );
    if (status !== undefined) throw new Error(`The server should have died after it saved '${name}', but it answered with ${status}.`);
  }

  /** The counters of the server's cache `book`. */
  async statistics(): Promise<CacheStatistics> {
    const response = await this.#send('GET', '/stats', 200);
    const { caches } = (await response.json()) as { readonly caches: { readonly book: CacheStatistics } };
    return caches.book;
  }

  async #send(method: string, path: string, expected: number, body?: string): Promise<Response> {
    const response = await this.#fetch(method, path, body);
    if (response.status === expected) return response;
    if (response.headers.get('x-eviction') === 'pending')
      throw new Error(
        `${method} ${path} was saved, but Redis did not acknowledge the eviction: other servers may serve the old book until it does.`,
      );
    throw new Error(`${method} ${path} was answered with ${response.status}: ${(await response.text()).trim()}`);
  }

  #fetch(method: string, path: string, body?: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return fetch(`${this.#url}${path}`, { method, body: body ?? null, headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
  }
}
