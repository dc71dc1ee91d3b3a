import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The rooms of the library that an instance is made of. */
export interface Library {
  readonly cache: typeof import('../../lib/cache/index.js');
  readonly guard: typeof import('../../lib/cache/remote-guard.js');
  readonly event: typeof import('../../lib/event/index.js');
  readonly eviction: typeof import('../../lib/eviction/index.js');
  readonly topic: typeof import('../../lib/topic/index.js');
  readonly runtime: typeof import('../../lib/inversify/runtime.js');
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
    const filter = (path: string): boolean => !/\.d\.ts$|\.map$/.test(path);
    cpSync(fileURLToPath(LIB), fileURLToPath(root), { recursive: true, filter });
    for (const patch of patches) apply(patch, root);
    return await use(await load(root));
  } finally {
    rmSync(fileURLToPath(root), { recursive: true, force: true });
  }
}

async function load(root: URL): Promise<Library> {
  const room = async <T>(file: string): Promise<T> => (await import(new URL(file, root).href)) as T;
  return {
    cache: await room('cache/index.js'),
    guard: await room('cache/remote-guard.js'),
    event: await room('event/index.js'),
    eviction: await room('eviction/index.js'),
    topic: await room('topic/index.js'),
    runtime: await room('inversify/runtime.js'),
  };
}

function apply({ file, from, to }: Patch, root: URL): void {
  const path = fileURLToPath(new URL(file, root));
  const source = readFileSync(path, 'utf8');
  const pattern = new RegExp(from.trim().split(/\s+/).map(escape).join('\\s+'), 'g');
  const found = [...source.matchAll(pattern)].length;
  if (found !== 1) throw new Error(`The patch of ${file} fits ${found} times, and must fit once: ${from}`);
  writeFileSync(
    path,
    source.replace(pattern, () => to),
  );
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
