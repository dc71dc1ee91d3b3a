import { EventEmitter, once } from 'node:events';
import type { RedisClientType } from '@keyv/redis';
import { expect } from 'chai';
import sinon from 'sinon';
import type { KeyvRedisLibrary } from '../../lib/redis/keyv-redis.js';
import { abandon, closeClient, redisClient } from '../../lib/redis/redis-client.js';
import type { RedisEndpoint } from '../../lib/redis/redis-endpoint.js';

/** What a node-redis client shows of its connection. */
class FakeClient extends EventEmitter {
  isOpen = true;
  isReady = false;

  get asClient(): RedisClientType {
    return this as unknown as RedisClientType;
  }

  becomeReady(): void {
    this.isReady = true;
    this.emit('ready');
  }

  destroy(): void {
    if (!this.isOpen) throw new Error('The client is closed');
    if (!this.isReady) throw new Error('Its socket leaks.');
    this.isOpen = this.isReady = false;
    this.emit('destroyed');
  }
}

const ENDPOINT: RedisEndpoint = { host: 'redis', port: 6379, db: 0, label: 'redis:6379' };

describe(redisClient.name, () => {
  const optionsFor = (endpoint: RedisEndpoint, socketTimeoutMs = 500): { readonly socket: object } & Record<string, unknown> => {
    const createClient = sinon.stub().returns(new FakeClient());
    const address = { host: '10.0.0.1', port: 7000 };
    redisClient({ createClient } as unknown as KeyvRedisLibrary, address, { endpoint, connectTimeoutMs: 300, socketTimeoutMs });
    return createClient.firstCall.firstArg as ReturnType<typeof optionsFor>;
  };

  it('leads to the address, and never connects again by itself', () => {
    const { socket, ...options } = optionsFor(ENDPOINT);
    expect(socket).to.deep.include({ host: '10.0.0.1', port: 7000, connectTimeout: 300, reconnectStrategy: false });
    expect(socket).not.to.have.any.keys('path', 'tls', 'family');
    expect(options).to.deep.include({ database: 0, disableOfflineQueue: true });
    expect(options).not.to.have.any.keys('username', 'password');
  });

  it('keeps to one version of IP where the endpoint says so', () => {
    expect(optionsFor({ ...ENDPOINT, family: 6 }).socket).to.deep.include({ family: 6 });
    expect(optionsFor({ ...ENDPOINT, family: 6, tls: {} }).socket).to.deep.include({ family: 6, tls: true });
  });

  it('leads to a Unix socket where the endpoint is one', () => {
    const { socket } = optionsFor({ ...ENDPOINT, path: '/run/redis.sock' });
    expect(socket).to.deep.include({ path: '/run/redis.sock' });
    expect(socket).not.to.have.any.keys('host', 'port');
  });

  it('enters as the endpoint says', () => {
    const { socket, ...options } = optionsFor({ ...ENDPOINT, username: 'app', password: 'secret', db: 3, tls: { servername: 'cache' } });
    expect(options).to.deep.include({ username: 'app', password: 'secret', database: 3 });
    expect(socket).to.deep.include({ tls: true, servername: 'cache' });
  });

  it('leaves the client ten seconds of silence at least', () => {
    expect(optionsFor(ENDPOINT, 500).socket).to.deep.include({ socketTimeout: 10_000 });
    expect(optionsFor(ENDPOINT, 20_000).socket).to.deep.include({ socketTimeout: 20_000 });
  });
});

describe(abandon.name, () => {
  it('destroys a client that is connected at once, and another when it is', () => {
    const [connected, connecting] = [new FakeClient(), new FakeClient()];
    connected.becomeReady();
    abandon(connected.asClient);
    expect(connected.isOpen).to.equal(false);
    abandon(connecting.asClient);
    expect(connecting.isOpen).to.equal(true);
    connecting.becomeReady();
    expect(connecting.isOpen).to.equal(false);
  });
});

describe(closeClient.name, () => {
  it('waits for a client that connects before it destroys it', async () => {
    const client = new FakeClient();
    const destroyed = once(client, 'destroyed');
    const closed = closeClient(client.asClient, 60_000);
    client.becomeReady();
    await Promise.all([destroyed, closed]);
  });

  it('has nothing to do for a client that is closed, or that could not connect', async () => {
    const [closed, failing] = [new FakeClient(), new FakeClient()];
    closed.isOpen = false;
    await closeClient(closed.asClient, 60_000);
    const failed = closeClient(failing.asClient, 60_000);
    failing.isOpen = false;
    failing.emit('error', new Error('ECONNREFUSED'));
    await failed;
  });

  it('may come after the client was abandoned', async () => {
    const client = new FakeClient();
    abandon(client.asClient);
    const closed = closeClient(client.asClient, 60_000);
    client.becomeReady();
    await closed;
    expect(client.isOpen).to.equal(false);
  });
});
