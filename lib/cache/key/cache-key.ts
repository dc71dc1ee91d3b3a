/**
 * A value that can be a key. Keys are equal by value, not by identity. Class instances, functions, symbols
 * and cycles are refused at run time.
 */
export type CacheKey =
  string | number | bigint | boolean | null | undefined | Date | readonly CacheKey[] | { readonly [property: string]: CacheKey };
