import { hitNow } from '../../lib/cache/index.js';
import 'reflect-metadata';
import { expect } from 'chai';
import { Container } from 'inversify';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Cache, CacheManager, enableCaching } from '../../lib/index.js';
import { RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';
import { PATIENT } from '../support/patient.js';

const MAIN = fileURLToPath(import.meta.resolve('../../lib/cli/main.js'));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The command as people run it. */
class Run {
  readonly child: ChildProcess;
  out = '';
  err = '';

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('REDIS_')));
    this.child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...inherited, ...env } });
    this.child.stdout?.on('data', (chunk: Buffer) => (this.out += chunk.toString()));
    this.child.stderr?.on('data', (chunk: Buffer) => (this.err += chunk.toString()));
  }

  async ended(): Promise<Ended> {
    const guard = setTimeout(() => this.child.kill('SIGKILL'), 50_000);
    const [code] = (await once(this.child, 'close')) as [number | null];
    clearTimeout(guard);
    return { code, out: this.out, err: this.err };
  }
}

const run = (args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended> => new Run(args, env).ended();

describe('npx inversify-cache', function () {
  this.timeout(60_000);
  let server: RedisServer;
  const containers: Container[] = [];

  const instance = async (instanceId: string): Promise<Cache> => {
    const container = new Container();
    containers.push(container);
    await enableCaching(container, { ...PATIENT, redis: server.url, instanceId, caches: { book: {} } });
    return container.get(CacheManager).getCache('book') as Cache;
  };

  before(async () => {
    server = await RedisServer.start();
  });
  afterEach(async () => {
    for (const container of containers.splice(0)) await container.unbindAllAsync();
    await server.cli('FLUSHALL');
  });
  after(() => server.stop());

  it('--help says what it can do, and how it ends', async () => {
    const { code, out, err } = await run(['--help']);
    expect({ code, err }).to.deep.equal({ code: 0, err: '' });
    for (const word of ['tail', 'stats', 'health', 'get', 'keys', 'evict', 'clear', '--redis', '--json', 'Exit codes: 0 done, 1 failed'])
      expect(out).to.include(word);
  });

  for (const [what, args, text] of [
    ['no command', [], 'Expected a command.'],
    ['an unknown command', ['drop'], "There is no command 'drop'."],
    ['evict without a key', ['evict', '--cache', 'book'], 'Expected at least one key, or --tag, to evict; to evict all, use clear.'],
    ['evict without a cache', ['evict', 'Dune'], 'Expected one --cache for evict.'],
    ['acks that are neither', ['clear', '--cache', 'book', '--acks', 'some'], "Expected --acks to be all or none, got 'some'."],
    ['no server', ['stats'], 'Expected --redis, or REDIS_URL or REDIS_HOST in the environment.'],
  ] as const) {
    it(`refuses ${what}, with exit code 2`, async () => {
      expect(await run(args)).to.deep.equal({ code: 2, out: '', err: `${text}\nTry 'inversify-cache --help'.\n` });
    });
  }

  it('fails with exit code 1 when Redis cannot be reached, and names it without its password', async () => {
    const { code, out, err } = await run(['stats', '--redis', 'redis://me:s3cret@127.0.0.1:1', '--timeout', '500ms']);
    expect({ code, out }).to.deep.equal({ code: 1, out: '' });
    expect(err).to.include('127.0.0.1:1').and.not.include('s3cret');
  });

  it('evict takes keys from Redis and from every instance, before it ends', async () => {
    const [here, there] = [await instance('here'), await instance('there')];
    await here.put('Dune', 1);
    await here.put(42, 2);
    expect(await there.getAll(['Dune', 42])).to.deep.equal([{ value: 1 }, { value: 2 }]);
    await waitFor(async () => (await hitNow(there, 'Dune')) === 1, { what: 'Dune in the local tier' });
    const { code, out } = await run(['evict', '--cache', 'book', '--redis', server.url, '--timeout', '20s', 'Dune', '~42']);
    expect(code).to.equal(0);
    expect(out).to.match(/^Evicted Dune ~42 from book: 2 of 2 keys were there; heard by \d instances?[.;]/);
    expect(hitNow(there, 'Dune')).to.equal(undefined);
    expect(await there.getAll(['Dune', 42])).to.deep.equal([undefined, undefined]);
  });

  it('clear evicts all of a cache; --json says so to programs; the server may come from the environment', async () => {
    const here = await instance('here');
    await here.put('Dune', 1);
    const { code, out } = await run(['clear', '--cache', 'book', '--json', '--timeout', '20s'], { REDIS_URL: server.url });
    expect(code).to.equal(0);
    expect(JSON.parse(out)).to.deep.include({ cache: 'book', op: 'clear', keys: [], acks: 'all' });
    expect(await here.get('Dune')).to.equal(undefined);
  });

  it('stats tells what every instance has counted, and exits with 1 when none answers', async () => {
    const none = await run(['stats', '--redis', server.url, '--timeout', '300ms']);
    expect([none.code, none.out]).to.deep.equal([1, '']);
    expect(none.err).to.match(/^There is no instance of namespace 'cache': /);
    const here = await instance('here');
    await here.getOrLoad('Dune', () => 1);
    await here.getOrLoad('Dune', () => 2);
    const { code, out } = await run(['stats', '--redis', server.url, '--json', '--timeout', '20s']);
    const [status] = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string; caches: Record<string, { statistics: object }> });
    expect(code).to.equal(0);
    expect(status?.id).to.equal('here');
    expect(status?.caches['book']?.statistics).to.include({ localHits: 1, misses: 1, loads: 1 });
    const { out: table } = await run(['stats', '--redis', server.url, '--timeout', '20s']);
    expect(table)
      .to.match(/book.*hit ratio/)
      .and.match(/here +serving/);
  });

  it('tail prints each eviction with where it was applied, until Ctrl-C ends it with 130', async () => {
    const [here] = [await instance('here'), await instance('there')];
    const tail = new Run(['tail', '--redis', server.url, '--cache', 'book']);
    const heard = async (): Promise<boolean> => Number(((await server.cli('PUBSUB', 'NUMSUB', 'book-channel')) as string[])[1]) === 3;
    await waitFor(heard, { what: 'the subscription of tail' });
    await here.evict('Dune');
    await waitFor(() => /Dune/.test(tail.out), { what: 'the eviction in the output' });
    tail.child.kill('SIGINT');
    const { code, out } = await tail.ended();
    expect(code).to.equal(130);
    expect(out)
      .to.match(/book +evict +Dune/)
      .and.match(/here/)
      .and.match(/there/);
  });
});
