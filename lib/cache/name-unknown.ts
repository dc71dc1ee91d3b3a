import { CacheConfigurationError, didYouMean, shown } from '../errors/index.js';

/**
 * The error for a name that a cache manager does not have.
 *
 * @param label - of the operation that names it. Default: not known.
 */
export function nameUnknown(name: string, known: readonly string[], label?: string): CacheConfigurationError {
  const names = known.length === 0 ? 'none' : known.map((one) => `'${one}'`).join(', ');
  const there = label === undefined ? 'There' : `Invalid ${label}: there`;
  return new CacheConfigurationError('CACHE_NAME_UNKNOWN', `${there} is no cache '${shown(name)}': the cache manager knows ${names}.`, {
    hint: `${didYouMean(name, known)} Add it to \`caches\`, or let the manager be \`dynamic\`.`.trimStart(),
  });
}
