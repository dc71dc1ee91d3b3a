import { connect } from 'node:net';

/** What Redis answers, as RESP2 tells it. */
export type Reply = string | number | null | readonly Reply[];

/** A paused or hanging server must not hang the spec that asks it. */
const ANSWER_WITHIN_MS = 30_000;

/**
 * Sends one command over a connection of its own and returns the reply. Nothing else is sent (no HELLO, no CLIENT SETINFO), so that
 * counting the server's commands counts the library's commands.
 *
 * @param password - sent by AUTH first.
 * @throws {Error} with the server's words for an error reply, or the socket's error.
 */
export function command(port: number, args: readonly (string | number | Buffer)[], password?: string): Promise<Reply> {
  const commands = password === undefined ? [args] : [['AUTH', password], args];
  return new Promise<Reply>((resolve, reject) => {
    let received = Buffer.alloc(0);
    const socket = connect({ port, host: '127.0.0.1' }, () => commands.forEach((each) => socket.write(encode(each))));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      try {
        const replies = commands.reduce<Parsed[]>((parsed) => [...parsed, parse(received, parsed.at(-1)?.end ?? 0)], []);
        const refused = replies.find((reply) => reply.value instanceof Error);
        socket.destroy();
        if (refused !== undefined) reject(refused.value);
        else resolve(replies.at(-1)?.value as Reply);
      } catch (error) {
        if (error !== INCOMPLETE) socket.destroy(error as Error);
      }
    });
    socket.setTimeout(ANSWER_WITHIN_MS, () =>
      socket.destroy(new Error(`The server on port ${port} did not answer ${String(args[0])} within ${ANSWER_WITHIN_MS} ms.`)),
    );
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`The server on port ${port} closed the connection before it answered ${String(args[0])}.`)));
  });
}

interface Parsed {
  readonly value: Reply | Error;
  readonly end: number;
}

const INCOMPLETE = new Error('More bytes are to come.');

function encode(args: readonly (string | number | Buffer)[]): Buffer {
  const parts = args.flatMap((arg) => {
    const bytes = Buffer.isBuffer(arg) ? arg : Buffer.from(String(arg));
    return [Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n')];
  });
  return Buffer.concat([Buffer.from(`*${args.length}\r\n`), ...parts]);
}

function parse(bytes: Buffer, start: number): Parsed {
  const newline = bytes.indexOf('\r\n', start);
  if (newline === -1) throw INCOMPLETE;
  const head = bytes.toString('utf8', start + 1, newline);
  const body = newline + 2;
  switch (String.fromCharCode(bytes[start] ?? 0)) {
    case '+':
      return { value: head, end: body };
    case '-':
      return { value: new Error(head), end: body };
    case ':':
      return { value: Number(head), end: body };
    case '$': {
      const length = Number(head);
      if (length === -1) return { value: null, end: body };
      if (bytes.length < body + length + 2) throw INCOMPLETE;
      return { value: bytes.toString('utf8', body, body + length), end: body + length + 2 };
    }
    case '*': {
      if (head === '-1') return { value: null, end: body };
      const items: Reply[] = [];
      let end = body;
      for (let left = Number(head); left > 0; left -= 1) {
        const item = parse(bytes, end);
        items.push(item.value instanceof Error ? item.value.message : item.value);
        end = item.end;
      }
      return { value: items, end };
    }
    default:
      throw new Error(`Expected a RESP2 reply, got '${bytes.toString('utf8', start, newline)}'.`);
  }
}
