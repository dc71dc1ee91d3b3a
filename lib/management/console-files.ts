import { readFile } from 'node:fs/promises';
import { type Answer, content } from './answer.js';

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/**
 * The page may use its own files and this handler, and nothing else. Pages of the same origin may frame it.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
].join('; ');

/** The files of the page. No other file is ever read from the disk. */
const FILES: ReadonlyMap<string, string> = new Map([
  ['/console', 'console.html'],
  ...[
    'api.js',
    'cache-list.js',
    'connection.js',
    'console.css',
    'console.js',
    'console.svg',
    'dom.js',
    'feed.js',
    'figures.js',
    'fleet.js',
    'format.js',
    'history.js',
    'instance-list.js',
    'key-look-up.js',
    'overview.js',
    'plots.js',
    'problems.js',
    'ranking.js',
    'theme.js',
    'uplot.css',
    'uplot.js',
  ].map((name): [string, string] => [`/${name}`, name]),
]);

const held = new Map<string, Promise<Uint8Array>>();

/** Whether there is a file of the console at `path`. */
export const isConsoleFile = (path: string): boolean => FILES.has(path);

/** The file of the console at `path`. Ask {@link isConsoleFile} before. */
export async function consoleFile(path: string): Promise<Answer> {
  const name = FILES.get(path) as string;
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1)] as string;
  return content(type, await read(name), { 'content-security-policy': POLICY, 'cache-control': 'no-cache' });
}

function read(name: string): Promise<Uint8Array> {
  let file = held.get(name);
  if (file === undefined) {
    file = readFile(new URL(`./console/${name}`, import.meta.url));
    held.set(name, file);
    file.catch(() => held.delete(name));
  }
  return file;
}
