import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** Answers a command: a reply as it goes over the wire, without its end, or `undefined` for `+OK`. */
export type Answer = (args: readonly string[]) => string | undefined;

/** What speaks Redis' protocol and answers what a spec wants, as no real server would. */
export class QuotingServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(answer: Answer) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => undefined);
      let received = '';
      socket.setEncoding('latin1').on('data', (chunk: string) => {
        received += chunk;
        for (let read = readCommand(received); read !== undefined; read = readCommand(received)) {
          received = received.slice(read.end);
          socket.write(`${answer(read.args.map((arg) => Buffer.from(arg, 'latin1').toString())) ?? '+OK'}\r\n`);
        }
      });
    });
  }

  /** Starts one on a free port. */
  static async start(answer: Answer): Promise<QuotingServer> {
    const quoting = new QuotingServer(answer);
    await new Promise<void>((resolve) => quoting.#server.listen(0, '127.0.0.1', resolve));
    return quoting;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** The first command of `bytes`, one character a byte; `undefined` while it is incomplete. */
function readCommand(bytes: string): { readonly args: readonly string[]; readonly end: number } | undefined {
  const head = /^\*(\d+)\r\n/.exec(bytes);
  if (head === null) return undefined;
  const args: string[] = [];
  let end = head[0].length;
  for (let left = Number(head[1]); left > 0; left -= 1) {
    const size = /^\$(\d+)\r\n/.exec(bytes.slice(end));
    if (size === null) return undefined;
    const from = end + size[0].length;
    end = from + Number(size[1]) + 2;
    if (bytes.length < end) return undefined;
    args.push(bytes.slice(from, end - 2));
  }
  return { args, end };
}
