import { CacheError } from './cache-error.js';
import { CacheEvictError } from './cache-evict-error.js';
import { CacheStoppedError } from './cache-stopped-error.js';
import { isError } from './is-error.js';
import { printable } from './printable.js';
import { withoutCredentials } from './shown.js';

/** How deep causes are followed. */
const MAXIMUM_DEPTH = 5;

/** The most characters of a reason. */
const MAXIMUM_LENGTH = 1_000;

/**
 * Why something failed, for one line of a log: the words of `error` without its hint, then those of its
 * causes, as far as they say more, as in `Redis at localhost:6379 is away: 'get' was not sent (connect
 * ECONNREFUSED 127.0.0.1:6379)`. On one printable line of bounded length, without a dot at the end and
 * without credentials.
 *
 * An eviction that Redis did not acknowledge gives the words of its cause: what was evicted, its line says.
 */
export function reasonOf(error: unknown): string {
  const words: string[] = [];
  let each = error;
  for (let depth = 0; depth < MAXIMUM_DEPTH && each !== undefined; depth += 1) {
    const { cause } = (isError(each) ? each : {}) as { readonly cause?: unknown };
    const isOnlyFrame = cause !== undefined && (each instanceof CacheEvictError || each instanceof CacheStoppedError);
    const said = isOnlyFrame ? '' : wordsOf(each);
    if (said !== '' && !words.some((before) => before.includes(said))) words.push(said);
    each = cause;
  }
  const [first = 'it gave no reason', ...others] = words;
  return printable([first, ...others.map((said) => `(${said})`)].join(' '), MAXIMUM_LENGTH);
}

function wordsOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '' && error.errors.length > 0) return wordsOf(error.errors[0]); // One for each address of a host.
  return withoutCredentials(isError(error) ? textOf(error) : inText(error)).replace(/\.$/, '');
}

/** Errors of ours have been made safe, and their hints are no reasons. */
function textOf(error: Error): string {
  if (error instanceof CacheError) return error.said;
  return error.message === '' ? error.name : error.message;
}

function inText(value: unknown): string {
  try {
    return String(value);
  } catch {
    return typeof value; // An object without a prototype has no text.
  }
}
