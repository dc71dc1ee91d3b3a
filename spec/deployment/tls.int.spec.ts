/** Both connections over TLS, to a server whose certificate an authority of ours has signed. */
import { inspect } from 'node:util';
import { expect } from 'chai';
import { Cluster } from 'ioredis';
import type { Cache } from '../../lib/cache/index.js';
import { RemoteCacheError } from '../../lib/errors/index.js';
import type { CachingOptions } from '../../lib/instance/options.js';
import { createInstance, type CacheInstance } from '../../lib/instance/cache-instance.js';
import { RedisTransport } from '../../lib/topic/redis/index.js';
import { cacheErrorOf } from '../contract/rejection.js';
import { turns } from '../support/promises.js';
import { freePort, RedisServer } from '../support/redis-server.js';
import { ownNamespace } from '../support/shared-redis.js';
import { waitFor } from '../support/wait.js';
import { CertificateAuthority, type Certificate } from './certificates.js';
import { PATIENT } from '../support/patient.js';

describe('TLS', function () {
  this.timeout(180_000);

  let authority: CertificateAuthority;
  let certificate: Certificate;
  let server: RedisServer;
  let tlsPort: number;
  let runtimes: CacheInstance[] = [];

  const serve = async (...args: string[]): Promise<{ server: RedisServer; port: number }> => {
    const port = await freePort();
    const files = [
      '--tls-cert-file',
      certificate.certFile,
      '--tls-key-file',
      certificate.keyFile,
      '--tls-ca-cert-file',
      authority.certFile,
    ];
    return { server: await RedisServer.start({ args: ['--tls-port', `${port}`, ...files, ...args] }), port };
  };
  const make = (redis: CachingOptions['redis'], options: CachingOptions = {}): CacheInstance => {
    const runtime = createInstance({ ...PATIENT, redis, namespace: ownNamespace('tls'), caches: { book: {} }, ...options });
    runtimes.push(runtime);
    return runtime;
  };
  const bookOf = (runtime: CacheInstance): Cache => runtime.manager.getCache('book') as Cache;

  before(async () => {
    authority = new CertificateAuthority();
    certificate = authority.issue('server', ['IP:127.0.0.1', 'DNS:cache.example']);
    ({ server, port: tlsPort } = await serve('--tls-auth-clients', 'no'));
  });

  afterEach(async () => {
    await Promise.all(runtimes.map((runtime) => runtime.stop()));
    runtimes = [];
  });

  after(async () => {
    await server.stop();
    authority.remove();
  });

  /** A value that one instance stores is read by the other, and its eviction reaches it: both connections of both carry traffic. */
  const proveBothConnections = async (redis: CachingOptions['redis']): Promise<void> => {
    const namespace = ownNamespace('tls');
    const [here, there] = [make(redis, { namespace }), make(redis, { namespace })];
    await Promise.all([here.start(), there.start()]);
    await bookOf(here).getOrLoad('Dune', () => 12);
    expect(await bookOf(there).getOrLoad('Dune', () => 'not asked for')).to.equal(12);
    await bookOf(here).evict('Dune', { acks: 'all' });
    expect(await bookOf(there).getOrLoad('Dune', () => 15)).to.equal(15);
    const { caches, ...health } = there.manager.health();
    expect(health).to.deep.equal({ status: 'up', links: { command: 'up', subscriber: 'up' } });
    expect(caches['book']).to.include({ status: 'up', boundMs: 1_000 });
    expect(caches['book']?.provenMs).to.be.greaterThan(0);
  };

  it('carries the command and the subscriber connection, trusting an authority of our own', async () => {
    await proveBothConnections({ host: '127.0.0.1', port: tlsPort, tls: { ca: authority.cert } });
  });

  it('carries the connection that publishes', async () => {
    const transport = new RedisTransport({ host: '127.0.0.1', port: tlsPort, tls: { ca: authority.cert } });
    expect(await transport.publish('news', 'hello')).to.equal(0);
    await transport.close();
  });

  it('checks the name in the certificate against `servername`', async () => {
    await proveBothConnections({ host: '127.0.0.1', port: tlsPort, tls: { ca: authority.cert, servername: 'cache.example' } });
  });

  it('comes back over TLS after its connections were killed', async () => {
    const runtime = make({ host: '127.0.0.1', port: tlsPort, tls: { ca: authority.cert } });
    const events: string[] = [];
    await runtime.start();
    for (const name of ['lost', 'connected'] as const) runtime.events.on(name, ({ link }) => void events.push(`${name} ${link}`));
    await server.cli('CLIENT', 'KILL', 'TYPE', 'normal');
    await server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await waitFor(() => events.filter((event) => event.startsWith('connected')).length >= 2 && runtime.manager.health().status === 'up', {
      what: 'both connections to be back',
    });
    expect([...new Set(events)].sort()).to.deep.equal(['connected command', 'connected subscriber', 'lost command', 'lost subscriber']);
    expect(await bookOf(runtime).getOrLoad('Dune', () => 12)).to.equal(12);
  });

  it('shows a certificate of its own where the server asks for one', async () => {
    const strict = await serve('--tls-auth-clients', 'yes');
    try {
      const { cert, key } = authority.issue('client', ['DNS:client.example']);
      const redis = { host: '127.0.0.1', port: strict.port };
      await proveBothConnections({ ...redis, tls: { ca: authority.cert, cert, key } });
      const without = make({ ...redis, tls: { ca: authority.cert } }, { connectTimeout: 3_000 });
      expect((await cacheErrorOf(without.start())).message).to.include(`127.0.0.1:${strict.port}`);
    } finally {
      await strict.server.stop();
    }
  });

  it('survives a handshake that is broken off, whatever the server has to say of it', async () => {
    const other = new CertificateAuthority('somebody else');
    other.remove();
    const redis = { host: '127.0.0.1', port: tlsPort, tls: { ca: other.cert } };
    const observer = { onReady: () => undefined, onLost: () => undefined, onMessage: () => undefined };
    for (let count = 0; count < 150; count += 1) {
      const transport = new RedisTransport(redis);
      const connecting = transport.connect(observer).catch(() => undefined);
      await turns(count);
      await transport.close(); // An error that nobody hears would fail this spec, as it would end the process.
      await connecting;
    }
  });

  describe('refuses, names host and port, and tells no credential, when', () => {
    const refusals: readonly (readonly [title: string, redis: () => CachingOptions['redis'], code: string])[] = [
      ['the authority is unknown (valkeys://)', () => `valkeys://user:s3cret@127.0.0.1:${tlsPort}`, 'SELF_SIGNED_CERT_IN_CHAIN'],
      ['the authority is unknown (rediss://)', () => `rediss://user:s3cret@127.0.0.1:${tlsPort}`, 'SELF_SIGNED_CERT_IN_CHAIN'],
      [
        'the authority is another one',
        () => {
          const other = new CertificateAuthority('somebody else');
          other.remove();
          return { host: '127.0.0.1', port: tlsPort, password: 's3cret', tls: { ca: other.cert } };
        },
        'SELF_SIGNED_CERT_IN_CHAIN',
      ],
      [
        'the certificate is for another host',
        () => ({ host: '127.0.0.1', port: tlsPort, password: 's3cret', tls: { ca: authority.cert, servername: 'other.example' } }),
        'ERR_TLS_CERT_ALTNAME_INVALID',
      ],
    ];
    for (const [title, redis, code] of refusals) {
      it(title, async () => {
        const runtime = make(redis(), { connectTimeout: 3_000 });
        const told: unknown[] = [];
        for (const name of ['error', 'lost', 'failed', 'reconnecting'] as const) runtime.events.on(name, (event) => void told.push(event));
        const error = await cacheErrorOf(runtime.start());
        expect(error).to.be.instanceOf(RemoteCacheError);
        expect(error.message).to.equal(
          `Could not reach Redis at 127.0.0.1:${tlsPort} within 3000 ms (${code}). ` +
            'Check that the certificate of the server is for this host and that an authority in `tls.ca` (or NODE_EXTRA_CA_CERTS) has signed it; also host, port and credentials.',
        );
        expect(told).not.to.deep.equal([]);
        expect(inspect([error, told], { depth: 10 })).not.to.include('s3cret');
      });
    }
  });

  it('is not spoken to a server that does not speak it', async () => {
    const runtime = make({ host: '127.0.0.1', port: server.port, tls: { ca: authority.cert } }, { connectTimeout: 3_000 });
    expect((await cacheErrorOf(runtime.start())).message).to.match(
      new RegExp(`^Could not reach Redis at 127\\.0\\.0\\.1:${server.port} within 3000 ms`),
    );
  });

  it('enters the nodes of a cluster, whose slots they tell with the ports for TLS', async () => {
    const busPort = `${await freePort()}`;
    const node = await serve('--tls-auth-clients', 'no', '--tls-cluster', 'yes', '--cluster-enabled', 'yes', '--cluster-port', busPort);
    try {
      await node.server.cli('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
      const isOk = async (): Promise<boolean> => String(await node.server.cli('CLUSTER', 'INFO')).includes('cluster_state:ok');
      await waitFor(isOk, { what: 'the node to serve its slots' });
      const redisOptions = { tls: { ca: authority.cert } };
      await proveBothConnections(new Cluster([{ host: '127.0.0.1', port: node.port }], { lazyConnect: true, redisOptions }));
      await Promise.all(runtimes.splice(0).map((each) => each.stop()));
    } finally {
      await node.server.stop();
    }
  });
});
