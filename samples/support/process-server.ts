import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LifeNotice } from './life-notice.js';
import type { ServerHandle } from './server-handle.js';

/** How long an orderly end may take, in milliseconds, before it becomes a disorderly one. */
const END_WITHIN_MS = 5_000;

/** What a {@link ProcessServer} is given. */
export interface ProcessServerOptions<N> {
  readonly name: string;
  /** The module to run; it calls `runServerProcess`. */
  readonly program: URL;
  readonly args: readonly string[];
  /** The environment of the process; tells how Redis is reached. */
  readonly env: NodeJS.ProcessEnv;
  /** Told what the process tells, and of its end if nobody had asked for it. */
  readonly notify: (notice: N) => void;
}

/** A server in a process of its own. */
export class ProcessServer<N extends { readonly kind: string }> implements ServerHandle {
  readonly #options: ProcessServerOptions<N | LifeNotice>;
  #child: ChildProcess | undefined;
  #url = '';

  constructor(options: ProcessServerOptions<N | LifeNotice>) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  get url(): string {
    return this.#url;
  }

  /** @throws {Error} when the process ends, or says that it failed, before it answers requests. */
  async start(): Promise<void> {
    const { program, args, env, notify } = this.#options;
    const child = fork(fileURLToPath(program), args, { env });
    this.#child = child;
    this.#url = await new Promise<string>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        const how = `${signal ?? code}`;
        reject(new Error(`${this.name} ended (${how}) before it answered requests.`));
        if (this.#child !== child) return; // It was asked to.
        this.#child = undefined;
        this.#url = '';
        notify({ kind: 'ended', how });
      });
      child.on('message', (message) => {
        const notice = message as LifeNotice;
        if (notice.kind === 'listening') resolve(notice.url);
        else if (notice.kind === 'failed') reject(new Error(notice.message));
        else notify(notice);
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
