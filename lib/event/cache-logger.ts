/**
 * Where an instance says, in one line each, what its operators should know. `console` fits, and so do most
 * loggers.
 */
export interface CacheLogger {
  /** What is well again. */
  info(line: string): void;
  /** What goes on with less: Redis is away, a value is not cached. */
  warn(line: string): void;
  /** What is broken. */
  error(line: string): void;
}

/** Writes every line with `console.warn`, so that nothing is mixed into what a program prints. */
export const consoleLogger: CacheLogger = Object.freeze({
  info: (line: string) => console.warn(line),
  warn: (line: string) => console.warn(line),
  error: (line: string) => console.warn(line),
});

/** Writes nothing. */
export const silentLogger: CacheLogger = Object.freeze({ info: () => undefined, warn: () => undefined, error: () => undefined });
