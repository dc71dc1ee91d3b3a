import 'reflect-metadata';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Container } from 'inversify';
import { type Cache, CacheManager, enableCaching } from '../../lib/index.js';
import { type FaultyRedis, faultyRedis } from '../../lib/testing/index.js';
import { Bookkeeping } from '../support/bookkeeping.js';
import { RedisServer } from '../support/redis-server.js';
import { ownNamespace, sharedRedis } from '../support/shared-redis.js';
import { waitFor } from '../support/wait.js';
import { PATIENT } from '../support/patient.js';

const MAIN = fileURLToPath(new URL('../../lib/cli/main.js', import.meta.url));

/** The program, running. */
class Run {
  readonly child: ChildProcess;
  out = '';
  err = '';

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.child = spawn(process.execPath, [MAIN, ...args], {
      env: { ...process.env, REDIS_URL: undefined, REDIS_HOST: undefined, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout!.on('data', (chunk: Buffer) => (this.out += chunk.toString()));
    this.child.stderr!.on('data', (chunk: Buffer) => (this.err += chunk.toString()));
  }

  get lines(): readonly string[] {
    return this.out.split('\n').slice(0, -1);
  }

  async ended(): Promise<{ code: number | null; out: string; err: string }> {
    const [code] = this.child.exitCode === null ? ((await once(this.child, 'close')) as [number | null]) : [this.child.exitCode];
    return { code, out: this.out, err: this.err };
  }
}

describe('the command line', function () {
  this.timeout(60_000);

  let containers: Container[];
  let proxy: FaultyRedis;
  let namespace: string;
  let url: string;
  let runs: Run[];

  const cacheOf = (i: number, name = 'book'): Cache => containers[i]!.get(CacheManager).getCache(name)!;
  const run = (...args: readonly string[]): Run => {
    const started = new Run([...args, '--namespace', namespace, '--timeout', '20s'], { REDIS_URL: url });
    runs.push(started);
    return started;
  };
  /** Resolves once the tail hears the fleet, by evictions until it tells of one. */
  const hearing = async (tail: Run): Promise<void> => {
    await waitFor(
      async () => {
        await cacheOf(0).evict('hello');
        return tail.out.includes('hello') && tail.out.includes('server-2');
      },
      { what: `the tail to hear, which said: ${tail.err}`, everyMs: 100 },
    );
  };

  beforeEach(async () => {
    const redis = await sharedRedis();
    [containers, runs] = [[], []];
    url = redis.url;
    namespace = ownNamespace('cli');
    proxy = await faultyRedis(redis.url);
    for (const [instanceId, port] of [
      ['server-1', redis.port],
      ['server-2', proxy.port],
    ] as const) {
      const container = new Container();
      containers.push(container);
      await enableCaching(container, {
        ...PATIENT,
        redis: `redis://127.0.0.1:${port}`,
        namespace,
        instanceId,
        caches: { book: {}, author: { topic: `${namespace}-people` } },
      });
    }
  });

  afterEach(async () => {
    for (const { child } of runs) if (child.exitCode === null) child.kill('SIGKILL');
    await Promise.all(containers.map((container) => container.unbindAllAsync()));
    await proxy.stop();
  });

  describe('stats', () => {
    it('prints what every instance has counted', async () => {
      await cacheOf(0).getOrLoad('Dune', () => 1);
      await cacheOf(0).get('Dune');
      await cacheOf(1).get('Dune');
      const { code, out, err } = await run('stats', '--cache', 'book').ended();
      expect([code, err]).to.deep.equal([0, '']);
      const rows = out
        .trimEnd()
        .split('\n')
        .map((line) => line.trim().split(/ {2,}/));
      expect(rows.map((row) => row.slice(0, 8))).to.deep.equal([
        ['book', 'state', 'L1 hits', 'L2 hits', 'misses', 'hit ratio', 'loads', 'in L1'],
        ['server-1', 'serving', '1', '0', '1', '50.0 %', '1', '1'],
        ['server-2', 'serving', '0', '1', '0', '100.0 %', '0', '1'],
      ]);
      const [headings, ...figures] = rows.map((row) => [row[8], row[11]]);
      expect(headings).to.deep.equal(['L1 values', 'proven']);
      for (const [size, age] of figures) {
        expect(size).to.match(/^[1-9]\d* B$/);
        expect(age).to.match(/^[\d.]+ m?s$/);
      }
    });

    it('has columns for stale reads and refreshes where there were some', async () => {
      const options = { ttl: 1, staleIfError: '1h' } as const;
      const fail = (): never => {
        throw new Error('The database is away.');
      };
      await cacheOf(0).getOrLoad('Dune', () => 1, options);
      const isServedStale = async (): Promise<boolean> => {
        await cacheOf(0).getOrLoad('Dune', fail, options);
        return cacheOf(0).statistics().servedStale === 1;
      };
      await waitFor(isServedStale, { what: 'the end of its life' });
      const [headings, first, second] = (await run('stats', '--cache', 'book').ended()).out.split('\n');
      expect(headings).to.match(/ {2}stale {2}refreshes$/);
      expect([first, second].map((line) => line?.trim().split(/ {2,}/).slice(-2))).to.deep.equal([
        ['1', '0'],
        ['0', '0'],
      ]);
    });

    it('prints one JSON object for each instance', async () => {
      await cacheOf(1).getOrLoad('Dune', () => 1);
      const { code, out } = await run('stats', '--json').ended();
      const instances = out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(code).to.equal(0);
      expect(instances.map(({ id }) => id)).to.deep.equal(['server-1', 'server-2']);
      expect(instances[1].caches.book.statistics).to.include({ loads: 1, misses: 1 });
      expect(Object.keys(instances[1].caches)).to.have.members(['book', 'author']);
    });

    it('says that the instances have used no cache yet', async () => {
      const own = ownNamespace('unused');
      const container = new Container();
      containers.push(container);
      await enableCaching(container, { ...PATIENT, redis: url, namespace: own });
      const stats = new Run(['stats', '--namespace', own, '--timeout', '20s', '--redis', url]);
      runs.push(stats);
      expect(await stats.ended()).to.deep.equal({ code: 0, out: '1 instance answered; none has used a cache yet.\n', err: '' });
    });

    it('ends with 1 when no instance answers', async () => {
      const other = new Run(['stats', '--namespace', 'nobody', '--timeout', '200ms', '--redis', url]);
      runs.push(other);
      const { code, out, err } = await other.ended();
      expect([code, out]).to.deep.equal([1, '']);
      expect(err).to.match(/^There is no instance of namespace 'nobody': nobody listens on 'nobody:fleet:ask' at 127\.0\.0\.1:\d+\. /);
    });
  });

  describe('tail', () => {
    it('prints each eviction once, with the lag of every instance, and ends with 130 at Ctrl-C', async () => {
      const tail = run('tail');
      await hearing(tail);
      await cacheOf(1).evictAll(['Dune', ['Emma', 2]]);
      await cacheOf(0, 'author').clear();
      await waitFor(() => tail.out.includes('clear'), { what: 'the clear' });
      const lag = String.raw`\d+(\.\d+)? m?s`;
      const time = String.raw`\d\d:\d\d:\d\d\.\d{3}`;
      expect(tail.lines.filter((line) => line.includes('Dune')).length).to.equal(1);
      expect(tail.lines.find((line) => line.includes('Dune'))).to.match(
        new RegExp(String.raw`^${time}  book  evict  Dune ~\["Emma",2\]  by server-2  server-1 ${lag}, server-2 ${lag}$`),
      );
      expect(tail.lines.find((line) => line.includes('clear'))).to.match(
        new RegExp(`^${time}  author  clear  all  by server-1  server-1 ${lag}, server-2 ${lag}$`),
      );
      tail.child.kill('SIGINT');
      expect(await tail.ended()).to.include({ code: 130, err: '' });
    });

    it('prints JSON lines, and tells of a link that is cut, of the bypass and of the way back', async () => {
      const tail = run('tail', '--json', '--cache', 'book');
      await hearing(tail);
      proxy.away();
      await waitFor(() => !containers[1]!.get(CacheManager).health().links['subscriber']!.includes('up'), { what: 'the loss' });
      await cacheOf(0).evict('missed');
      await cacheOf(0, 'author').evict('not asked for');
      await waitFor(() => tail.out.includes('missed'), { what: 'the eviction' });
      proxy.heal();
      const events = (): any[] => tail.lines.map((line) => JSON.parse(line));
      await waitFor(() => events().some((event) => event.kind === 'bypass' && !event.active), { what: 'the return' });
      const missed = events().find(({ keys }) => keys?.[0] === 'missed');
      expect(missed).to.deep.include({ kind: 'eviction', cache: 'book', op: 'evict', origin: 'server-1', missing: ['server-2'] });
      expect(Object.keys(missed.appliedMs)).to.deep.equal(['server-1']);
      expect(
        events()
          .filter(({ kind }) => kind === 'bypass')
          .map(({ instance, cache, active }) => [instance, cache, active]),
      ).to.deep.equal([
        ['server-2', 'book', true],
        ['server-2', 'book', false],
      ]);
      expect(tail.out).to.not.include('not asked for');
    });

    for (const [how, options] of [
      ['for people', []],
      ['for programs', ['--json']],
    ] as const) {
      it(`lives on whatever is published, and prints nothing that a terminal would obey: ${how}`, async () => {
        const redis = await sharedRedis();
        const hostile = '\u001b[2J\u0007\u009b31m\u202e\u2066\u2028\u200b';
        // It may listen to nothing but the fleet and one cache, so that what it complains of names the topics of others.
        const mine = [`&${namespace}:fleet:*`, `&${namespace}:book-channel`, `&${namespace}-people`];
        await redis.cli('ACL', 'SETUSER', namespace, 'reset', 'on', '>secret', '~*', '+@all', 'resetchannels', ...mine);
        const tail = run('tail', ...options, '--redis', url.replace('redis://', `redis://${namespace}:secret@`));
        await hearing(tail);
        const say = (message: object): Promise<unknown> =>
          redis.cli('PUBLISH', `${namespace}:fleet:answer`, JSON.stringify({ v: 1, ...message }));
        const feed = (...entries: readonly object[]): Promise<unknown> => say({ kind: 'feed', from: `x${hostile}`, lost: 0, entries });
        for (const at of [1e300, 8_640_000_000_000_001, -1]) await feed({ at, kind: 'bypass', cache: 'book', active: true });
        await feed({ at: 1, kind: 'gap', cache: `book${hostile}`, expected: 1e300, received: 7 });
        await feed({ at: Date.now(), kind: 'link', link: `link${hostile}`, isUp: false });
        const caches = { odd: { status: 'up', isServing: true, topic: `topic${hostile}`, statistics: {} } };
        const status = { id: 'forged', namespace, host: 'h', pid: 1, startedAt: 1, at: 1, boundMs: 1, status: 'up', links: {}, caches };
        for (let i = 0; i < 5; i += 1) await say({ kind: 'status', from: 'forged', status });
        await redis.cli('PUBLISH', `${namespace}:fleet:answer`, hostile);
        const keys = [`key${hostile}`, 'x'.repeat(4_000), ...Array.from({ length: 50 }, (_, i) => `key-${i}`)];
        const eviction = { v: 2, cache: 'book', seq: 1, gen: '1', op: 'evict', keys, origin: 'forger~0123456789ab', ns: namespace };
        await redis.cli('PUBLISH', `${namespace}:book-channel`, JSON.stringify(eviction));
        await waitFor(() => tail.out.includes('forger'), { what: 'the forged eviction' });
        await waitFor(() => tail.err.includes('topic\\u001b'), { what: 'the complaint' });
        await cacheOf(1).evict('Dune');
        await waitFor(() => tail.out.includes('Dune'), { what: 'an eviction afterwards' });
        await redis.cli('ACL', 'DELUSER', namespace);
        for (const line of `${tail.out}\n${tail.err}`.split('\n')) {
          expect(line).to.not.match(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
          expect(line.length).to.be.at.most(10_000);
        }
        expect(tail.err.split('\n').filter((line) => line.includes('topic\\u001b')).length, tail.err).to.equal(1);
        if (how === 'for people') return expect(tail.out).to.include('and 32 more').and.include('… (4000 characters)');
        const told = tail.lines.map((line) => JSON.parse(line) as Record<string, any>);
        expect(told.find(({ origin }) => origin === 'forger')?.['keys'][0]).to.equal(`key${hostile}`);
        expect(told.find(({ kind }) => kind === 'link')).to.include({ link: `link${hostile}`, instance: `x${hostile}` });
      });
    }

    it('ends with 0 when its time is over', async () => {
      expect(await run('tail', '--for', '300ms').ended()).to.deep.equal({ code: 0, out: '', err: '' });
    });

    it('ends quietly when nobody reads it any more', async () => {
      const tail = run('tail');
      await hearing(tail);
      tail.child.stdout!.destroy();
      await waitFor(
        async () => {
          await cacheOf(0).evict('hello');
          return tail.child.exitCode !== null;
        },
        { what: 'its end', everyMs: 50 },
      );
      expect([tail.child.exitCode, tail.err]).to.deep.equal([0, '']);
    });
  });

  describe('evict', () => {
    it('evicts keys from Redis and from every instance before it ends', async () => {
      await cacheOf(0).put('Dune', 1);
      await cacheOf(0).put(42, 2);
      await cacheOf(0).put('Emma', 3);
      for (const key of ['Dune', 42, 'Emma']) await cacheOf(1).get(key);
      const { code, out, err } = await run('evict', '--cache', 'book', 'Dune', '~42').ended();
      expect([code, err]).to.deep.equal([0, '']);
      expect(out).to.match(/^Evicted Dune ~42 from book: 2 of 2 keys were there; heard by \d instances?[.;]/);
      for (const i of [0, 1])
        expect(await Promise.all(['Dune', 42, 'Emma'].map((key) => cacheOf(i).get(key)))).to.deep.equal([
          undefined,
          undefined,
          { value: 3 },
        ]);
    });

    it('evicts on a topic of its own', async () => {
      await cacheOf(0, 'author').put('Herbert', 1);
      await cacheOf(1, 'author').get('Herbert');
      const { code, out } = await run('evict', '--cache', 'author', '--topic', `${namespace}-people`, '--json', 'Herbert').ended();
      expect(code).to.equal(0);
      expect(JSON.parse(out)).to.deep.include({ cache: 'author', op: 'evict', keys: ['Herbert'], acks: 'all', present: 1 });
      expect(await cacheOf(1, 'author').inspect('Herbert')).to.deep.include({ local: { state: 'absent' }, remote: { state: 'absent' } });
    });

    it('waits for a slow Redis as long as it is told to', async () => {
      proxy.delay(400, { direction: 'to-client' });
      const { code, out, err } = await run('evict', '--cache', 'book', 'Dune', '--redis', proxy.url).ended();
      expect([code, err]).to.deep.equal([0, '']);
      expect(out).to.match(/^Evicted Dune from book: 0 of 1 key was there; heard by \d instances?[.;]/);
    });

    it('ends with 1 when Redis does not execute it', async () => {
      const own = await RedisServer.start();
      await new Bookkeeping(own).set({ gen: '1700000000000000' });
      await own.cli('CONFIG', 'SET', 'min-replicas-to-write', '1');
      const refused = new Run(['evict', '--cache', 'book', 'Dune', '--redis', own.url]);
      runs.push(refused);
      const { code, out, err } = await refused.ended();
      await own.stop();
      expect([code, out]).to.deep.equal([1, '']);
      expect(err).to.match(/^CACHE_REMOTE_FAILED: Redis at 127\.0\.0\.1:\d+ failed at 'evict': /);
    });
  });

  describe('clear', () => {
    it('clears one cache, and not the other', async () => {
      await cacheOf(0).put('Dune', 1);
      await cacheOf(0, 'author').put('Herbert', 1);
      const { code, out } = await run('clear', '--cache', 'book').ended();
      expect(code).to.equal(0);
      expect(out).to.match(/^Cleared book: heard by \d instances?[.;]/);
      expect(await cacheOf(1).get('Dune')).to.equal(undefined);
      expect(await cacheOf(1, 'author').get('Herbert')).to.deep.equal({ value: 1 });
    });
  });
});
