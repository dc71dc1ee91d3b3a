import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findServerProgram } from '../support/server-program.js';
import { waitFor } from '../support/wait.js';

/** Nothing a spec asks of the sample takes longer, in milliseconds. What does has hung. */
const GUARD_MS = 90_000;

/** How the sample finds Redis: at this URL, or in a server program on its PATH, or nowhere. */
export type RedisOfRun = { readonly url: string } | 'program' | 'none';

/** How a run ended. */
export interface RunEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * A compiled sample, run as a user would: by `node`, in an environment that knows of Redis only what the spec says, and with a
 * temporary directory of its own, so that what it leaves behind is found.
 */
export class SampleRun {
  /**
   * Resolves once the sample has ended and nobody holds its output any more: its servers have it from it, and so has what watches its
   * private Redis. One of them that lived on would keep this waiting until the guard.
   */
  readonly end: Promise<RunEnd>;
  readonly #home = mkdtempSync(join(tmpdir(), 'inversify-cache-sample-'));
  readonly #child: ChildProcess;
  #output = '';
  #errors = '';
  #hasEnded = false;

  /** @param env - what the environment holds beside. */
  constructor(sample: string, args: readonly string[], redis: RedisOfRun, env: NodeJS.ProcessEnv = {}) {
    const program = fileURLToPath(new URL(`../../samples/${sample}/main.js`, import.meta.url));
    for (const name of ['bin', 'tmp']) mkdirSync(join(this.#home, name));
    // A group of its own, as a shell makes one for each command: Ctrl-C goes to all of it.
    const child = spawn(process.execPath, ['--enable-source-maps', program, ...args], {
      env: { ...this.#environment(redis), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#child = child;
    child.stdout.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (this.#errors += chunk.toString()));
    const kill = (): void => this.#signal('SIGKILL');
    const guard = setTimeout(kill, GUARD_MS);
    process.once('exit', kill);
    this.end = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        this.#hasEnded = true;
        clearTimeout(guard);
        process.off('exit', kill);
        resolve({ code, signal });
      });
    });
  }

  /** What it printed so far. */
  get output(): string {
    return this.#output;
  }

  /** What it printed to its standard error so far. */
  get errors(): string {
    return this.#errors;
  }

  /** The names of what is in its temporary directory: a private Redis server's, the database's. */
  get leftovers(): readonly string[] {
    return readdirSync(join(this.#home, 'tmp'));
  }

  /** Resolves once it has printed `text`, behind what it had printed when its output was `after` characters long. Rejects if it ends without. */
  async printed(text: string, after = 0): Promise<void> {
    const isDone = (): boolean => this.#output.includes(text, after) || this.#hasEnded;
    await waitFor(isDone, { what: `the sample to print '${text}'; it printed: ${this.#output}${this.#errors}`, timeoutMs: GUARD_MS });
    if (!this.#output.includes(text, after)) throw new Error(`The sample ended without printing '${text}': ${this.#output}${this.#errors}`);
  }

  /** What Ctrl-C does: SIGINT to the sample and its servers. */
  interrupt(): void {
    this.#signal('SIGINT');
  }

  /** SIGKILL to the sample alone. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Ends it if it still runs, and removes its directory. Idempotent. */
  async remove(): Promise<void> {
    if (!this.#hasEnded) this.#signal('SIGKILL');
    await this.end.catch(() => undefined);
    rmSync(this.#home, { recursive: true, force: true });
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, signal);
    } catch {
      // There is nobody left.
    }
  }

  #environment(redis: RedisOfRun): NodeJS.ProcessEnv {
    const bin = join(this.#home, 'bin');
    const basic = { PATH: bin, TMPDIR: join(this.#home, 'tmp') };
    if (redis === 'none') return basic;
    if (redis !== 'program') return { ...basic, REDIS_URL: redis.url };
    const program = findServerProgram();
    if (program === undefined) throw new Error('Found neither redis-server nor valkey-server on the PATH.');
    symlinkSync(program, join(bin, 'redis-server'));
    return { ...basic, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` };
  }
}

/** Whether somebody listens on this port of the loopback. */
export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Whether there is a process of this id. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
