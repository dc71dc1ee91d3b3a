import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, type Reply } from './redis-wire.js';
import { findServerProgram } from './server-program.js';
import { waitFor } from './wait.js';
import { hasEnded, watch } from './watchdog.js';

/** What may differ from a plain, empty, private server. */
export interface RedisServerOptions {
  /** Further arguments, such as `['--maxmemory', '2mb']`; they win over ours. A first one without dashes is taken as the configuration file. */
  readonly args?: readonly string[];
  /** Where the server works. It is left behind at the end. Default: a directory of its own, removed at the end. */
  readonly dir?: string;
  /** Default: any free port. */
  readonly port?: number;
  /** Asked from clients; {@link RedisServer.url} and {@link RedisServer.cli} carry it. Default: none. */
  readonly password?: string;
}

/** A start that ended before it was ready. */
class StartError extends Error {}

/**
 * A Redis (or Valkey) server of the specs' own, on the loopback and on a port of its own, which they may stop, kill and pause at will.
 *
 * Each server is watched by a `sh` that waits for the end of the pipe between it and this process: however this process ends
 * (SIGKILL included), the server goes with it and its directory is removed.
 */
export class RedisServer {
  readonly port: number;
  readonly dir: string;
  readonly #options: RedisServerOptions;
  #child: ChildProcess | undefined;
  #watchdog: ChildProcess | undefined;
  #log = '';

  private constructor(port: number, dir: string, options: RedisServerOptions) {
    this.port = port;
    this.dir = dir;
    this.#options = options;
  }

  /**
   * Starts a server and resolves once it answers PING.
   *
   * @throws {Error} when no server program is found, or it ends before it is ready; the message ends with what it printed.
   */
  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'inversify-cache-redis-'));
    for (let attempt = 1; ; attempt += 1) {
      const server = new RedisServer(options.port ?? (await freePort()), dir, options);
      try {
        await server.#launch();
        return server;
      } catch (error) {
        await server.stop({ keepDir: true });
        // Between finding a free port and binding it somebody else may have taken it.
        const taken = error instanceof StartError && /address already in use/i.test(error.message);
        if (taken && options.port === undefined && attempt < 5) continue;
        if (options.dir === undefined) rmSync(dir, { recursive: true, force: true });
        throw error;
      }
    }
  }

  /** As `redisOptionsFromEnv` and every client take it, with the password if there is one. */
  get url(): string {
    const { password } = this.#options;
    return `redis://${password === undefined ? '' : `:${encodeURIComponent(password)}@`}127.0.0.1:${this.port}`;
  }

  /** The server's process id; `undefined` while it does not run. */
  get pid(): number | undefined {
    const child = this.#child;
    return child === undefined || hasEnded(child) ? undefined : child.pid;
  }

  /** What the server printed since its last start. */
  get log(): string {
    return this.#log;
  }

  /** Ends the server in an orderly way (SIGTERM, which writes what is to be persisted) and removes its directory. Idempotent. */
  async stop({ keepDir = this.#options.dir !== undefined }: { readonly keepDir?: boolean } = {}): Promise<void> {
    await this.#end('SIGTERM');
    if (!keepDir) rmSync(this.dir, { recursive: true, force: true });
  }

  /** Ends the server at once (SIGKILL), as a power cut would. The directory stays. Idempotent. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Freezes the process (SIGSTOP): its sockets stay open and say nothing. */
  pause(): void {
    this.#signal('SIGSTOP');
  }

  /** Lets a paused process go on (SIGCONT). */
  resume(): void {
    this.#signal('SIGCONT');
  }

  /**
   * Stops the server if it runs, and starts it again on the same port: a new process with a new `run_id`.
   *
   * @param keepData - `false` empties the directory in between. By default nothing is persisted, so that a restarted server is empty anyway.
   */
  async restart({ keepData = true }: { readonly keepData?: boolean } = {}): Promise<void> {
    await this.stop({ keepDir: true });
    if (!keepData) {
      for (const file of ['dump.rdb', 'appendonlydir', 'appendonly.aof']) rmSync(join(this.dir, file), { recursive: true, force: true });
    }
    await this.#launch();
  }

  /** Sends one command on a connection of its own, and nothing else. Rejects with the server's words for an error reply. */
  cli(...args: readonly (string | number | Buffer)[]): Promise<Reply> {
    return command(this.port, args, this.#options.password);
  }

  /** The fields of INFO, by name. */
  async info(section = 'default'): Promise<Readonly<Record<string, string>>> {
    const lines = String(await this.cli('INFO', section)).split('\r\n');
    return Object.fromEntries(
      lines.filter((line) => line.includes(':')).map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
    );
  }

  /** How often each command was called since the start or the last `CONFIG RESETSTAT`, by its lower-case name (`'get'`, `'client|id'`). */
  async commandCalls(): Promise<Readonly<Record<string, number>>> {
    const stats = Object.entries(await this.info('commandstats'));
    return Object.fromEntries(stats.map(([name, value]) => [name.replace('cmdstat_', ''), Number(/calls=(\d+)/.exec(value)?.[1])]));
  }

  async #launch(): Promise<void> {
    const program = findServerProgram();
    if (program === undefined)
      throw new Error('Found neither redis-server nor valkey-server on the PATH. Install one of them, or set REDIS_SERVER to its path.');
    const { args = [], password } = this.#options;
    const [first] = args;
    const config = first !== undefined && !first.startsWith('--') ? [first] : [];
    const ours = [
      '--port',
      `${this.port}`,
      '--bind',
      '127.0.0.1',
      '--dir',
      this.dir,
      '--daemonize',
      'no',
      '--save',
      '',
      '--appendonly',
      'no',
    ];
    const secret = password === undefined ? [] : ['--requirepass', password];
    this.#log = '';
    // Detached, lest Ctrl-C reach the server before the specs have put down what they hold.
    const child = spawn(program, [...config, ...ours, ...secret, ...args.slice(config.length)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#child = child;
    const note = (chunk: Buffer): void => void (this.#log += chunk.toString());
    child.stdout.on('data', note);
    child.stderr.on('data', note);
    const ended = new Promise<never>((_, reject) => {
      child.once('error', (error) => reject(new StartError(`Could not run '${program}'.`, { cause: error })));
      child.once('close', (code, signal) =>
        reject(new StartError(`'${program}' ended (${code ?? signal}) before it was ready: ${this.#log.trim()}`)),
      );
    });
    ended.catch(() => undefined); // Once it is ready its end is nobody's failure.
    if (child.pid !== undefined) this.#watchdog = watch(child.pid, this.#options.dir === undefined ? this.dir : '');
    const settled = (): boolean | Promise<boolean> => hasEnded(child) || this.#isReady(child);
    const answered = waitFor(settled, { what: `the server on port ${this.port} to answer`, timeoutMs: 50_000, everyMs: 5 });
    await Promise.race([ended, answered.then(() => (hasEnded(child) ? ended : undefined))]);
  }

  async #isReady(child: ChildProcess): Promise<boolean> {
    if ((await this.cli('PING')) !== 'PONG') return false; // Rejects while it loads its data: not ready either.
    return (await this.info('server'))['process_id'] === `${child.pid}`; // Somebody else's server may sit on the port.
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child !== undefined && !hasEnded(child)) {
      const closed = once(child, 'close');
      child.kill(signal);
      child.kill('SIGCONT');
      const late = setTimeout(() => child.kill('SIGKILL'), 3_000); // A server inside a script, or waiting for its replicas, puts SIGTERM off.
      await closed;
      clearTimeout(late);
    }
    const watchdog = this.#watchdog;
    this.#watchdog = undefined;
    if (watchdog !== undefined && !hasEnded(watchdog)) {
      const closed = once(watchdog, 'close');
      watchdog.kill('SIGKILL');
      await closed;
    }
  }

  #signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    if (this.#child === undefined) throw new Error(`The server on port ${this.port} does not run: it cannot be sent ${signal}.`);
    this.#child.kill(signal);
  }
}

/** A port of the loopback nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
