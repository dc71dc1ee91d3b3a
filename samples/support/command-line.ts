import { parseArgs, type ParseArgsConfig } from 'node:util';

/** The command line says something a sample does not understand. */
export class UsageError extends Error {}

/** Node's `parseArgs`, strict. @throws {UsageError} for an unknown option, or a missing value. */
export function parseOptions<T extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: T,
): ReturnType<typeof parseArgs<{ options: T }>>['values'] {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

/** What a sample of several servers was asked to do. */
export interface ServersOptions {
  readonly mode: 'story' | 'serve' | 'help';
  /** Of the first server; `0`: any free ones. */
  readonly port: number;
}

/**
 * Reads `--serve`, `--port N` and `--help`.
 *
 * @param servePort - the default of `--port` under `--serve`.
 * @param servers - how many there are; they take the ports from the first one on.
 * @throws {UsageError} for an unknown option, or a wrong value.
 */
export function readServersOptions(args: readonly string[], servePort: number, servers: number): ServersOptions {
  const {
    serve = false,
    help = false,
    port,
  } = parseOptions(args, { serve: { type: 'boolean' }, help: { type: 'boolean', short: 'h' }, port: { type: 'string' } });
  const mode = help ? 'help' : serve ? 'serve' : 'story';
  return { mode, port: port === undefined ? (serve ? servePort : 0) : readPort(port, servers - 1) };
}

/**
 * The port of the first of several servers, or `0` for any free ones.
 *
 * @param followers - how many servers take the ports after it.
 * @throws {UsageError} for anything else.
 */
function readPort(text: string, followers: number): number {
  const largest = 65_535 - followers;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port === 0 || (port >= 1 && port <= largest)) return port;
  throw new UsageError(`Expected --port to be 0 or a port from 1 to ${largest}, got '${text}'.`);
}

/** How every sample finds Redis, for its `--help`. */
export const REDIS_USAGE = `Redis: REDIS_URL, or REDIS_HOST with REDIS_PORT, REDIS_USERNAME, REDIS_PASSWORD, REDIS_DB and
REDIS_TLS. Without them a private redis-server or valkey-server is started if one is on the PATH.`;
