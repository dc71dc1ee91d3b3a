import { type Cache, type CacheKey, encodeKey } from '../cache/index.js';
import { CacheEvictError, CacheStoppedError, MAXIMUM_LINE_LENGTH, printable, reasonOf } from '../errors/index.js';
import { CacheErrorHandler } from './cache-error-handler.js';

/**
 * Takes one line per failure and, with `stackTraces`, the error. `console.warn` fits, and so does the method
 * of a logger.
 */
export type LogFailure = (line: string, error?: unknown) => void;

/** Options of a {@link LoggingCacheErrorHandler}. */
export interface LoggingOptions {
  /** Where lines go. Default: `console.warn`. */
  readonly log?: LogFailure | undefined;
  /** Whether the error is passed along with the line. Default: `false`. */
  readonly stackTraces?: boolean | undefined;
  /**
   * `false`: lines have no keys, for keys that tell something about people. The error that `stackTraces`
   * passes along may still name one. Default: `true`.
   */
  readonly keys?: boolean | undefined;
}

/**
 * Decides as `FailOpenCacheErrorHandler` does, and logs each failure in one line, with the cache, the key and
 * the reason (Spring's `LoggingCacheErrorHandler`, which survives failed evictions too). The key stands there
 * in its written form: `~1` for the number 1. The line is printable and bounded, whatever is in the key.
 */
export class LoggingCacheErrorHandler extends CacheErrorHandler {
  readonly #log: LogFailure;
  readonly #stackTraces: boolean;
  readonly #keys: boolean;

  constructor({ log = console.warn, stackTraces = false, keys = true }: LoggingOptions = {}) {
    super();
    this.#log = log;
    this.#stackTraces = stackTraces;
    this.#keys = keys;
  }

  override handleCacheGetError(error: unknown, cache: Cache, key: CacheKey): void {
    this.#say(`Cache '${cache.name}' failed to get entry${this.#entry(key)}`, error);
  }

  override handleCachePutError(error: unknown, cache: Cache, key: CacheKey): void {
    this.#say(`Cache '${cache.name}' failed to put entry${this.#entry(key)}`, error);
    if (error instanceof CacheEvictError || error instanceof CacheStoppedError) throw error;
  }

  override handleCacheEvictError(error: unknown, cache: Cache, key: CacheKey): void {
    this.#say(`Cache '${cache.name}' failed to evict entry${this.#entry(key)}`, error);
    throw error;
  }

  override handleCacheClearError(error: unknown, cache: Cache): void {
    this.#say(`Cache '${cache.name}' failed to clear entries`, error);
    throw error;
  }

  override handlePublishError(error: unknown, topic: string): void {
    this.#say(`Topic '${topic}' failed to publish a message`, error);
  }

  override handleReceiveError(error: unknown, topic: string): void {
    this.#say(`Topic '${topic}' failed to apply a message`, error);
  }

  #entry(key: CacheKey): string {
    return this.#keys ? ` with ${writtenKey(key)}` : '';
  }

  #say(line: string, error: unknown): void {
    const printed = printable(`${line}: ${reasonOf(error)}`, MAXIMUM_LINE_LENGTH);
    if (this.#stackTraces) this.#log(printed, error);
    else this.#log(printed);
  }
}

/** As everywhere else: `key '~1'` for the number, `key '1'` for the text. */
function writtenKey(key: CacheKey): string {
  try {
    return `key '${printable(encodeKey(key))}'`;
  } catch {
    return 'a key that cannot be written';
  }
}
