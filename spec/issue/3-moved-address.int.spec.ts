/**
 * What happened: an address came to lead to another server while the one before lived (DNS, a virtual IP that fails over). The command link
 * was cut and went to the new server; the subscriber stayed connected to the old one, which answered its PINGs. Heartbeats were executed on
 * the new server, their echoes reached nobody, and the instance was in bypass for ever, with every link `up`.
 *
 * Decided: a heartbeat's reply says how many subscribers of its server the echo went to. An instance whose heartbeats reach nobody for a
 * bound, and whose echoes come no other way, gives up its subscriber's connection for another; if that does not help, its command link.
 */
import { expect } from 'chai';
import type { TwoTierCache } from '../../lib/cache/index.js';
import { type CacheInstance, createInstance } from '../../lib/instance/cache-instance.js';
import type { Duration } from '../../lib/time/index.js';
import { type FaultyRedis, faultyRedis, type RedisLink } from '../../lib/testing/index.js';
import { RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';

const PATIENCE_MS = 30_000;

describe('Issue 3: an address that moves while the old server lives', function () {
  this.timeout(2 * PATIENCE_MS);
  let before: RedisServer;
  let now: RedisServer;
  let proxy: FaultyRedis;
  let runtimes: CacheInstance[];
  let losses: string[];

  const started = async (port: number, bound: Duration): Promise<CacheInstance> => {
    const runtime = createInstance({
      redis: { host: '127.0.0.1', port },
      bound,
      timeout: '5s',
      deadline: '15s',
      connectTimeout: '20s',
      caches: { book: {} },
    });
    runtimes.push(runtime);
    await runtime.start();
    return runtime;
  };
  const bookOf = (runtime: CacheInstance): TwoTierCache => runtime.manager.getCache('book') as TwoTierCache;
  const isUp = (runtime: CacheInstance): boolean => runtime.manager.health().status === 'up';

  /** One that begins to copy to a replica at once. */
  const start = (): Promise<RedisServer> => RedisServer.start({ args: ['--repl-diskless-sync-delay', '0'] });

  beforeEach(async () => {
    [runtimes, losses] = [[], []];
    [before, now] = await Promise.all([start(), start()]);
    proxy = await faultyRedis(before.url);
  });

  afterEach(async () => {
    await Promise.all(runtimes.map((runtime) => runtime.stop()));
    await proxy.stop();
    await Promise.all([before.stop(), now.stop()]);
  });

  for (const [link, follows] of [
    ['command', 'subscriber'],
    ['subscriber', 'command'],
  ] as const satisfies [RedisLink, RedisLink][]) {
    it(`is followed by the ${follows} link where the ${link} link was cut`, async () => {
      const runtime = await started(proxy.port, '200ms');
      const other = await started(now.port, '200ms');
      runtime.events.on('lost', (event) => void losses.push(`${event.link}: ${(event.error as Error | undefined)?.message}`));
      await waitFor(() => isUp(runtime) && isUp(other), { what: 'both instances to serve', timeoutMs: PATIENCE_MS });

      proxy.leadTo(now.url);
      proxy.cut({ of: link });
      await waitFor(() => losses.length > 0, { what: 'the loss to be noticed', timeoutMs: PATIENCE_MS });
      const reason = `${follows}: its heartbeats do not reach its subscriber`;
      await waitFor(() => losses.includes(reason), { what: `the ${follows} link to be given up`, timeoutMs: PATIENCE_MS });
      await waitFor(() => isUp(runtime), { what: 'the instance to serve again', timeoutMs: PATIENCE_MS });

      const clients = String(await before.cli('CLIENT', 'LIST'))
        .trim()
        .split('\n');
      expect(clients, 'only who asks is left on the old server').to.have.lengthOf(1);
      let heard = 0;
      runtime.events.on('evicted', () => (heard += 1));
      const isHeard = async (): Promise<boolean> => (await bookOf(other).evict('Dune'), heard > 0);
      await waitFor(isHeard, { what: 'an eviction of another instance', timeoutMs: PATIENCE_MS });
    });
  }

  it('is nothing to a subscriber on a replica, which is passed the echoes', async () => {
    const runtime = await started(proxy.port, '1500ms');
    await now.cli('REPLICAOF', '127.0.0.1', before.port);
    await waitFor(async () => (await now.info('replication'))['master_link_status'] === 'up', {
      what: 'the replica',
      timeoutMs: PATIENCE_MS,
    });
    runtime.events.on('lost', ({ link }) => void losses.push(link));
    proxy.leadTo(now.url);
    proxy.cut({ of: 'subscriber' });
    const inboxes = async (): Promise<unknown> => now.cli('PUBSUB', 'CHANNELS', 'cache:inbox:*');
    await waitFor(async () => ((await inboxes()) as unknown[]).length === 1, { what: 'the subscriber', timeoutMs: PATIENCE_MS });
    const beats = async (): Promise<number> => (await before.commandCalls())['evalsha'] ?? 0;
    const beatsBefore = await beats();
    await waitFor(async () => (await beats()) > beatsBefore + 6, { what: 'more than a bound of heartbeats', timeoutMs: PATIENCE_MS });
    expect(losses, 'links given up').to.deep.equal(['subscriber']);
    await waitFor(() => isUp(runtime), { what: 'the instance to serve', timeoutMs: PATIENCE_MS });
  });
});
