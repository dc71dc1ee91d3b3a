import { expect } from 'chai';
import { checkServerSettings } from '../../lib/redis/index.js';
import { createInstance, type CacheInstance } from '../../lib/instance/cache-instance.js';
import { freePort, RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';
import { PATIENT } from '../support/patient.js';

describe(checkServerSettings.name, () => {
  let servers: RedisServer[];
  let runtimes: CacheInstance[];
  let warnings: (Error & { readonly code?: string })[];
  const listen = (warning: Error): void => void warnings.push(warning);

  beforeEach(() => {
    [servers, runtimes, warnings] = [[], [], []];
    process.on('warning', listen);
  });

  afterEach(async () => {
    process.off('warning', listen);
    await Promise.all(runtimes.map((runtime) => runtime.stop()));
    await Promise.all(servers.map((server) => server.stop()));
  });

  const serve = async (...args: string[]): Promise<RedisServer> => {
    const server = await RedisServer.start({ args });
    servers.push(server);
    return server;
  };
  /** What a start on this server warns of. Node tells warnings a tick later. */
  const warnedOf = async (server: RedisServer): Promise<readonly (readonly [string, string | undefined, string])[]> => {
    const runtime = createInstance({ ...PATIENT, redis: server.url, caches: { book: {} } });
    runtimes.push(runtime);
    await runtime.start();
    await new Promise((resolve) => process.nextTick(resolve));
    return warnings.splice(0).map(({ name, code, message }) => [name, code, message] as const);
  };

  it('warns of a policy that may drop the records of the caches, once', async () => {
    const server = await serve('--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru');
    expect(await warnedOf(server)).to.deep.equal([
      [
        'CacheWarning',
        'CACHE_SERVER_EVICTION_POLICY',
        `Redis at 127.0.0.1:${server.port} may drop any key when its memory is full (maxmemory-policy allkeys-lru), the caches' own records included: ` +
          `caches are then emptied for no reason, and an eviction with acks: 'all' may not wait for everybody. ` +
          'Set maxmemory-policy to volatile-lru, volatile-lfu or volatile-ttl.',
      ],
    ]);
    expect(await warnedOf(server)).to.deep.equal([]);
  });

  it('warns when Redis comes later than a start that does not wait for it', async () => {
    const port = await freePort();
    const runtime = createInstance({ redis: { port }, caches: { book: {} }, failFast: false, connectTimeout: '50ms' });
    runtimes.push(runtime);
    await runtime.start();
    expect(warnings).to.deep.equal([]);
    servers.push(await RedisServer.start({ port, args: ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'] }));
    await waitFor(() => warnings.length > 0, { what: 'the warning' });
    expect(warnings.map(({ code }) => code)).to.deep.equal(['CACHE_SERVER_EVICTION_POLICY']);
  });

  it('warns of replicas that a write does not wait for', async () => {
    const server = await serve('--repl-diskless-sync-delay', '0');
    await serve('--replicaof', '127.0.0.1', `${server.port}`);
    await waitFor(async () => (await server.info('replication'))['connected_slaves'] === '1', { what: 'the replica to follow' });
    expect(await warnedOf(server)).to.deep.equal([
      [
        'CacheWarning',
        'CACHE_SERVER_REPLICAS',
        `Redis at 127.0.0.1:${server.port} has replicas and acknowledges writes without waiting for any (min-replicas-to-write 0): ` +
          'cut off from them it goes on as a second primary, and evictions it acknowledges then are lost. ' +
          'Set min-replicas-to-write 1 and min-replicas-max-lag 2.',
      ],
    ]);
  });

  it('has nothing to say about settings that are well', async () => {
    expect(await warnedOf(await serve())).to.deep.equal([]);
    expect(await warnedOf(await serve('--maxmemory', '100mb', '--maxmemory-policy', 'volatile-lru'))).to.deep.equal([]);
    expect(await warnedOf(await serve('--maxmemory-policy', 'allkeys-lru'))).to.deep.equal([]); // No limit, so nothing is dropped.
    const primary = await serve('--min-replicas-to-write', '1', '--repl-diskless-sync-delay', '0');
    await serve('--replicaof', '127.0.0.1', `${primary.port}`);
    await waitFor(async () => (await primary.info('replication'))['min_slaves_good_slaves'] === '1', { what: 'the replica to follow' });
    expect(await warnedOf(primary)).to.deep.equal([]);
  });
});
