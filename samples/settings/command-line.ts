import { readServersOptions, REDIS_USAGE, type ServersOptions } from '../support/command-line.js';
import { TOKEN_VARIABLE } from './admin-token.js';
import { SERVER_NAMES } from './server-names.js';

/** The port of the first server under `--serve`; the others take the next ones. */
const DEFAULT_SERVE_PORT = 8111;

export const USAGE = `The Settings sample: a setting that is changed on one server is in force on all of them.

Usage: npm run sample:settings [-- options]

  (none)      change settings, cut a server off, let it back in, take the database away and bring it
              back; print a timeline and how long it took. Exit code 0 if every server had every new
              value, and what was known while the database was away, but nothing that was evicted
  --serve     keep the three servers up, to be tried by hand, until Ctrl-C
  --port N    the port of the first server, the others take the next two; 0 = any free ports
              (default: ${DEFAULT_SERVE_PORT} with --serve, else 0)
  --help      print this

Administrators show the token in ${TOKEN_VARIABLE}; without it one is made up.
${REDIS_USAGE}
Without that too, the servers are three containers in one process.`;

/** @throws {UsageError} for an unknown option, or a wrong value. */
export const readCommandLine = (args: readonly string[]): ServersOptions =>
  readServersOptions(args, DEFAULT_SERVE_PORT, SERVER_NAMES.length);
