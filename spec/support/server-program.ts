import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** The servers the specs can speak to, in order of preference. */
export const SERVER_PROGRAMS = ['redis-server', 'valkey-server'] as const;

/**
 * The server program the specs start: what `REDIS_SERVER` names (a path, or a name on the PATH), else the first of
 * {@link SERVER_PROGRAMS} on the PATH.
 *
 * @returns its path, or `undefined` when there is none.
 * @throws {Error} when `REDIS_SERVER` is set but names no program: a wish is not silently replaced by another server.
 */
export function findServerProgram(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const wish = env['REDIS_SERVER'];
  if (wish !== undefined && wish !== '') {
    const found = locate(wish, env);
    if (found === undefined) throw new Error(`REDIS_SERVER is '${wish}', which is no program that can be run.`);
    return found;
  }
  for (const name of SERVER_PROGRAMS) {
    const found = locate(name, env);
    if (found !== undefined) return found;
  }
  return undefined;
}

function locate(name: string, env: NodeJS.ProcessEnv): string | undefined {
  if (isAbsolute(name) || name.includes('/')) return isProgram(name) ? name : undefined;
  return (env['PATH'] ?? '')
    .split(delimiter)
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, name))
    .find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
