import { CacheConfigurationError } from '../errors/index.js';

/** The error for tags in a cache without them. @param label - of the operation that has them. */
export const noTags = (cache: string, label?: string): CacheConfigurationError =>
  new CacheConfigurationError(
    'CACHE_OPTION_INVALID',
    label === undefined ? `Cache '${cache}' has no tags.` : `Invalid ${label}: cache '${cache}' has no tags.`,
    { hint: `Write \`caches: { '${cache}': { tags: true } }\`.` },
  );
