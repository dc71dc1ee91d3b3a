/**
 * The types of options that are refused. No value has one of them: they are there for the errors of the
 * compiler, such as "Type '() => boolean' is not assignable to type 'NotTogetherWith.sync'".
 */
// eslint-disable-next-line @typescript-eslint/no-unused-vars -- there is no value of it
declare enum NotTogetherWith {
  acks = 'acks',
  allEntries = 'allEntries',
  aroundInvocation = 'aroundInvocation',
  beforeInvocation = 'beforeInvocation',
  cacheManager = 'cacheManager',
  cacheResolver = 'cacheResolver',
  key = 'key',
  keyGenerator = 'keyGenerator',
  keys = 'keys',
  resultKey = 'resultKey',
  resultTags = 'resultTags',
  sync = 'sync',
  tags = 'tags',
}

type OptionName = keyof typeof NotTogetherWith;
type Refusal<Other extends OptionName> = (typeof NotTogetherWith)[Other];

declare const impossible: unique symbol;

/** An enum member alone is a literal type, by which the compiler tells the members of a union apart. */
interface NoLiteral {
  readonly [impossible]: never;
}

/**
 * Refuses `Options` beside `Other`. If the refusal of a `keyGenerator` were a literal type, the compiler
 * would conclude from a given one that there is no `key`, and first complain of the types of its arguments.
 */
export type Without<Options extends string, Other extends OptionName> = {
  readonly [Option in Options]?: (Option extends 'keyGenerator' ? Refusal<Other> & NoLiteral : Refusal<Other>) | undefined;
};

/** Refuses that `Flags` are `true` beside `Other`. */
export type WithoutFlags<Flags extends string, Other extends OptionName> = {
  readonly [Flag in Flags]?: false | Refusal<Other> | undefined;
};

/** Refuses `unacknowledged: 'report'` beside `Other`. */
export interface WithoutReport<Other extends OptionName> {
  readonly unacknowledged?: 'throw' | Refusal<Other> | undefined;
}

/** One of `Options` at the most, with its type in `All`. */
export type AtMostOne<All, Options extends keyof All & OptionName> = {
  [Option in Options]: Pick<All, Option> & Without<Exclude<Options, Option>, Option>;
}[Options];
