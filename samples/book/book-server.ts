import { once } from 'node:events';
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Container, ServiceIdentifier } from 'inversify';
import { type CacheStatistics, CacheEvents, CacheEvictError, CacheManager, type CachingOptions } from '../../lib/index.js';
import { type CacheManagement, cacheManagement } from '../../lib/management/index.js';
import type { Book } from './book.js';
import type { Saved } from './book-repository.js';
import { createBookContainer, LIFE_MINUTES } from './book-container.js';
import { readAsk, readAuthorName, readBook, readJson, readName, readNames } from './book-request.js';
import { BookService } from './book-service.js';
import { pageFile } from './page-files.js';
import { STOCK } from './stock.js';
import { Database } from './database.js';
import { SERVER_NAMES } from './server-names.js';
import { HttpError } from './http-error.js';
import { drain } from '../support/drain.js';
import { monotonicMs } from '../support/monotonic-time.js';
import { traceQueries, traceRead, traceUpdate } from '../support/request-trace.js';
import type { ServerNotice } from './server-notice.js';

/** What a {@link BookServer} is given. */
export interface BookServerOptions {
  /** As in the header `x-server`. */
  readonly name: string;
  /** Names its cache instance in messages; unique among all that run. */
  readonly instanceId: string;
  /** The address to listen on. Default: the loopback. In a container, from which the port is published, it is `0.0.0.0`. */
  readonly host?: string | undefined;
  /** `0`: any free one. */
  readonly port: number;
  /** The file of the database. */
  readonly file: string;
  /** `undefined`: embedded. */
  readonly redis: CachingOptions['redis'];
  /** Whether the servers' links to Redis can be paused. */
  readonly hasLinks: boolean;
  /** Ends the process at once, for a PUT with the header `x-die: after-commit`. `undefined`: the header means nothing. */
  readonly die?: (() => void) | undefined;
  /** Told what happens here. */
  readonly notify: (notice: ServerNotice) => void;
}

const LOOPBACK = '127.0.0.1';

/** What a route answers: JSON, or a text of its own type. */
interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly type?: string;
  readonly headers?: OutgoingHttpHeaders;
}

/**
 * The Book application over HTTP: GET and PUT `/books/:name`, GET `/books?name=Dune&name=Emma`, GET
 * `/authors/:id/books`, PUT `/authors/:id`, GET `/stats`. The answer to a GET of a book or a list tells in `x-cache` where it came
 * from, that to a GET of several books in `x-queries` what the database was asked for (names between commas, queries between
 * semicolons), and every answer in `x-server` who gave it. Below `/cache/` lies the management of its caches, and at `/` a page with its console.
 */
export class BookServer {
  readonly #options: BookServerOptions;
  readonly #http: Server;
  #database: Database | undefined;
  #container: Container | undefined;
  #management: CacheManagement | undefined;
  #starting: Promise<string> | undefined;

  constructor(options: BookServerOptions) {
    this.#options = options;
    this.#http = createServer((request, response) => void this.#respond(request, response));
  }

  /** Opens the database, joins the other servers on `book-channel`, and resolves to the address it answers at. A server is started once. */
  start(): Promise<string> {
    return (this.#starting ??= this.#start());
  }

  /** Takes no more requests, answers those that are open, leaves the other servers and closes the database. Idempotent; while it is starting it waits for that. */
  async stop(): Promise<void> {
    await this.#starting?.catch(() => undefined); // Told to whoever started it.
    this.#management?.close();
    if (this.#http.listening) {
      const closed = once(this.#http, 'close');
      this.#http.close();
      await drain(this.#http, closed);
    }
    await this.#container?.unbindAllAsync();
    this.#database?.close();
    this.#database = undefined;
  }

  async #start(): Promise<string> {
    const { name, instanceId, host = LOOPBACK, port, file, redis, notify } = this.#options;
    this.#database = await Database.open(file);
    this.#container = await createBookContainer(this.#database, redis, instanceId);
    const events = this.#container.get(CacheEvents);
    events.on('evicted', ({ keys, origin }) => notify({ kind: 'evicted', keys, origin, atMs: monotonicMs() }));
    events.on('tagsEvicted', ({ cache, tags }) => notify({ kind: 'tagsEvicted', cache, tags, atMs: monotonicMs() }));
    this.#management = cacheManagement(this.#container, { basePath: '/cache', allowWrites: true }); // It is no more than a sample.
    this.#http.listen(port, host);
    try {
      await once(this.#http, 'listening');
    } catch (cause) {
      throw new Error(`${name} cannot listen on port ${port}: ${(cause as Error).message}.`, { cause });
    }
    return `http://${LOOPBACK}:${(this.#http.address() as AddressInfo).port}`;
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url?.startsWith('/cache/')) return this.#management?.node(request, response);
    const { status, body, headers, type } = await this.#route(request).catch(toAnswer);
    const text = type === undefined ? `${JSON.stringify(body)}\n` : String(body);
    response.writeHead(status, {
      'content-type': type ?? 'application/json',
      'content-length': Buffer.byteLength(text),
      'x-server': this.#options.name,
      ...headers,
    });
    response.end(text);
  }

  async #route(request: IncomingMessage): Promise<Answer> {
    const [path = '', query = ''] = (request.url ?? '').split('?');
    if (path === '/stats') {
      allow(request, 'GET');
      return this.#tellStatistics();
    }
    const file = await pageFile(path);
    if (file !== undefined) {
      allow(request, 'GET');
      return { status: 200, body: file.text, type: file.type };
    }
    if (path === '/demo' || path.startsWith('/demo/')) return this.#demonstrate(path, request);
    const [, id, books] = /^\/authors\/(\d{1,15})(\/books)?$/.exec(path) ?? [];
    if (id !== undefined && books !== undefined) {
      allow(request, 'GET');
      return this.#findByAuthor(Number(id));
    }
    if (id !== undefined) {
      allow(request, 'PUT');
      return this.#renameAuthor(Number(id), await readAuthorName(request));
    }
    if (path === '/books') {
      allow(request, 'GET');
      return this.#findShelf(readNames(query));
    }
    const name = /^\/books\/([^/]*)$/.exec(path)?.[1];
    if (name === undefined) throw new HttpError(404, 'There is nothing here. Try /books/Dune, /authors/1/books or /stats.');
    allow(request, 'GET', 'PUT');
    if (request.method === 'GET') return this.#find(readName(name));
    const onCommit = request.headers['x-die'] === 'after-commit' ? this.#options.die : undefined;
    return this.#update(await readBook(readName(name), request), onCommit);
  }

  async #find(name: string): Promise<Answer> {
    const books = this.#service(BookService);
    const { value: book, source } = await traceRead(
      () => this.#statistics('book'),
      () => books.findBookInfo(name),
    );
    const headers = { 'x-cache': source };
    if (book === undefined) throw new HttpError(404, `There is no book '${name}'.`, headers);
    return { status: 200, body: book, headers };
  }

  async #findShelf(names: readonly string[]): Promise<Answer> {
    const { value: found, queries } = await traceQueries(() => this.#service(BookService).findShelf(names));
    const missing = [...new Set(names)].filter((name) => !found.has(name));
    const asked = queries.map((query) => query.map(encodeURIComponent).join(',')).join(';');
    return { status: 200, body: { books: [...found.values()], missing }, headers: { 'x-queries': asked } };
  }

  async #findByAuthor(authorId: number): Promise<Answer> {
    const books = this.#service(BookService);
    const { value: list, source } = await traceRead(
      () => this.#statistics('booksByAuthor'),
      () => books.findBooksByAuthor(authorId),
    );
    const headers = { 'x-cache': source };
    if (list === undefined) throw new HttpError(404, `There is no author ${authorId}.`, headers);
    return { status: 200, body: list, headers };
  }

  async #renameAuthor(authorId: number, name: string): Promise<Answer> {
    const books = this.#service(BookService);
    const author = { authorId, name };
    try {
      const { value: isDone, committedAtMs } = await traceUpdate(() => books.renameAuthor(authorId, name));
      if (!isDone) throw new HttpError(409, `There is no author ${authorId}, or somebody else is called '${name}'.`);
      this.#options.notify({ kind: 'renamed', ...author, committedAtMs, acknowledgedAtMs: monotonicMs() });
      return { status: 200, body: author };
    } catch (error) {
      if (error instanceof CacheEvictError) return { status: 202, body: author, headers: { 'x-eviction': 'pending' } };
      throw error;
    }
  }

  async #update(book: Book, onCommit: (() => void) | undefined): Promise<Answer> {
    const books = this.#service(BookService);
    try {
      const { value: saved, committedAtMs } = await traceUpdate(() => books.updateBook(book), onCommit);
      const { name, version } = saved.book;
      this.#options.notify({ kind: 'updated', name, version, committedAtMs, acknowledgedAtMs: monotonicMs() });
      return { status: version === 1 ? 201 : 200, body: saved.book };
    } catch (error) {
      // Saved, but Redis did not acknowledge the eviction, which is repeated until it does: other servers may serve the old book until then.
      if (error instanceof CacheEvictError)
        return { status: 202, body: (error.result as Saved).book, headers: { 'x-eviction': 'pending' } };
      throw error;
    }
  }

  /** What the page needs to know, and what its buttons ask for. */
  async #demonstrate(path: string, request: IncomingMessage): Promise<Answer> {
    const { hasLinks, notify } = this.#options;
    if (path === '/demo') {
      allow(request, 'GET');
      return { status: 200, body: { books: STOCK.map(({ name }) => name), servers: SERVER_NAMES, hasLinks, lifeMinutes: LIFE_MINUTES } };
    }
    allow(request, 'PUT');
    const ask = readAsk(path, await readJson(request));
    if (ask.what === 'link' && !hasLinks) throw new HttpError(409, 'There is no link that could be paused.');
    notify({ kind: 'asked', ask });
    return { status: 202, body: ask };
  }

  #tellStatistics(): Answer {
    const { name: server, instanceId: instance } = this.#options;
    return { status: 200, body: { server, instance, caches: this.#service(CacheManager).statistics() } };
  }

  #statistics(name: 'book' | 'booksByAuthor'): CacheStatistics {
    const cache = this.#service(CacheManager).getCache(name);
    if (cache === undefined) throw new Error(`There is no cache '${name}'.`);
    return cache.statistics();
  }

  #service<T>(identifier: ServiceIdentifier<T>): T {
    if (this.#container === undefined) throw new Error(`${this.#options.name} was not started.`);
    return this.#container.get(identifier);
  }
}

function allow(request: IncomingMessage, ...methods: readonly string[]): void {
  if (methods.includes(request.method ?? '')) return;
  throw new HttpError(405, `Expected ${methods.join(' or ')}.`, { allow: methods.join(', ') });
}

function toAnswer(error: unknown): Answer {
  if (error instanceof HttpError) return { status: error.status, body: { error: error.message }, headers: error.headers };
  console.error(error);
  return { status: 500, body: { error: 'The server failed. Its log tells more.' } };
}
