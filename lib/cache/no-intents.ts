import { CacheConfigurationError } from '../errors/index.js';

/** The error for a write intent in a cache that asks no server before it stores a value. */
export const noIntents = (cache: string, label?: string): CacheConfigurationError =>
  new CacheConfigurationError(
    'CACHE_OPERATION_INVALID',
    label === undefined
      ? `Cache '${cache}' has \`tiers: 'local'\`, so it cannot withhold what is being written.`
      : `Invalid ${label}: cache '${cache}' has \`tiers: 'local'\`, so \`aroundInvocation\` could not protect it.`,
    { hint: "A local tier alone asks nobody before it stores. Use `tiers: 'both'`, or evict after the method." },
  );
