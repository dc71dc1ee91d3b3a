import { parseOptions, readPort, REDIS_USAGE } from '../support/command-line.js';
import { GATEWAY_NAMES } from './gateway-names.js';

/** The port of the first gateway under `--serve`; the others take the next ones. */
export const DEFAULT_SERVE_PORT = 8101;

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

/** What the sample was asked to do. */
export interface SampleOptions {
  readonly mode: 'story' | 'serve' | 'help';
  /** `0`: any free ports. */
  readonly port: number;
}

/** @throws {UsageError} for an unknown option, or a wrong value. */
export function readCommandLine(args: readonly string[]): SampleOptions {
  const {
    serve = false,
    help = false,
    port,
  } = parseOptions(args, {
    serve: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
    port: { type: 'string' },
  });
  const mode = help ? 'help' : serve ? 'serve' : 'story';
  return { mode, port: port === undefined ? (serve ? DEFAULT_SERVE_PORT : 0) : readPort(port, GATEWAY_NAMES.length - 1) };
}
