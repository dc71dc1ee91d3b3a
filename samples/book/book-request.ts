import type { IncomingMessage } from 'node:http';
import { Book } from './book.js';
import { HttpError } from './http-error.js';
import { SERVER_NAMES } from './server-names.js';
import type { Ask } from './server-notice.js';

/** The most bytes a request's body may have. */
export const MAXIMUM_BODY_BYTES = 16 * 1024;

/** The most characters a book's name may have. */
export const MAXIMUM_NAME_LENGTH = 200;

/**
 * The name in `/books/:name`.
 *
 * @throws {HttpError} 400 for a name that is empty, too long, or not percent-encoded UTF-8.
 */
export function readName(encoded: string): string {
  let name: string;
  try {
    name = decodeURIComponent(encoded).trim();
  } catch {
    throw new HttpError(400, 'The name of the book is not percent-encoded UTF-8.');
  }
  if (name === '' || name.length > MAXIMUM_NAME_LENGTH)
    throw new HttpError(400, `Expected a name of 1 to ${MAXIMUM_NAME_LENGTH} characters.`);
  return name;
}

/** The most books of one shelf. */
export const MAXIMUM_SHELF = 100;

/**
 * The names in `/books?name=Dune&name=Emma`.
 *
 * @throws {HttpError} 400 for none, for too many, for another parameter, and as {@link readName}.
 */
export function readNames(query: string): readonly string[] {
  const parameters = query.split('&').filter((parameter) => parameter !== '');
  if (parameters.length === 0 || parameters.length > MAXIMUM_SHELF || parameters.some((parameter) => !parameter.startsWith('name=')))
    throw new HttpError(400, `Expected 1 to ${MAXIMUM_SHELF} names: /books?name=Dune&name=Emma.`);
  return parameters.map((parameter) => readName(parameter.slice('name='.length).replaceAll('+', ' ')));
}

/**
 * The book in the body of a PUT: `{"author": "Frank Herbert", "price": 9.99}`.
 *
 * @throws {HttpError} 400 for anything else, 413 for more than {@link MAXIMUM_BODY_BYTES}.
 */
export async function readBook(name: string, request: IncomingMessage): Promise<Book> {
  const { author, price } = await readJson(request);
  if (typeof author !== 'string' || author.trim() === '') throw new HttpError(400, 'Expected `author` to be a non-empty string.');
  if (typeof price !== 'number' || !Number.isFinite(price) || price < 0)
    throw new HttpError(400, 'Expected `price` to be a number that is not negative.');
  return new Book(name, author.trim(), price);
}

/**
 * The author's new name in the body of a PUT: `{"name": "Frank Patrick Herbert"}`.
 *
 * @throws {HttpError} as {@link readBook}.
 */
export async function readAuthorName(request: IncomingMessage): Promise<string> {
  const { name } = await readJson(request);
  if (typeof name !== 'string' || name.trim() === '' || name.trim().length > MAXIMUM_NAME_LENGTH)
    throw new HttpError(400, `Expected \`name\` to be a string of 1 to ${MAXIMUM_NAME_LENGTH} characters.`);
  return name.trim();
}

/** The JSON object in the body. @throws {HttpError} as {@link readBook}. */
export async function readJson(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const body = parse(await readBody(request));
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new HttpError(400, 'Expected a JSON object.');
  return body as Readonly<Record<string, unknown>>;
}

/**
 * What a button asks for: PUT `/demo/links/server-3` with `{"isPaused": true}`, or `/demo/readers` with `{"isOn": true}`.
 *
 * @throws {HttpError} 400 for another body, 404 for another path.
 */
export function readAsk(path: string, { isPaused, isOn }: Readonly<Record<string, unknown>>): Ask {
  const server = SERVER_NAMES.find((name) => path === `/demo/links/${name}`);
  if (server !== undefined) {
    if (typeof isPaused !== 'boolean') throw new HttpError(400, 'Expected `isPaused` to be a boolean.');
    return { what: 'link', server, isPaused };
  }
  if (path !== '/demo/readers') throw new HttpError(404, 'There is no such button.');
  if (typeof isOn !== 'boolean') throw new HttpError(400, 'Expected `isOn` to be a boolean.');
  return { what: 'readers', isOn };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Leaving the loop early must not destroy the request: its connection still has to carry the answer.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    // The connection is closed after the answer: the rest of the body is not worth reading.
    if (size > MAXIMUM_BODY_BYTES)
      throw new HttpError(413, `Expected a body of at most ${MAXIMUM_BODY_BYTES} bytes.`, { connection: 'close' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new HttpError(400, 'Expected the body to be JSON.');
  }
}
