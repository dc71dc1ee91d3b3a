import { readServersOptions, REDIS_USAGE, type ServersOptions } from '../support/command-line.js';
import { GATEWAY_NAMES } from './gateway-names.js';

/** The port of the first gateway under `--serve`; the others take the next ones. */
const DEFAULT_SERVE_PORT = 8101;

export const USAGE = `The Gateway sample: API keys, tokens, rate limits and WebSockets on three gateways, and a
revocation that holds on all of them when it returns.

Usage: npm run sample:gateway [-- options]

  (none)      tell the story and print what was measured. Exit code 0 if all of it held.
  --serve     keep the three gateways up, to be tried by hand, until Ctrl-C
  --port N    the port of the first gateway, the others take the next two; 0 = any free ports
              (default: ${DEFAULT_SERVE_PORT} with --serve, else 0)
  --help      print this

${REDIS_USAGE}
Without that too, the gateways are three containers in one process.`;

/** @throws {UsageError} for an unknown option, or a wrong value. */
export const readCommandLine = (args: readonly string[]): ServersOptions =>
  readServersOptions(args, DEFAULT_SERVE_PORT, GATEWAY_NAMES.length);
