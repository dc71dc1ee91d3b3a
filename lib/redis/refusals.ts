import { CacheConfigurationError, shown } from '../errors/index.js';

/** The error for an option that has a wrong value, which the message shows with its type. */
export function invalidOption(option: string, expected: string, got: unknown): CacheConfigurationError {
  const text = typeof got === 'string' ? `'${shown(got)}'` : shown(got);
  const type = got === undefined || got === null ? '' : ` (${typeof got})`;
  return new CacheConfigurationError('CACHE_OPTION_INVALID', `Expected \`${option}\` to be ${expected}, got \`${text}\`${type}.`);
}

/** The same for a value that may be secret: the message tells its type alone. */
export function invalidSecret(option: string, expected: string, got: unknown): CacheConfigurationError {
  return new CacheConfigurationError('CACHE_OPTION_INVALID', `Expected \`${option}\` to be ${expected}, got ${nameOfType(got)}.`);
}

/** What a value is, without a word of the value itself. */
export function nameOfType(value: unknown): string {
  if (value === undefined || value === null) return `${value}`;
  if (Array.isArray(value)) return 'an array';
  return `${typeof value === 'object' ? 'an' : 'a'} ${typeof value}`;
}

/**
 * The error for text that may contain a password: the message says what was expected, and does not repeat the
 * text.
 */
export function notRepeated(what: string, expected: string, hint: string): CacheConfigurationError {
  return new CacheConfigurationError('CACHE_OPTION_INVALID', `Expected ${what} to be ${expected}, got something else.`, {
    hint: `${hint} The text is not repeated here because it may hold ${hint.endsWith('password.') ? 'one' : 'a password'}.`,
  });
}

/**
 * The error for an option, or a parameter of a URL, that is not used here. `hint` says what to write instead.
 */
export function notUsed(what: string, hint: string): CacheConfigurationError {
  return new CacheConfigurationError('CACHE_OPTION_INVALID', `${what} is not used here.`, { hint });
}

/** The error where one server is needed and `what` leads to several. */
export function severalServers(what: string): CacheConfigurationError {
  return new CacheConfigurationError('CACHE_OPTION_INVALID', `Expected \`redis\` to lead to one server, got ${what}.`);
}
