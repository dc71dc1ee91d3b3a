/**
 * A value that can be a key. Keys are equal by value, not by identity. Class instances, functions, symbols
 * and cycles are refused at run time.
 *
 * A value typed by an `interface` has no index signature. The compiler takes it as a whole: it does not look
 * at its properties, and cannot tell it from an instance of a class. It refuses functions, promises, maps,
 * sets, and other objects of the language by what they have and plain objects have not.
 */
export type CacheKey =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | Date
  | readonly CacheKey[]
  | { readonly [property: string]: CacheKey }
  | (object & {
      readonly then?: never;
      readonly [Symbol.hasInstance]?: never;
      readonly [Symbol.iterator]?: never;
      readonly [Symbol.match]?: never;
      readonly [Symbol.toStringTag]?: never;
    });
