import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** A Sentinel that says what it is told to, so that two instances can be shown two primaries at one time. Speaks RESP2. */
export class ScriptedSentinel {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #primary: number;
  #epoch = 1;

  private constructor(server: Server, primary: number) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    this.#primary = primary;
    server.on('connection', (socket) => this.#serve(socket));
  }

  static async start(primary: number): Promise<ScriptedSentinel> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ScriptedSentinel(server, primary);
  }

  /** Names the server on this port from now on. */
  switchTo(primary: number): void {
    this.#primary = primary;
    this.#epoch += 1;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
      for (let command = parse(text); command !== undefined; command = parse(text)) {
        text = text.slice(command.length);
        socket.write(this.#answer(command.words));
      }
    });
  }

  #answer([name = '', sub = '', ...rest]: readonly string[]): string {
    switch (`${name} ${name.toLowerCase() === 'sentinel' ? sub : ''}`.trim().toLowerCase()) {
      case 'sentinel master':
        return list(['name', 'books', 'config-epoch', `${this.#epoch}`]);
      case 'sentinel get-master-addr-by-name':
        return list(['127.0.0.1', `${this.#primary}`]);
      default:
        return `-ERR unknown command '${name}', with args beginning with: '${[sub, ...rest].join("' '")}'\r\n`; // As servers say it.
    }
  }
}

const bulk = (word: string): string => `$${Buffer.byteLength(word)}\r\n${word}\r\n`;
const list = (words: readonly string[]): string => `*${words.length}\r\n${words.map(bulk).join('')}`;

/** The first command in `text`, and its length; `undefined` while it is not all there. */
function parse(text: string): { readonly words: readonly string[]; readonly length: number } | undefined {
  const lines = text.split('\r\n');
  const needed = 2 * Number(lines[0]?.slice(1)) + 1;
  if (!text.startsWith('*') || lines.length <= needed) return undefined;
  const own = lines.slice(0, needed);
  return { words: own.filter((_, i) => i > 0 && i % 2 === 0), length: own.join('\r\n').length + 2 };
}
