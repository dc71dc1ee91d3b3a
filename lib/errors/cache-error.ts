import type { CacheErrorCode } from './error-codes.js';
import { MAXIMUM_LINE_LENGTH, printable } from './printable.js';

const BRAND = Symbol.for('inversify-cache/CacheError');

/** What an error carries besides its message. */
export interface CacheErrorOptions {
  /** The way out, in one or two sentences; printed after the message. */
  readonly hint?: string;
  /** The error underneath, kept as it was thrown. */
  readonly cause?: unknown;
  /** What the decorated method, or the transaction, returned: it had succeeded before this failed. Default: nothing of the kind was under way. */
  readonly result?: unknown;
}

/**
 * The base of every error this library throws. Match on {@link code} (stable) rather than on the message (prose).
 * Messages name the operation, the cache and the key; never a value and never a credential. They may be written to a log or a terminal as
 * they are: they are printable and bounded, whatever is in the key.
 */
export abstract class CacheError extends Error {
  /** A stable name for the cause. See the README's table of codes. */
  readonly code: CacheErrorCode;
  /** The way out, where there is one. */
  readonly hint: string | undefined;
  /**
   * What the decorated method, or the transaction, returned where it **succeeded** and a step after it failed. `undefined` for everything
   * else; `'result' in error` tells the two apart.
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

  /** The message without the hint. */
  protected get said(): string {
    return this.hint === undefined ? this.message : this.message.slice(0, -` ${this.hint}`.length);
  }

  /** The same error, carrying what the decorated method returned. */
  withResult(result: unknown): CacheError {
    const { code, said, hint, cause = this } = this;
    const Same = this.constructor as new (code: CacheErrorCode, message: string, options: CacheErrorOptions) => CacheError;
    return new Same(code, said, { hint, cause, result });
  }

  /** Whether `error` is one of ours, also when two copies of this library are installed. (The brand idea is undici's.) */
  static is(error: unknown): error is CacheError {
    return typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[BRAND] === true;
  }
}
