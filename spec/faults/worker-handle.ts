import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Report, Verb, Verbs, WorkerSettings } from './worker-protocol.js';

const PROGRAM = fileURLToPath(new URL('./worker.js', import.meta.url));

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

/** A worker process as its parent sees it. */
export class WorkerHandle {
  readonly settings: WorkerSettings;
  readonly #child: ChildProcess;
  readonly #told: (report: Report) => void;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ready: Promise<void>;
  readonly #ended: Promise<unknown>;
  #requests = 0;
  #isEnding = false;
  #output = '';

  /**
   * Starts a worker.
   *
   * @param told - hears what it reports unasked, and (as a failure) of an end nobody wanted.
   */
  constructor(settings: WorkerSettings, told: (report: Report) => void) {
    this.settings = settings;
    this.#told = told;
    this.#child = fork(PROGRAM, [JSON.stringify(settings)], {
      serialization: 'advanced',
      execArgv: ['--enable-source-maps'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const collect = (chunk: Buffer): void => void (this.#output = `${this.#output}${chunk.toString()}`.slice(-4_000));
    this.#child.stdout?.on('data', collect);
    this.#child.stderr?.on('data', collect);
    this.#ended = once(this.#child, 'exit').then(([code, signal]) => this.#left(code as number | null, signal as string | null));
    this.#ready = new Promise((resolve, reject) => {
      this.#waiting.set(0, { resolve, reject });
      this.#child.on('message', (report: Report) => {
        if (report.kind === 'ready') this.#waiting.delete(0);
        if (report.kind === 'ready') return resolve();
        if (report.kind === 'answer') return this.#answered(report);
        told(report);
      });
    });
    this.#ready.catch(() => undefined); // `ready()` hands it out.
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** Resolves once its container is up, as far as its settings want it to be. */
  ready(): Promise<void> {
    return this.#ready;
  }

  /** Asks it something. Rejects with its error, or when it ends first. */
  ask<V extends Verb>(verb: V, argument: Verbs[V]['argument']): Promise<Verbs[V]['answer']> {
    const id = (this.#requests += 1);
    return new Promise<Verbs[V]['answer']>((resolve, reject) => {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null)
        return reject(new Error(`Worker ${this.settings.instance} has ended.`));
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, verb, argument });
    });
  }

  /** Freezes the process; {@link resume} lets it go on. */
  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  /** Ends it as a power cut would. */
  async crash(): Promise<void> {
    this.#isEnding = true;
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** Has it kill itself, and resolves once it has. */
  async killItself(argument: Verbs['killItself']['argument']): Promise<void> {
    this.#isEnding = true;
    await Promise.race([this.ask('killItself', argument), this.#ended.then(() => undefined)]).catch((error: unknown) => {
      if (this.#child.signalCode !== 'SIGKILL') throw error;
    });
    await this.#ended;
  }

  /** Closes its container and waits for the process to end by itself. */
  async close(): Promise<void> {
    if (this.#isEnding) return void (await this.#ended);
    this.#isEnding = true;
    await this.ask('close', undefined);
    await this.#ended;
  }

  #answered({ id, answer, error }: Extract<Report, { kind: 'answer' }>): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(answer as never);
    else waiting?.reject(new Error(`Worker ${this.settings.instance}: ${error}`));
  }

  #left(code: number | null, signal: string | null): void {
    const what = `worker ${this.settings.instance} ended (${code ?? signal}): ${this.#output}`;
    if (!this.#isEnding || (code !== 0 && signal !== 'SIGKILL')) this.#told({ kind: 'failure', what });
    for (const { reject } of this.#waiting.values()) reject(new Error(what));
    this.#waiting.clear();
  }
}
