import { connect } from 'node:net';
import { reasonOf, RemoteCacheError } from '../../errors/index.js';
import type { RedisEndpoint } from '../../redis/index.js';

/** How long a server may take to answer. */
const ANSWER_WITHIN_MS = 10_000;

/**
 * Resolves once the server has answered a `PING`. An error is an answer too: whoever uses the proxy logs in
 * himself.
 *
 * @throws {RemoteCacheError} `CACHE_REMOTE_CONNECT_FAILED` when it cannot be reached, or does not answer as
 *   Redis does.
 */
export async function probe({ host, port, label }: Pick<RedisEndpoint, 'host' | 'port' | 'label'>): Promise<void> {
  const socket = connect({ host, port });
  try {
    const first = await new Promise<string>((resolve, reject) => {
      socket.on('connect', () => socket.write('*1\r\n$4\r\nPING\r\n'));
      socket.on('data', (chunk: Buffer) => resolve(chunk.toString('latin1', 0, 1)));
      socket.on('error', reject);
      socket.on('close', () => reject(new Error('it closed the connection')));
      socket.setTimeout(ANSWER_WITHIN_MS, () => reject(new Error(`no answer within ${ANSWER_WITHIN_MS} ms`)));
    });
    if (first !== '+' && first !== '-') throw new Error('what listens there is no Redis');
  } catch (cause) {
    throw new RemoteCacheError('CACHE_REMOTE_CONNECT_FAILED', `Redis at ${label} could not be reached: ${reasonOf(cause)}.`, {
      hint: 'Start the server first, or give `failFast: false`: the proxy then leads to whatever comes there later.',
      cause,
    });
  } finally {
    socket.destroy();
  }
}
