import { readServersOptions, REDIS_USAGE, type ServersOptions } from '../support/command-line.js';
import { SERVER_NAMES } from './server-names.js';

/** The port of the first server under `--serve`; the others take the next ones. */
const DEFAULT_SERVE_PORT = 8091;

export const USAGE = `The Book sample: one application on four servers, and an eviction that crosses between them.

Usage: npm run sample [-- options]

  (none)      read, update, kill and restart; print a timeline. Exit code 0 if every read was fresh.
  --serve     keep the four servers up, with a page and the console of the cache, until Ctrl-C
  --port N    the port of the first server, the others take the next three; 0 = any free ports
              (default: ${DEFAULT_SERVE_PORT} with --serve, else 0)
  --help      print this

${REDIS_USAGE}
Without that too, the servers are four containers in one process.`;

/** @throws {UsageError} for an unknown option, or a wrong value. */
export const readCommandLine = (args: readonly string[]): ServersOptions =>
  readServersOptions(args, DEFAULT_SERVE_PORT, SERVER_NAMES.length);
