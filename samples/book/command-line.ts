import { parseArgs } from 'node:util';

/** The port of the first server under `--serve`; the others take the next ones. */
export const DEFAULT_SERVE_PORT = 8091;

export const USAGE = `The Book sample: one application on four servers, and an eviction that crosses between them.

Usage: npm run sample [-- options]

  (none)      read, update, kill and restart; print a timeline. Exit code 0 if every read was fresh.
  --serve     keep the four servers up, with a page and the console of the cache, until Ctrl-C
  --port N    the port of the first server, the others take the next three; 0 = any free ports
              (default: ${DEFAULT_SERVE_PORT} with --serve, else 0)
  --help      print this

Redis: REDIS_URL, or REDIS_HOST with REDIS_PORT, REDIS_USERNAME, REDIS_PASSWORD, REDIS_DB and
REDIS_TLS. Without them a private redis-server or valkey-server is started if one is on the PATH.
Without that too, the servers are four containers in one process.`;

/** What the sample was asked to do. */
export interface SampleOptions {
  readonly mode: 'story' | 'serve' | 'help';
  /** `0`: any free ports. */
  readonly port: number;
}

/** The command line says something we do not understand. */
export class UsageError extends Error {}

/** @throws {UsageError} for an unknown option, or a wrong value. */
export function readCommandLine(args: readonly string[]): SampleOptions {
  const { serve = false, help = false, port } = parse(args);
  const mode = help ? 'help' : serve ? 'serve' : 'story';
  return { mode, port: port === undefined ? (serve ? DEFAULT_SERVE_PORT : 0) : readPort(port) };
}

function parse(args: readonly string[]): { readonly serve?: boolean; readonly help?: boolean; readonly port?: string } {
  try {
    return parseArgs({
      args: [...args],
      options: { serve: { type: 'boolean' }, help: { type: 'boolean', short: 'h' }, port: { type: 'string' } },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port === 0 || (port >= 1 && port <= 65_532)) return port; // Three more follow.
  throw new UsageError(`Expected --port to be 0 or a port from 1 to 65532, got '${text}'.`);
}
