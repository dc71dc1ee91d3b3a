import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ServerHandle } from './server-handle.js';
import type { ServerNotice } from './server-notice.js';

const PROGRAM = fileURLToPath(new URL('./server-process.js', import.meta.url));

/** How long an orderly end may take, in milliseconds, before it becomes a disorderly one. */
const END_WITHIN_MS = 5_000;

/** A server in a process of its own. */
export class ProcessServer implements ServerHandle {
  readonly name: string;
  readonly #args: readonly string[];
  readonly #env: NodeJS.ProcessEnv;
  readonly #notify: (notice: ServerNotice) => void;
  #child: ChildProcess | undefined;
  #url = '';

  /** @param env - the environment of the process; tells how Redis is reached. */
  constructor(name: string, port: number, file: string, env: NodeJS.ProcessEnv, notify: (notice: ServerNotice) => void) {
    this.name = name;
    this.#args = [name, `${port}`, file];
    this.#env = env;
    this.#notify = notify;
  }

  get url(): string {
    return this.#url;
  }

  /** @throws {Error} when the process ends, or says that it failed, before it answers requests. */
  async start(): Promise<void> {
    const child = fork(PROGRAM, this.#args, { env: this.#env });
    this.#child = child;
    this.#url = await new Promise<string>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        const how = `${signal ?? code}`;
        reject(new Error(`${this.name} ended (${how}) before it answered requests.`));
        if (this.#child !== child) return; // It was asked to.
        this.#child = undefined;
        this.#url = '';
        this.#notify({ kind: 'ended', how });
      });
      child.on('message', (notice: ServerNotice) => {
        if (notice.kind === 'listening') resolve(notice.url);
        else if (notice.kind === 'failed') reject(new Error(notice.message));
        else this.#notify(notice);
      });
    });
  }

  /** SIGKILL: the process cannot do anything about it. */
  async kill(): Promise<void> {
    await this.#end((child) => child.kill('SIGKILL'));
  }

  async stop(): Promise<void> {
    await this.#end((child) => {
      if (child.connected) child.disconnect();
      const late = setTimeout(() => child.kill('SIGKILL'), END_WITHIN_MS);
      child.once('exit', () => clearTimeout(late));
    });
  }

  async #end(how: (child: ChildProcess) => void): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    this.#url = '';
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    how(child);
    await exited;
  }
}
