import type { RedisClientType } from '@keyv/redis';
import type { Milliseconds } from '../time/index.js';
import type { KeyvRedisLibrary } from './keyv-redis.js';
import type { RedisAddress } from './redis-address.js';
import type { RedisEndpoint } from './redis-endpoint.js';

/** What every client of one connection is made with. */
export interface RedisClientOptions {
  /** How the server is entered. */
  readonly endpoint: RedisEndpoint;
  /** Deadline of the TCP or TLS connect. */
  readonly connectTimeoutMs: Milliseconds;
  /** Silence after which node-redis closes the socket. Ten seconds at least. */
  readonly socketTimeoutMs: Milliseconds;
}

/**
 * The least socket timeout that node-redis gets. Its timer may fire before it has read what lies in the
 * socket: after a blocked event loop, timers come before sockets. So the connection notices silence itself;
 * this timeout only closes what is stuck in a handshake.
 */
const LEAST_SOCKET_TIMEOUT_MS: Milliseconds = 10_000;

/** How much longer than its connect timeout a client may take to settle when it is closed. */
const GRACE_MS: Milliseconds = 500;

/**
 * Makes a node-redis client for the server at `address`, not yet connected. It connects once: it never
 * reconnects by itself, and it never queues a command for a later connection.
 *
 * @param address - not used when the endpoint is a Unix socket.
 */
export function redisClient({ createClient }: KeyvRedisLibrary, address: RedisAddress, options: RedisClientOptions): RedisClientType {
  const { endpoint, connectTimeoutMs, socketTimeoutMs } = options;
  const socket = {
    ...(endpoint.path === undefined ? { host: address.host, port: address.port } : { path: endpoint.path }),
    ...(endpoint.family === undefined ? {} : { family: endpoint.family }),
    connectTimeout: connectTimeoutMs,
    socketTimeout: Math.max(socketTimeoutMs, LEAST_SOCKET_TIMEOUT_MS),
    keepAlive: true,
    keepAliveInitialDelay: 1_000,
    noDelay: true,
    reconnectStrategy: false as const, // node-redis would reconnect without a pause when a connection ends.
  };
  const client = createClient({
    socket: endpoint.tls === undefined ? socket : { ...socket, ...endpoint.tls, tls: true },
    ...(endpoint.username === undefined ? {} : { username: endpoint.username }),
    ...(endpoint.password === undefined ? {} : { password: endpoint.password }),
    database: endpoint.db,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
  }) as RedisClientType;
  client.setMaxListeners(0); // Every cache's Keyv adapter listens to the one client.
  return client;
}

/**
 * Destroys `client`: at once when it is connected, else as soon as it is. node-redis leaks the socket of a
 * client that is destroyed between TCP connect and handshake.
 */
export function abandon(client: RedisClientType): void {
  if (client.isReady) client.destroy();
  else client.once('ready', () => client.destroy());
}

/**
 * Closes `client` and resolves then. While it connects, that is once it is connected or has failed (see
 * {@link abandon}), or half a second after its connect timeout. Never rejects.
 */
export async function closeClient(client: RedisClientType, connectTimeoutMs: Milliseconds): Promise<void> {
  if (!client.isOpen) return;
  if (!client.isReady) await settled(client, connectTimeoutMs + GRACE_MS);
  if (client.isOpen) client.destroy();
}

function settled(client: RedisClientType, withinMs: Milliseconds): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(done, withinMs);
    client.once('ready', done);
    client.once('error', done);
  });
}
