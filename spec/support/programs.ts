import { spawn } from 'node:child_process';
import type { Milliseconds } from '../../lib/time/index.js';

/** Where and how long a program may run. */
export interface ProgramOptions {
  readonly cwd: string;
  /** Added to (or, as `undefined`, taken from) this process's environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** After this it is killed, and its run counts as failed. Default: `30_000`. */
  readonly timeoutMs?: Milliseconds;
}

/**
 * Runs a program to its end and resolves with what it printed on its standard output.
 *
 * @throws {Error} with all it printed, if it ended with another code than 0 or had to be killed.
 */
export function runProgram(
  program: string,
  args: readonly string[],
  { cwd, env = {}, timeoutMs = 120_000 }: ProgramOptions,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    let output = '';
    let everything = '';
    child.stdout.on('data', (chunk: Buffer) => void ((output += chunk.toString()), (everything += chunk.toString())));
    child.stderr.on('data', (chunk: Buffer) => void (everything += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output);
      else reject(new Error(`\`${[program, ...args].join(' ')}\` ended with ${code ?? signal}:\n${everything}`));
    });
  });
}

/** Runs npm, which is a script of Node's: by its path where npm started us, else by its name. */
export function runNpm(args: readonly string[], options: ProgramOptions): Promise<string> {
  const script = process.env['npm_execpath'];
  return script === undefined ? runProgram('npm', args, options) : runProgram(process.execPath, [script, ...args], options);
}
