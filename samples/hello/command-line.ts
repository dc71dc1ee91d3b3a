import { parseOptions, REDIS_USAGE } from '../support/command-line.js';

export const USAGE = `The Hello sample: one greeting, cached on two servers, while Redis goes away and comes back.

Usage: npm run sample:hello [-- options]

  (none)      read and change the greeting, take Redis away, give it back; print a timeline.
              Exit code 0 if every read was right and both servers came back
  --watch     read it once a second until Ctrl-C; kill Redis meanwhile, and watch
  --help      print this

${REDIS_USAGE}
Without that too, the servers share what lives in the process.`;

/** What the sample was asked to do. */
export interface SampleOptions {
  readonly mode: 'story' | 'watch' | 'help';
}

/** @throws {UsageError} for an unknown option. */
export function readCommandLine(args: readonly string[]): SampleOptions {
  const { watch = false, help = false } = parseOptions(args, { watch: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } });
  return { mode: help ? 'help' : watch ? 'watch' : 'story' };
}
