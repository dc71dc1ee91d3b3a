import { CacheConfigurationError, shown } from '../errors/index.js';

const OFF: readonly string[] = ['false', '0', 'no', 'off'];
const ON: readonly string[] = ['', 'true', '1', 'yes', 'on'];

/**
 * Whether an operator has switched caching off for the process, by `CACHE_ENABLED=false`.
 *
 * @param env - the variables. Default: `process.env`.
 * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` for a value that means neither: a misspelt `false`
 *   must not be taken for a yes.
 */
export function isSwitchedOff(env: Readonly<Record<string, string | undefined>> = process.env): boolean {
  const text = env['CACHE_ENABLED']?.trim().toLowerCase() ?? '';
  if (OFF.includes(text)) return true;
  if (ON.includes(text)) return false;
  throw new CacheConfigurationError(
    'CACHE_OPTION_INVALID',
    `Expected the environment variable CACHE_ENABLED to be \`true\` or \`false\`, got \`${shown(text)}\`.`,
  );
}
