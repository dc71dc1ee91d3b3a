import { CacheConfigurationError, didYouMean, shown } from '../errors/index.js';
import { checkFreshness, type FreshnessOptions, parseDuration, type Milliseconds } from '../time/index.js';
import type { OperationFunction } from './cache-operation.js';
import type { ServiceIdentifier } from './service-locator.js';

/** Reads the options of one decorator one at a time. Every error names the decorator and its method. */
export class OptionReader {
  readonly #options: Readonly<Record<string, unknown>>;
  readonly #where: string;

  /**
   * @param where - `@Cacheable on BookService.find`.
   * @param known - the options there are. Any other is refused.
   */
  constructor(options: unknown, where: string, known: readonly string[]) {
    this.#where = where;
    if (typeof options !== 'object' || options === null || Array.isArray(options)) {
      throw this.invalid(`expected its options to be an object, got ${describeValue(options)}.`);
    }
    this.#options = options as Readonly<Record<string, unknown>>;
    for (const name of Object.keys(options)) {
      if (known.includes(name)) continue;
      const hint = `${didYouMean(name, known)} Known are ${known.map((option) => `\`${option}\``).join(', ')}.`.trimStart();
      throw this.invalid(`there is no option \`${shown(name)}\`.`, hint);
    }
  }

  /** The error for an option of the wrong kind. */
  invalid(what: string, hint?: string): CacheConfigurationError {
    return new CacheConfigurationError('CACHE_OPTION_INVALID', `Invalid ${this.#where}: ${what}`, { hint });
  }

  /**
   * Refuses options that contradict each other. An option counts as given unless it is
   * `undefined` or `false`.
   */
  exclude(one: string, other: string, why: string): void {
    if (!this.#isGiven(one) || !this.#isGiven(other)) return;
    throw new CacheConfigurationError(
      'CACHE_OPERATION_INVALID',
      `Invalid ${this.#where}: \`${one}\` and \`${other}\` cannot both be set. ${why}`,
    );
  }

  cacheNames(): readonly string[] {
    const given = this.#options['cacheNames'] ?? [];
    const names: readonly unknown[] = Array.isArray(given) ? given : [given];
    if (names.length === 0 && this.#options['cacheNames'] !== undefined)
      throw this.invalid('`cacheNames` is an empty array.', 'Leave it out to take the names of @CacheConfig.');
    for (const name of names) {
      if (typeof name !== 'string' || name === '') {
        throw this.invalid(`expected \`cacheNames\` to be a non-empty string or an array of them, got ${describeValue(name)}.`);
      }
    }
    const repeated = names.find((name, index) => names.indexOf(name) !== index);
    if (repeated !== undefined) throw this.invalid(`\`cacheNames\` names the cache '${shown(repeated)}' twice.`);
    return Object.freeze([...(names as readonly string[])]);
  }

  function(name: string): OperationFunction | undefined {
    const given = this.#options[name];
    if (given === undefined) return undefined;
    if (typeof given !== 'function') throw this.invalid(`expected \`${name}\` to be a function, got ${describeValue(given)}.`);
    return given as OperationFunction;
  }

  flag(name: string): boolean {
    const given = this.#options[name] ?? false;
    if (typeof given !== 'boolean') throw this.invalid(`expected \`${name}\` to be true or false, got ${describeValue(given)}.`);
    return given;
  }

  service(name: string): ServiceIdentifier | undefined {
    const given = this.#options[name];
    if (given === undefined || typeof given === 'symbol' || typeof given === 'function' || (typeof given === 'string' && given !== '')) {
      return given as ServiceIdentifier | undefined;
    }
    throw this.invalid(`expected \`${name}\` to be a service identifier (a class, symbol or string), got ${describeValue(given)}.`);
  }

  ttl(): Milliseconds | OperationFunction | undefined {
    const given = this.#options['ttl'];
    if (given === undefined || typeof given === 'function') return given as OperationFunction | undefined;
    return this.#checked(() => parseDuration('ttl', given));
  }

  /**
   * What a read may be answered with beside a fresh value, and how long it waits. `undefined`: as the cache
   * says.
   */
  freshness(): FreshnessOptions | undefined {
    const { staleIfError, refreshAfter, loadTimeout } = this.#options as FreshnessOptions;
    if (staleIfError === undefined && refreshAfter === undefined && loadTimeout === undefined) return undefined;
    const given = { staleIfError, refreshAfter, loadTimeout };
    this.#checked(() => checkFreshness(given));
    return Object.freeze(given);
  }

  #checked<T>(parse: () => T): T {
    try {
      return parse();
    } catch (error) {
      const { message } = error as Error;
      throw this.invalid(message.charAt(0).toLowerCase() + message.slice(1));
    }
  }

  /** One of two words. */
  oneOf<W extends string>(name: string, words: readonly [W, W]): W | undefined {
    const given = this.#options[name];
    if (given === undefined || given === words[0] || given === words[1]) return given as W | undefined;
    throw this.invalid(`expected \`${name}\` to be '${words[0]}' or '${words[1]}', got ${describeValue(given)}.`);
  }

  /** A whole number of at least 1. */
  count(name: string): number | undefined {
    const given = this.#options[name];
    if (given === undefined || (Number.isSafeInteger(given) && (given as number) >= 1)) return given as number | undefined;
    throw this.invalid(`expected \`${name}\` to be a whole number of at least 1, got ${describeValue(given)}.`);
  }

  #isGiven(name: string): boolean {
    return this.#options[name] !== undefined && this.#options[name] !== false;
  }
}

/** The given value for a message: its type, and the value itself if it is short and harmless. */
function describeValue(value: unknown): string {
  if (value === null || value === undefined) return `\`${String(value)}\``;
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'string') return value === '' ? 'an empty string' : `\`${shown(value)}\` (string)`;
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'function') return 'a function';
  return `\`${shown(value)}\` (${typeof value})`;
}
