import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Has the server listen on the loopback, and resolves to its address.
 *
 * @param port - `0`: any free one.
 * @throws {Error} that says who could not listen where.
 */
export async function listenOn(server: Server, port: number, name: string): Promise<string> {
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new Error(`${name} cannot listen on port ${port}: ${(cause as Error).message}.`, { cause });
  }
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Ends the server and its connections. Idempotent. */
export async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
