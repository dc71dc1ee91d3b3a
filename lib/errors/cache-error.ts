import type { CacheErrorCode } from './error-codes.js';
import { MAXIMUM_LINE_LENGTH, printable } from './printable.js';

const BRAND = Symbol.for('inversify-cache/CacheError');

/** What an error carries besides its message. */
export interface CacheErrorOptions {
  /** What to do about it, in one or two sentences. Printed after the message. */
  readonly hint?: string | undefined;
  /** The underlying error, as it was thrown. */
  readonly cause?: unknown;
  /**
   * What the decorated method, or the transaction, returned: it succeeded before this failed.
   * Default: there was none.
   */
  readonly result?: unknown;
}

/**
 * The base of every error that this library throws. Match on the {@link code}, which is stable, and not on
 * the message. Messages name the operation, the cache and the key; never a value and never a credential. They
 * can be written to a log or a terminal as they are: they are printable and bounded, whatever the key holds.
 */
export abstract class CacheError extends Error {
  /** A stable name for the cause. `docs/errors.md` explains each. */
  readonly code: CacheErrorCode;
  /** What to do about it, if known. */
  readonly hint: string | undefined;
  /**
   * What the decorated method, or the transaction, returned when it **succeeded** and a later step failed.
   * Otherwise `undefined`; `'result' in error` tells the two apart.
   */
  declare readonly result?: unknown;

  protected constructor(code: CacheErrorCode, message: string, options: CacheErrorOptions = {}) {
    const said = printable(message, MAXIMUM_LINE_LENGTH);
    const hint = options.hint === undefined ? undefined : printable(options.hint, MAXIMUM_LINE_LENGTH);
    super(hint === undefined ? said : `${said} ${hint}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = hint;
    if ('result' in options) this.result = options.result;
    this.name = new.target.name;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** @internal The message without the hint. */
  get said(): string {
    return this.hint === undefined ? this.message : this.message.slice(0, -` ${this.hint}`.length);
  }

  /** The same error with the result of the decorated method. */
  withResult(result: unknown): CacheError {
    const { code, said, hint, cause = this } = this;
    const Same = this.constructor as new (code: CacheErrorCode, message: string, options: CacheErrorOptions) => CacheError;
    return new Same(code, said, { hint, cause, result });
  }

  /**
   * Whether `error` is one of ours, even if two copies of this library are installed. (The idea
   * of the brand is undici's.)
   */
  static is(error: unknown): error is CacheError {
    return typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[BRAND] === true;
  }
}
