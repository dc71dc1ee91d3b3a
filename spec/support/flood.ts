import { once } from 'node:events';
import { connect } from 'node:net';

/**
 * Publishes `bodies` on `channel`, as fast as the server takes them, over a connection of its own: written as one piece, so that the process
 * under test spends its time on what it hears. Resolves once the server has published the last.
 */
export async function flood(port: number, channel: string, bodies: readonly string[]): Promise<void> {
  const commands = bodies.map(
    (body) => `*3\r\n$7\r\nPUBLISH\r\n$${Buffer.byteLength(channel)}\r\n${channel}\r\n$${Buffer.byteLength(body)}\r\n${body}\r\n`,
  );
  const socket = connect({ port, host: '127.0.0.1' });
  await once(socket, 'connect');
  let answers = 0;
  const done = new Promise<void>((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => {
      for (const byte of chunk) if (byte === NEWLINE) answers += 1;
      if (answers >= bodies.length) resolve();
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`The server took ${answers} of ${bodies.length} messages.`)));
  });
  socket.write(commands.join(''));
  await done;
  socket.destroy();
}

const NEWLINE = 0x0a;
