/** Sentinels, and the servers they name, that are reached over TLS and by password alone. */
import { inspect } from 'node:util';
import { expect } from 'chai';
import type { RedisOptions } from 'ioredis';
import type { Cache } from '../../lib/cache/index.js';
import { createInstance, type CacheInstance } from '../../lib/instance/cache-instance.js';
import { cacheErrorOf } from '../contract/rejection.js';
import { ownNamespace } from '../support/shared-redis.js';
import { waitFor } from '../support/wait.js';
import { CertificateAuthority } from './certificates.js';
import { SentinelDeployment } from './sentinel-deployment.js';

describe('TLS to and behind Sentinel', function () {
  this.timeout(180_000);

  let authority: CertificateAuthority;
  let stranger: CertificateAuthority;
  let deployment: SentinelDeployment;
  let redis: RedisOptions;
  let runtimes: CacheInstance[];
  let told: unknown[];

  before(async () => {
    [authority, stranger] = [new CertificateAuthority(), new CertificateAuthority('somebody else')];
    deployment = await SentinelDeployment.start({ authority, certificate: authority.issue('server', ['IP:127.0.0.1']) });
    redis = deployment.redisOf();
  });

  after(async () => {
    await deployment.stop();
    authority.remove();
    stranger.remove();
  });

  beforeEach(() => {
    [runtimes, told] = [[], []];
  });

  afterEach(async () => {
    await Promise.all(runtimes.map((runtime) => runtime.stop()));
    const all = inspect(told, { depth: 10, showHidden: true });
    for (const secret of [redis.password, redis.sentinelPassword]) expect(all).not.to.include(secret);
  });

  const make = (options: RedisOptions, namespace = ownNamespace('sentinel-tls')): CacheInstance => {
    const runtime = createInstance({ redis: options, namespace, caches: { book: {} }, connectTimeout: 2_000 });
    for (const name of ['connected', 'lost', 'failed', 'reconnecting', 'error'] as const)
      runtime.events.on(name, (event) => void told.push([name, event]));
    runtimes.push(runtime);
    return runtime;
  };
  const bookOf = (runtime: CacheInstance): Cache => runtime.manager.getCache('book') as Cache;
  const failureOf = async (options: RedisOptions): Promise<Error> => {
    const error = await cacheErrorOf(make(options).start());
    told.push(error);
    return error;
  };

  it('carries commands and messages, before a failover and after it', async () => {
    const namespace = ownNamespace('sentinel-tls');
    const [here, there] = [make(redis, namespace), make(redis, namespace)];
    await Promise.all([here.start(), there.start()]);
    const cross = async (before: number, after: number): Promise<void> => {
      expect(await bookOf(here).getOrLoad('Dune', () => before)).to.equal(before);
      expect(await bookOf(there).getOrLoad('Dune', () => 'not asked for')).to.equal(before);
      await bookOf(here).evict('Dune', { acks: 'all' });
      expect(await bookOf(there).getOrLoad('Dune', () => after)).to.equal(after);
      expect(there.manager.statistics()['book']).to.include({ gaps: 0 });
    };
    await cross(12, 15);
    const primary = await deployment.primary();
    await deployment.failOver();
    await deployment.failedOverFrom(primary);
    const hasMoved = ({ manager }: CacheInstance): boolean => manager.health().status === 'up';
    const clientsOf = async (): Promise<string> => String(await (await deployment.primary()).cli('CLIENT', 'LIST'));
    await waitFor(async () => runtimes.every(hasMoved) && (await clientsOf()).split('-subscriber').length > 2, {
      what: 'both instances to have moved to the new primary',
      timeoutMs: 20_000,
    });
    await bookOf(here).evict('Dune', { acks: 'all' });
    await cross(17, 19);
  });

  const unreachable = (reason: string, hint: string): string =>
    `Could not reach Redis at books of sentinel 127.0.0.1:${redis.sentinels?.[0]?.port} within 2000 ms${reason}. ${hint}`;
  const CERTIFICATE =
    'Check that the certificate of the server is for this host and that an authority in `tls.ca` (or NODE_EXTRA_CA_CERTS) has signed it; also host, port and credentials.';
  const ANY = 'Check host, port, credentials and that the server accepts connections.';

  const refusals: readonly (readonly [title: string, change: () => RedisOptions, reason: string, hint: string, cause: RegExp])[] = [
    [
      'trusts no certificate of a Sentinel that `sentinelTLS` does not know',
      () => ({ sentinelTLS: { ca: stranger.cert } }),
      ' (SELF_SIGNED_CERT_IN_CHAIN)',
      CERTIFICATE,
      /^Sentinel 127\.0\.0\.1:\d+ could not tell where 'books' is: self-signed certificate in certificate chain\.$/,
    ],
    [
      'trusts no certificate of a server that `tls` does not know',
      () => ({ tls: { ca: stranger.cert } }),
      ' (SELF_SIGNED_CERT_IN_CHAIN)',
      CERTIFICATE,
      /^self-signed certificate in certificate chain$/,
    ],
    ['asks for the password of the Sentinels', () => ({ sentinelPassword: 'another' }), '', ANY, /^Sentinel .* WRONGPASS .*\.$/],
    [
      'asks for the password of the servers',
      () => ({ password: 'another' }),
      ' (WRONGPASS invalid username-password pair or user is disabled.)',
      ANY,
      /^WRONGPASS /,
    ],
  ];
  for (const [title, change, reason, hint, cause] of refusals) {
    it(title, async () => {
      const error = await failureOf({ ...redis, ...change() });
      expect(error.message).to.equal(unreachable(reason, hint));
      expect((error.cause as Error).message).to.match(cause);
    });
  }

  it('is spoken to none who is not said to speak it', async () => {
    const code = 'CACHE_REMOTE_CONNECT_FAILED';
    expect(await failureOf({ ...redis, sentinelTLS: undefined })).to.include({ code });
    expect(await failureOf({ ...redis, enableTLSForSentinelMode: false })).to.include({ code });
  });
});
