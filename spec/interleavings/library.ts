import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The rooms of the library that an instance is made of. */
export interface Library {
  readonly cache: typeof import('../../lib/cache/index.js');
  readonly guard: typeof import('../../lib/cache/remote-guard.js');
  readonly event: typeof import('../../lib/event/index.js');
  readonly eviction: typeof import('../../lib/eviction/index.js');
  readonly topic: typeof import('../../lib/topic/index.js');
}

/** One mechanism taken out of the compiled library. */
export interface Patch {
  /** The compiled file, below `lib/`. */
  readonly file: string;
  /** What stands there, exactly once; runs of white space count as one space. */
  readonly from: string;
  readonly to: string;
}

const LIB = new URL('../../lib/', import.meta.url);
const ROOMS = ['cache', 'errors', 'event', 'eviction', 'time', 'topic'];

/** The library as it is built. */
export const loadLibrary = (): Promise<Library> => load(LIB);

/**
 * The library with `patches` applied to a copy of the build, which lies beside it for as long as `use` takes.
 *
 * @throws {Error} for a patch that no longer fits the code, so that it cannot rot in silence.
 */
export async function withMutant<T>(slug: string, patches: readonly Patch[], use: (mutant: Library) => Promise<T>): Promise<T> {
  const root = new URL(`../../mutants/${slug}-${process.pid}/`, import.meta.url);
  try {
    for (const room of ROOMS) {
      const filter = (path: string): boolean => !/\.d\.ts$|\.map$/.test(path);
      cpSync(fileURLToPath(new URL(room, LIB)), fileURLToPath(new URL(room, root)), { recursive: true, filter });
    }
    for (const patch of patches) apply(patch, root);
    return await use(await load(root));
  } finally {
    rmSync(fileURLToPath(root), { recursive: true, force: true });
  }
}

async function load(root: URL): Promise<Library> {
  const [cache, guard, event, eviction, topic] = (await Promise.all(
    ['cache/index.js', 'cache/remote-guard.js', 'event/index.js', 'eviction/index.js', 'topic/index.js'].map((file) => import(new URL(file, root).href)),
  )) as [Library['cache'], Library['guard'], Library['event'], Library['eviction'], Library['topic']];
  return { cache, guard, event, eviction, topic };
}

function apply({ file, from, to }: Patch, root: URL): void {
  const path = fileURLToPath(new URL(file, root));
  const source = readFileSync(path, 'utf8');
  const pattern = new RegExp(from.trim().split(/\s+/).map(escape).join('\\s+'), 'g');
  const found = [...source.matchAll(pattern)].length;
  if (found !== 1) throw new Error(`The patch of ${file} fits ${found} times, and must fit once: ${from}`);
  writeFileSync(path, source.replace(pattern, () => to));
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
