import { locateProgram } from './locate-program.js';

/** C compilers, in order of preference. */
const COMPILERS = ['cc', 'gcc', 'clang'] as const;

/** What checks a model: SPIN makes a C program of it, and the C compiler makes that run. */
export interface ModelPrograms {
  readonly spin: string;
  readonly compiler: string;
}

/**
 * The programs that check the models of `spec/model`: what `SPIN` names (a path, or a name on the PATH), else
 * `spin`; and the first C compiler on the PATH.
 *
 * @returns their paths, or `undefined` when one of them is missing.
 * @throws {Error} when `SPIN` is set but names no program.
 */
export function findModelPrograms(env: NodeJS.ProcessEnv = process.env): ModelPrograms | undefined {
  const wish = env['SPIN'] ?? '';
  const spin = locateProgram(wish === '' ? 'spin' : wish, env);
  if (wish !== '' && spin === undefined) throw new Error(`SPIN is '${wish}', which is no program that can be run.`);
  const compiler = COMPILERS.map((name) => locateProgram(name, env)).find((found) => found !== undefined);
  return spin === undefined || compiler === undefined ? undefined : { spin, compiler };
}

/**
 * As {@link findModelPrograms}.
 *
 * @throws {Error} when one of them is missing.
 */
export function modelPrograms(): ModelPrograms {
  const found = findModelPrograms();
  if (found === undefined)
    throw new Error('The models need spin and a C compiler. Install spin and gcc (or clang), so that they are on the PATH.');
  return found;
}
