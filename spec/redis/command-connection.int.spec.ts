import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect } from 'chai';
import { CommandConnection, type RedisAddress } from '../../lib/redis/index.js';
import { RemoteCacheError } from '../../lib/errors/index.js';
import { CacheEvents } from '../../lib/event/index.js';
import { RedisHeartbeat } from '../../lib/eviction/heartbeat.js';
import { cacheErrorOf } from '../contract/rejection.js';
import { freePort, RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';

describe(CommandConnection.name, () => {
  let connection: CommandConnection;
  let told: { readonly name: string; readonly at: number; readonly state: string; readonly delayMs?: number }[];
  const closing: (() => unknown)[] = [];

  /** A connection that beats once when it is made; {@link beat} beats again. */
  const connectTo = (port: number, connectTimeoutMs: number, locate?: () => Promise<RedisAddress>): void => {
    const events = new CacheEvents();
    told = [];
    for (const name of ['connected', 'lost', 'failed', 'reconnecting'] as const)
      events.on(name, (event) => void told.push({ name, at: performance.now(), state: connection.state, ...event }));
    const endpoint = { host: '127.0.0.1', port, db: 0, label: `127.0.0.1:${port}` };
    connection = new CommandConnection({ endpoint, events, timeoutMs: 4_000, connectTimeoutMs, socketTimeoutMs: 4_000, locate });
    const heartbeat = new RedisHeartbeat({ connection, namespace: 'connection', origin: 'a', boundMs: 1_000 });
    connection.verifyWith(beat);
    closing.push(() => connection.stop());
    async function beat(): Promise<void> {
      await heartbeat.pulse([{ name: 'book', generation: undefined }], '{"v":2,"beat":1,"states":"');
    }
    beatAgain = beat;
    onEvent = events.on.bind(events);
  };
  let beatAgain: () => Promise<void>;
  let onEvent: CacheEvents['on'];
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
    connectTo((hangsUp.address() as AddressInfo).port, 2_000);
    const refused = cacheErrorOf(connection.start());
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
    expect(await refused).to.be.instanceOf(RemoteCacheError);
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

  describe('state', () => {
    const states = (): readonly (readonly [event: string, state: string])[] => told.map(({ name, state }) => [name, state]);

    it('leads from created to stopped', async () => {
      const server = await RedisServer.start();
      closing.push(() => server.stop());
      connectTo(server.port, 8_000);
      expect(connection.state).to.equal('created');
      await connection.start();
      expect([connection.state, connection.acceptsSteps]).to.deep.equal(['verified', true]);
      await server.cli('CLIENT', 'KILL', 'TYPE', 'normal');
      await waitFor(() => names().length >= 4 && connection.state === 'verified', { what: 'another verified connection' });
      expect(states()).to.deep.equal([
        ['connected', 'verifying'],
        ['lost', 'searching'],
        ['reconnecting', 'searching'],
        ['connected', 'verifying'],
      ]);
      await connection.stop();
      connection.confirm(); // Of a heartbeat that was under way.
      connection.reconnect(new Error('too late'));
      expect([connection.state, connection.acceptsSteps, names().length]).to.deep.equal(['stopped', false, 4]);
    });

    it('stays stopped when a listener stops it because it was lost', async () => {
      const server = await RedisServer.start();
      closing.push(() => server.stop());
      connectTo(server.port, 8_000);
      await connection.start();
      let stopped: Promise<void> | undefined;
      onEvent('lost', () => (stopped = connection.stop()));
      connection.reconnect(new Error('another, please'));
      await stopped;
      expect([connection.state, names()]).to.deep.equal(['stopped', ['connected', 'lost']]);
    });

    it('is doubted while the server is no sure primary, and verified with the next heartbeat', async () => {
      const server = await RedisServer.start();
      closing.push(() => server.stop());
      connectTo(server.port, 8_000);
      await connection.start();
      await server.cli('CONFIG', 'SET', 'min-replicas-to-write', '1');
      expect((await beatAgain().catch((error: Error) => error))?.message).to.match(/^NOREPLICAS /);
      expect([connection.state, connection.acceptsSteps]).to.deep.equal(['doubted', false]);
      await server.cli('CONFIG', 'SET', 'min-replicas-to-write', '0');
      await beatAgain();
      connection.confirm();
      expect([connection.state, connection.acceptsSteps, names()]).to.deep.equal(['verified', true, ['connected']]);
      await server.cli('CONFIG', 'SET', 'min-replicas-to-write', '1');
      await beatAgain().catch(() => undefined);
      connection.reconnect(new Error('another, please'));
      expect(names(), 'its end is a loss').to.deep.equal(['connected', 'lost', 'reconnecting']);
    });

    it('is changing server until every listener has prepared for the other one: once for a change, and again after a failure', async () => {
      const servers = [await RedisServer.start(), await RedisServer.start()] as const;
      closing.push(() => Promise.all(servers.map((server) => server.stop())));
      const [first, second] = servers.map(({ port }) => ({ host: '127.0.0.1', port })) as [RedisAddress, RedisAddress];
      let primary = first;
      connectTo(first.port, 8_000, () => Promise.resolve(primary));
      const ends: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
      connection.onOtherServer(() => new Promise((resolve, reject) => ends.push({ resolve, reject })));
      await connection.start();
      expect(ends, 'the first server is no other one').to.have.length(0);

      primary = second;
      connection.primaryIs(primary);
      connection.primaryIs(primary); // The search has begun.
      await waitFor(() => ends.length === 1, { what: 'the listener to be told' });
      expect([connection.state, connection.acceptsSteps, connection.address]).to.deep.equal(['changing server', false, primary]);
      await beatAgain();
      connection.confirm();
      expect([connection.state, ends.length], 'it prepares already').to.deep.equal(['changing server', 1]);
      ends[0]?.reject(new Error('not yet'));
      await waitFor(() => connection.state === 'verifying', { what: 'the listener to have failed' });
      expect(connection.acceptsSteps).to.equal(false);

      connection.confirm();
      expect([connection.state, ends.length]).to.deep.equal(['changing server', 2]);
      ends[1]?.resolve();
      await waitFor(() => connection.acceptsSteps, { what: 'the connection to be used' });
      connection.confirm();
      connection.primaryIs(primary);
      expect([connection.state, ends.length, names()]).to.deep.equal(['verified', 2, ['connected', 'lost', 'reconnecting', 'connected']]);
    });

    it('keeps nothing of a change that was overtaken by the next one', async () => {
      const servers = [await RedisServer.start(), await RedisServer.start()] as const;
      closing.push(() => Promise.all(servers.map((server) => server.stop())));
      const [first, second] = servers.map(({ port }) => ({ host: '127.0.0.1', port })) as [RedisAddress, RedisAddress];
      let primary = first;
      connectTo(first.port, 8_000, () => Promise.resolve(primary));
      const ends: (() => void)[] = [];
      connection.onOtherServer(() => new Promise((resolve) => ends.push(resolve)));
      await connection.start();
      primary = second;
      connection.primaryIs(primary);
      await waitFor(() => ends.length === 1, { what: 'the listener to be told' });
      connection.reconnect(new Error('another, please'));
      ends[0]?.();
      await waitFor(() => ends.length === 2, { what: 'the listener to be told of the next connection' });
      expect([connection.state, connection.acceptsSteps]).to.deep.equal(['changing server', false]);
      ends[1]?.();
      await waitFor(() => connection.state === 'verified', { what: 'the connection to be used' });
    });
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
