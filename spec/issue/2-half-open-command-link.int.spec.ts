/**
 * Found by `npm run faults -- --kind "half-open command"`: a command link that swallows everything was never given up. Every step failed
 * for as long as the process lived, though a new connection would have worked at once.
 *
 * node-redis' `socketTimeout` is `net.Socket#setTimeout`, which Node starts anew at every write as well as at every read; our heartbeat
 * writes four times within it. So the connection itself now notes when it was last answered, and a heartbeat that finds that longer ago
 * than the socket timeout gives it up.
 */
import { expect } from 'chai';
import { CacheEvents } from '../../lib/event/index.js';
import { CommandConnection } from '../../lib/redis/index.js';
import { RedisHeartbeat } from '../../lib/eviction/heartbeat.js';
import { type FaultyRedis, faultyRedis } from '../../lib/testing/index.js';
import { ownNamespace, sharedRedis } from '../support/shared-redis.js';
import { waitFor } from '../support/wait.js';

describe('Issue 2: half-open command link', () => {
  let proxy: FaultyRedis;
  let connection: CommandConnection;
  let beating: NodeJS.Timeout;

  const connect = async (socketTimeoutMs: number): Promise<void> => {
    proxy = await faultyRedis((await sharedRedis()).url);
    connection = new CommandConnection({
      endpoint: { host: '127.0.0.1', port: proxy.port, db: 0, label: `127.0.0.1:${proxy.port}` },
      events: new CacheEvents(),
      timeoutMs: 50,
      connectTimeoutMs: 2_000,
      socketTimeoutMs,
    });
    const heartbeat = new RedisHeartbeat({ connection, namespace: ownNamespace(), origin: 'a', boundMs: 150 });
    const beat = async (): Promise<void> => {
      await heartbeat.pulse([{ name: 'book', generation: undefined }], '{"v":2,"beat":1,"states":"');
      connection.guard.succeeded();
    };
    connection.verifyWith(beat);
    await connection.start();
    beating = setInterval(() => void beat().catch(() => undefined), 20);
  };

  afterEach(async () => {
    clearInterval(beating);
    await connection.stop();
    await proxy.stop();
  });

  it('is given up, and used again over a new connection once the network is back', async () => {
    await connect(150);
    proxy.blackhole({ of: 'command' });
    await waitFor(() => !connection.acceptsSteps, { what: 'the connection to be given up' });
    proxy.heal();
    await waitFor(() => connection.acceptsSteps, { what: 'another connection to be verified' });
    expect(await connection.publish('nobody', 'listens')).to.equal(0);
  });

  it('is given up once: a link that answers is kept', async () => {
    await connect(2_000); // A busy machine may stand still for a while, and that is no silence.
    const ids = new Set<number>();
    const since = performance.now();
    const id = async (): Promise<void> => void ids.add(await connection.client.sendCommand<number>(['CLIENT', 'ID']));
    await id();
    await waitFor(async () => (await id(), performance.now() - since > 2_500), { what: 'more time than the socket timeout', everyMs: 4 });
    expect(ids.size).to.equal(1);
  });
});
