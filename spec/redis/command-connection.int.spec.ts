import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect } from 'chai';
import { CommandConnection } from '../../lib/redis/index.js';
import { RemoteCacheError } from '../../lib/errors/index.js';
import { CacheEvents } from '../../lib/event/index.js';
import { RedisHeartbeat } from '../../lib/eviction/heartbeat.js';
import { cacheErrorOf } from '../contract/rejection.js';
import { freePort, RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';

describe(CommandConnection.name, () => {
  let connection: CommandConnection;
  let told: { readonly name: string; readonly at: number; readonly delayMs?: number }[];
  const closing: (() => unknown)[] = [];

  /** A connection that beats once when it is made; {@link beat} beats again. */
  const connectTo = (port: number, connectTimeoutMs: number): void => {
    const events = new CacheEvents();
    told = [];
    for (const name of ['connected', 'lost', 'failed', 'reconnecting'] as const)
      events.on(name, (event) => void told.push({ name, at: performance.now(), ...event }));
    const endpoint = { host: '127.0.0.1', port, db: 0, label: `127.0.0.1:${port}` };
    connection = new CommandConnection({ endpoint, events, timeoutMs: 4_000, connectTimeoutMs, socketTimeoutMs: 4_000 });
    const heartbeat = new RedisHeartbeat({ connection, namespace: 'connection', origin: 'a', boundMs: 1_000 });
    connection.verifyWith(beat);
    closing.push(() => connection.stop());
    async function beat(): Promise<void> {
      await heartbeat.pulse([{ name: 'book', generation: undefined }], '{"v":1,"beat":1,"states":[');
    }
    beatAgain = beat;
  };
  let beatAgain: () => Promise<void>;
  const names = (): readonly string[] => told.map(({ name }) => name);

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  it('rests ever longer while each connection ends before it is verified', async () => {
    const sockets: Socket[] = [];
    const hangsUp = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined).once('data', () => socket.destroy());
    }).listen(0, '127.0.0.1');
    await once(hangsUp, 'listening');
    closing.push(() => hangsUp.close());
    connectTo((hangsUp.address() as AddressInfo).port, 200);
    expect(await cacheErrorOf(connection.start())).to.be.instanceOf(RemoteCacheError);
    await waitFor(() => names().filter((name) => name === 'connected').length >= 5, { what: 'five connections' });

    expect(names().slice(0, 13)).to.deep.equal([
      'connected',
      ...Array.from({ length: 4 }, () => ['failed', 'reconnecting', 'connected']).flat(),
    ]);
    expect(sockets).to.have.length(5);
    const rests = told.flatMap(({ name, at, delayMs = 0 }, i) =>
      name === 'reconnecting' ? [{ delayMs, restedMs: (told[i + 1]?.at ?? Number.NaN) - at }] : [],
    );
    for (const [i, { delayMs, restedMs }] of rests.slice(0, 4).entries()) {
      expect(delayMs).to.be.within(Math.floor(0.75 * 25 * 2 ** i), Math.ceil(1.25 * 25 * 2 ** i));
      expect(restedMs).to.be.at.least(delayMs - 1); // A timer may be early by the part of a millisecond it does not count.
    }
  });

  it('tries at once when a verified connection has ended, and counts from the beginning', async () => {
    const server = await RedisServer.start();
    closing.push(() => server.stop());
    connectTo(server.port, 8_000);
    await connection.start();
    await server.restart();
    await waitFor(() => connection.acceptsSteps, { what: 'another verified connection' });
    told.length = 0;
    await server.cli('CLIENT', 'KILL', 'TYPE', 'normal');
    await waitFor(() => names().includes('connected') && connection.acceptsSteps, { what: 'a connection after that' });
    expect(names()).to.deep.equal(['lost', 'reconnecting', 'connected']);
    expect(told[1]).to.deep.include({ attempt: 1, delayMs: 0 });
  });

  it('looks for another server behind the address when this one says that it is a replica', async () => {
    const server = await RedisServer.start();
    closing.push(() => server.stop());
    connectTo(server.port, 8_000);
    await connection.start();
    await server.cli('REPLICAOF', '127.0.0.1', await freePort());
    expect((await beatAgain().catch((error: Error) => error))?.message).to.match(/^READONLY /);
    expect(connection.acceptsSteps).to.equal(false);
    await waitFor(() => names().filter((name) => name === 'connected').length >= 3, { what: 'further connections' });
    await server.cli('REPLICAOF', 'NO', 'ONE');
    await waitFor(() => connection.acceptsSteps, { what: 'a connection to a primary' });
    expect(names().slice(0, 6)).to.deep.equal(['connected', 'lost', 'reconnecting', 'connected', 'failed', 'reconnecting']);
  });

  describe('verified', () => {
    it('resolves with the first heartbeat, also after a start that failed', async () => {
      const port = await freePort();
      connectTo(port, 50);
      let isVerified = false;
      const verified = connection.verified.then(() => (isVerified = true));
      expect((await cacheErrorOf(connection.start())).code).to.equal('CACHE_REMOTE_CONNECT_FAILED');
      expect(isVerified).to.equal(false);
      const server = await RedisServer.start({ port });
      closing.push(() => server.stop());
      await verified;
      expect(connection.acceptsSteps).to.equal(true);
    });
  });
});
