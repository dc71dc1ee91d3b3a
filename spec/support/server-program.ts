import { locateProgram } from './locate-program.js';

/** The servers the specs can speak to, in order of preference. */
const SERVER_PROGRAMS = ['redis-server', 'valkey-server'] as const;

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
    const found = locateProgram(wish, env);
    if (found === undefined) throw new Error(`REDIS_SERVER is '${wish}', which is no program that can be run.`);
    return found;
  }
  for (const name of SERVER_PROGRAMS) {
    const found = locateProgram(name, env);
    if (found !== undefined) return found;
  }
  return undefined;
}
