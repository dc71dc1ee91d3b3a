/**
 * What happened: heartbeats that Redis answers with an error (rights taken away at run time, a server made a replica) left the local tier in
 * bypass for ever, with every link `up`, no event and no reason. With dynamic caches only, the start wrote nothing, so that a user who may
 * write nothing was let in.
 *
 * Decided: an `error` event once per distinct reason, a line of the log, and the reason in `health()` for as long as it lasts. The first heartbeat
 * always writes something.
 */
import { expect } from 'chai';
import type { CacheCondition, TwoTierCache } from '../../lib/cache/index.js';
import type { CachingOptions } from '../../lib/instance/options.js';
import { type CacheInstance, createInstance } from '../../lib/instance/cache-instance.js';
import { cacheErrorOf } from '../contract/rejection.js';
import { Bookkeeping } from '../support/bookkeeping.js';
import { RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';
import { PATIENT } from '../support/patient.js';

const USER = 'cache';
const ALL = ['on', '>secret', '~*', '&*', '+@all'];

describe('A heartbeat that Redis refuses', () => {
  let server: RedisServer;
  let runtimes: CacheInstance[];
  let lines: string[];
  let failures: string[];
  const log = (line: string): void => void lines.push(line);

  const started = async (options: CachingOptions): Promise<CacheInstance> => {
    const redis = `redis://${USER}:secret@127.0.0.1:${server.port}`;
    const runtime = createInstance({ ...PATIENT, redis, bound: '100ms', logger: { info: log, warn: log, error: log }, ...options });
    runtimes.push(runtime);
    runtime.events.on('error', ({ where, error }) => void failures.push(`${where}: ${(error as Error).message}`));
    await runtime.start();
    return runtime;
  };
  const setUser = (...rules: string[]): Promise<unknown> => server.cli('ACL', 'SETUSER', USER, 'reset', ...rules);
  const book = (runtime: CacheInstance): CacheCondition => runtime.manager.health().caches['book']!;

  beforeEach(async () => {
    [runtimes, lines, failures] = [[], [], []];
    server = await RedisServer.start();
    await setUser(...ALL);
  });

  afterEach(async () => {
    await Promise.all(runtimes.map((runtime) => runtime.stop()));
    await server.stop();
  });

  for (const [what, act, undo, words] of [
    [
      'because a right is gone',
      () => setUser(...ALL, '-zadd'),
      () => setUser(...ALL),
      /^Redis at \S+ refuses heartbeats: \S+ .*(no permissions|can't run this command)/,
    ],
    [
      'because the server was made a replica',
      () => server.cli('REPLICAOF', '127.0.0.1', '1'),
      () => server.cli('REPLICAOF', 'NO', 'ONE'),
      /^Redis at 127\.0\.0\.1:\d+ refuses heartbeats: READONLY /,
    ],
  ] as const) {
    it(`is told, with its reason, ${what}; and serves again when it is over`, async () => {
      const runtime = await started({ caches: { book: {} } });
      await waitFor(() => book(runtime).status === 'up', { what: 'the first lease' });
      await act();
      await waitFor(() => words.test(book(runtime).reason ?? ''), { what: 'the reason' });
      await waitFor(() => book(runtime).status === 'degraded', { what: 'the end of the lease' });
      expect(runtime.manager.health().status).to.equal('degraded');
      await waitFor(() => (book(runtime).provenMs ?? 0) > 100, { what: 'the last proof to be older than the bound' });
      await waitFor(() => book(runtime).isHeartbeatRefused === true, { what: 'the refusal' }); // A reconnection may come between.
      const told = (): string[] => failures.filter((failure) => failure.startsWith('heartbeat'));
      await waitFor(() => told().length > 0 && lines.some((line) => / (refuses heartbeats|cannot be reached): /.test(line)), {
        what: 'the line of the log',
      });
      await undo();
      await waitFor(() => book(runtime).status === 'up', { what: 'the lease' });
      await waitFor(() => (book(runtime).provenMs ?? Infinity) <= 100, { what: 'a newer proof' });
      expect(book(runtime)).to.not.have.property('isHeartbeatRefused');
      expect(new Set(told()).size, 'each reason once').to.equal(told().length);
      const cache = runtime.manager.getCache('book') as TwoTierCache;
      expect([await cache.getOrLoad('Dune', () => 1), await cache.getOrLoad('Dune', () => 2)]).to.deep.equal([1, 1]);
    });
  }

  it('is not let in at the start, though it names no cache yet', async () => {
    await setUser('on', '>secret', '~*', '&*', '+@all', '-@write');
    const error = await cacheErrorOf(started({ connectTimeout: '4s' }));
    expect(error.code).to.equal('CACHE_REMOTE_CONNECT_FAILED');
    expect(error.message).to.match(/no permissions|can't run this command/);
  });

  it('leaves nothing for good where there is no cache', async () => {
    const runtime = await started({});
    const { hosts, members } = new Bookkeeping(server).keys;
    expect(((await server.cli('KEYS', 'cache:*')) as string[]).sort()).to.deep.equal([hosts, members]);
    await runtime.stop();
    expect(await server.cli('KEYS', 'cache:*')).to.deep.equal([members]);
    expect(Number(await server.cli('PTTL', members))).to.be.at.least(1);
  });
});
