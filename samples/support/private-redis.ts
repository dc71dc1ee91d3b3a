import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const READY_WITHIN_MS = 30_000;
const ASK_EVERY_MS = 10;

/**
 * Runs the server `$1` with the settings in the directory `$2`. When standard input ends, and it does however we end, the server is killed
 * (status 137). If it ends by itself, the end of its log is shown. Either way the directory is removed. First of all it tells the server's pid.
 */
const KEEPER = `
  exec 3<&0 4>&2 2>/dev/null
  "$1" "$2/redis.conf" >"$2/log" 2>&1 3<&- 4>&- & server=$!
  echo $server; exec >&-
  { read -r _ <&3; kill -9 $server; } & watch=$!
  wait $server
  [ $? -eq 137 ] || tail -n 5 "$2/log" >&4
  kill $watch
  rm -rf "$2"
`;

/**
 * A Redis or Valkey server of our own: on a free port of the loopback, with a password nobody else knows, in a temporary directory, and
 * without anything written to disk. It ends with this process, however that one ends. Killed, it can be started again at the same address.
 */
export class PrivateRedis {
  readonly #program: string;
  readonly #password = randomBytes(18).toString('base64url');
  #port = 0;
  #pid: number | undefined;
  #keeper: ChildProcess | undefined;

  constructor(program: string) {
    this.#program = program;
  }

  /** For `REDIS_URL`. Holds the password. */
  get url(): string {
    return `redis://:${this.#password}@127.0.0.1:${this.#port}`;
  }

  /** For people. */
  get description(): string {
    return `a private ${basename(this.#program)} on port ${this.#port}`;
  }

  /** Its process; `undefined` when it does not run. */
  get pid(): number | undefined {
    return this.#keeper === undefined || hasEnded(this.#keeper) ? undefined : this.#pid;
  }

  /** Resolves once it answers. @throws {Error} when it ends first, or does not answer in time. */
  async start(): Promise<void> {
    if (this.#port === 0) this.#port = await freePort();
    const directory = mkdtempSync(join(tmpdir(), 'inversify-cache-redis-'));
    const settings = [
      'bind 127.0.0.1',
      `port ${this.#port}`,
      `requirepass ${this.#password}`,
      `dir "${directory}"`,
      'save ""',
      'appendonly no',
      'daemonize no',
    ];
    writeFileSync(join(directory, 'redis.conf'), `${settings.join('\n')}\n`, { mode: 0o600 });
    // Detached: Ctrl-C must not reach the server before those who use it have ended.
    const keeper = spawn('/bin/sh', ['-c', KEEPER, 'sh', this.#program, directory], {
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
    });
    this.#keeper = keeper;
    this.#pid = undefined;
    await once(keeper, 'spawn');
    keeper.stdout.on('data', (told: Buffer) => (this.#pid = Number(told.toString())));
    for (
      const deadline = performance.now() + READY_WITHIN_MS;
      this.#pid === undefined || !(await this.#answers());
      await pause(ASK_EVERY_MS)
    ) {
      if (keeper.exitCode !== null) throw new Error(`${this.#program} ended before it was ready.`);
      if (performance.now() > deadline) throw new Error(`${this.#program} was not ready within ${READY_WITHIN_MS} ms.`);
    }
  }

  /** Resolves once it has ended, whoever ended it. */
  async ended(): Promise<void> {
    if (this.#keeper !== undefined && !hasEnded(this.#keeper)) await once(this.#keeper, 'exit');
  }

  /** Ends it (SIGKILL: nobody who uses it is told) and resolves once its directory is gone. Idempotent. */
  async stop(): Promise<void> {
    this.#keeper?.stdin?.end();
    await this.ended();
  }

  /** Only our server knows our password: another one on this port would not say PONG. */
  async #answers(): Promise<boolean> {
    const socket = connect(this.#port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      socket.write(`AUTH ${this.#password}\r\nPING\r\n`);
      let reply = '';
      for await (const chunk of socket.setTimeout(1_000, () => socket.destroy())) {
        reply += String(chunk);
        if (reply.includes('-') || reply.includes('PONG')) break;
      }
      return reply.startsWith('+OK\r\n+PONG');
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  }
}

/** The first of these programs on the PATH; `undefined` when there is none. */
export function findProgram(names: readonly string[], path = process.env['PATH'] ?? ''): string | undefined {
  const directories = path.split(delimiter).filter((directory) => directory !== '');
  return names.flatMap((name) => directories.map((directory) => join(directory, name))).find(isProgram);
}

function hasEnded({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
