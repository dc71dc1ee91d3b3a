import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';

/** One command as a server executed it. */
export interface LoggedCommand {
  /** In upper case. */
  readonly name: string;
  readonly args: readonly string[];
  /** Whether a script called it, rather than a client. */
  readonly byScript: boolean;
}

const LINE = /^\+\S+ \[\d+ (\S+)\] (.*)$/;

/** What a server executes, in order, told by MONITOR. */
export class CommandLog {
  readonly #server: RedisServer;
  readonly #socket: Socket;
  readonly #commands: LoggedCommand[] = [];
  #rest = '';
  #marks = 0;

  private constructor(server: RedisServer, socket: Socket) {
    this.#server = server;
    this.#socket = socket;
    socket.setEncoding('utf8').on('data', (chunk: string) => this.#read(chunk));
    socket.on('error', () => undefined);
  }

  /** Resolves once the server monitors. */
  static async open(server: RedisServer): Promise<CommandLog> {
    const socket = connect({ port: server.port, host: '127.0.0.1' });
    await once(socket, 'connect');
    const log = new CommandLog(server, socket);
    socket.write('MONITOR\r\n');
    await log.#mark();
    return log;
  }

  /** What was executed, scripts' own commands included, from the call until after `action` has resolved. */
  async during(action: () => Promise<unknown>): Promise<readonly LoggedCommand[]> {
    const from = await this.#mark();
    await action();
    const to = await this.#mark();
    return this.#commands.slice(from + 1, to);
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Executes a command that stands out, and returns where it stands. */
  async #mark(): Promise<number> {
    const mark = `mark-${(this.#marks += 1)}`;
    const at = (): number => this.#commands.findIndex(({ name, args }) => name === 'ECHO' && args[0] === mark);
    await this.#server.cli('ECHO', mark);
    await waitFor(() => at() !== -1, { what: `the monitor to show ${mark}` });
    return at();
  }

  #read(chunk: string): void {
    const lines = (this.#rest + chunk).split('\r\n');
    this.#rest = lines.pop() as string;
    for (const line of lines) {
      const [, source, words = ''] = LINE.exec(line) ?? [];
      if (source === undefined) continue;
      const [name = '', ...args] = [...words.matchAll(/"((?:\\.|[^"\\])*)"/g)].map(([, word = '']) => word.replace(/\\(["\\])/g, '$1'));
      this.#commands.push({ name: name.toUpperCase(), args, byScript: source === 'lua' });
    }
  }
}

/** The names of what clients sent. */
export const sentNames = (commands: readonly LoggedCommand[]): string[] =>
  commands.filter(({ byScript }) => !byScript).map(({ name }) => name);
