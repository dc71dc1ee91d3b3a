import { readFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Answer, content, Refusal } from './answer.js';
import { missingPage } from './missing-page.js';

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

const HEADERS = { 'content-security-policy': POLICY, 'cache-control': 'no-cache' };

const PAGE = 'console.html';

/** What the page cannot do without. */
const PARTS = [
  'api.js',
  'cache-list.js',
  'confirm.js',
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
  'proof-list.js',
  'ranking.js',
  'tag-eviction.js',
  'theme.js',
];

/** Without these it has no plots, and says so. */
const PLOTS = ['uplot.css', 'uplot.js'];

/** The files of the page. No other file is ever read from the disk. */
const FILES: ReadonlyMap<string, string> = new Map([
  ['/console', PAGE],
  ...[...PARTS, ...PLOTS].map((name): [string, string] => [`/${name}`, name]),
]);

/** `undefined` in a bundle of CommonJS, which has `__filename` instead. */
const here: string | undefined = import.meta.url;

/** Beside this module, or beside the bundle that holds it. */
const FOLDER = new URL('./console/', here ?? pathToFileURL(__filename));

const held = new Map<string, Promise<Uint8Array>>();
let isTold = false;

/** Whether there is a file of the console at `path`. */
export const isConsoleFile = (path: string): boolean => FILES.has(path);

/**
 * The file of the console at `path`. Ask {@link isConsoleFile} before. The page itself is answered with only
 * if its parts are there as well; otherwise the answer says which are not, and why.
 *
 * @throws {Refusal} 500 for another file that is not there.
 */
export async function consoleFile(path: string): Promise<Answer> {
  const name = FILES.get(path) as string;
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1)] as string;
  const missing = await missingOf(name === PAGE ? [PAGE, ...PARTS] : [name]);
  if (missing.length === 0) return content(type, await read(name), HEADERS);
  tell(missing);
  if (name === PAGE) return { ...content(type, missingPage(missing), HEADERS), status: 500 };
  throw new Refusal(500, `The file console/${name} is missing beside the module or bundle of the management.`);
}

async function missingOf(names: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(names.map((name) => read(name).catch(() => undefined)));
  return names.filter((_name, i) => found[i] === undefined);
}

/** Once per process. The path is told here and not in an answer, which needs no token. */
function tell([first = '']: readonly string[]): void {
  if (isTold) return;
  isTold = true;
  process.emitWarning(
    `The console is not complete: ${fileURLToPath(new URL(first, FOLDER))} is missing. See "Bundlers" in docs/operations.md.`,
    { type: 'CacheWarning', code: 'CACHE_CONSOLE_FILES_MISSING' },
  );
}

/** What could not be read is tried again: it may have been put there meanwhile. */
function read(name: string): Promise<Uint8Array> {
  let file = held.get(name);
  if (file === undefined) {
    file = readFile(new URL(name, FOLDER));
    held.set(name, file);
    file.catch(() => held.delete(name));
  }
  return file;
}
