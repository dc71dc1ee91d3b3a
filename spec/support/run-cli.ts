import { runCommandLine } from '../../lib/cli/index.js';

/** What a command line printed, and its exit code. */
export interface CliRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** What may differ from a run that nobody interrupts, without environment variables. */
export interface CliSurroundings {
  readonly env?: NodeJS.ProcessEnv;
  /** Aborted by Ctrl-C. */
  readonly interrupt?: AbortSignal;
  /** Told everything that was printed so far, each time. */
  readonly printed?: (out: string, err: string) => void;
}

/** Runs the command line in this process, to its end. */
export async function runCli(args: readonly string[], surroundings: CliSurroundings = {}): Promise<CliRun> {
  const { env = {}, interrupt = new AbortController().signal, printed } = surroundings;
  let [out, err] = ['', ''];
  const code = await runCommandLine(args, {
    out: (text) => {
      out += text;
      printed?.(out, err);
    },
    err: (text) => {
      err += text;
      printed?.(out, err);
    },
    env,
    interrupt,
  });
  return { code, out, err };
}
