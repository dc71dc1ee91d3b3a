import { expect } from 'chai';
import { RedisConnection } from '../../samples/gateway/redis-connection.js';
import { RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';

describe(RedisConnection.name, () => {
  let redis: RedisServer;
  let connection: RedisConnection;

  beforeEach(async () => {
    redis = await RedisServer.start();
    connection = RedisConnection.forCommands(redis.url);
    await connection.connect();
  });

  afterEach(async () => {
    connection.disconnect();
    await redis.stop();
  });

  it('has a Redis that hangs count as one that is away', async () => {
    redis.pause();
    try {
      expect(await connection.ping().catch((error: unknown) => String(error))).to.match(/^Error: Command timed out/);
      await waitFor(() => connection.status !== 'ready', { what: 'the loss' });
    } finally {
      redis.resume();
    }
    await waitFor(() => connection.status === 'ready', { what: 'its return' });
    expect(await connection.ping()).to.equal('PONG');
  });

  it('fails at once while Redis is away, and ends no process where nobody waits for the answer', async () => {
    await redis.kill();
    await waitFor(() => connection.status !== 'ready', { what: 'the loss' });
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    try {
      void connection.publish('channel', 'nobody waits'); // As the Socket.IO adapter does it.
      expect(await connection.publish('channel', 'somebody waits').catch((error: unknown) => String(error))).to.match(/^Error: /);
      await new Promise(setImmediate); // By when Node has told of those that nobody caught.
      expect(unhandled).to.deep.equal([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  });
});
