import { readFile } from 'node:fs/promises';

/** The files of the page, in the folder of the sources: the sample runs where it was unpacked. */
const FOLDER = new URL('../../../samples/book/page/', import.meta.url);

const TYPES: Readonly<Record<string, readonly [file: string, type: string]>> = {
  '/': ['shop.html', 'text/html; charset=utf-8'],
  '/shop.css': ['shop.css', 'text/css; charset=utf-8'],
  '/shop.js': ['shop.js', 'text/javascript; charset=utf-8'],
  '/favicon.ico': ['shop.svg', 'image/svg+xml'],
};

/** The page's file at `path`, if there is one. */
export async function pageFile(path: string): Promise<{ readonly type: string; readonly text: string } | undefined> {
  const known = Object.hasOwn(TYPES, path) ? TYPES[path] : undefined;
  return known === undefined ? undefined : { type: known[1], text: await readFile(new URL(known[0], FOLDER), 'utf8') };
}
