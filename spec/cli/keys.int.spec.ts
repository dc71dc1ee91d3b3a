import { expect } from 'chai';
import { encodeKey } from '../../lib/cache/index.js';
import { type Cache, type CacheKey } from '../../lib/index.js';
import { type CacheInstance, createInstance } from '../../lib/instance/cache-instance.js';
import { PATIENT } from '../support/patient.js';
import { RedisServer } from '../support/redis-server.js';
import { type CliRun, runCli } from '../support/run-cli.js';
import { waitFor } from '../support/wait.js';

describe('inversify-cache keys', () => {
  let server: RedisServer;
  let instance: CacheInstance;
  let book: Cache;

  beforeEach(async () => {
    server = await RedisServer.start();
    instance = createInstance({ ...PATIENT, redis: server.url, caches: { book: {}, bookshop: {} } });
    await instance.start();
    book = instance.manager.getCache('book')!;
  });
  afterEach(async () => {
    await instance.stop();
    await server.stop();
  });

  const put = async (cache: Cache, ...keys: readonly CacheKey[]): Promise<void> => cache.putAll(keys.map((key) => [key, 1] as const));
  const keys = (...more: readonly string[]): Promise<CliRun> =>
    runCli(['keys', '--cache', 'book', '--redis', server.url, '--timeout', '20s', ...more]);
  const many = Array.from({ length: 3_000 }, (_, i) => `key-${i}`);

  it('lists the keys of the cache as they are written, sorted, and of no other cache', async () => {
    const long = 'x'.repeat(5_000);
    await put(book, 'Dune', 42, ['Emma', 2], 'a::b', 'bidi\u202e', long);
    await put(instance.manager.getCache('bookshop')!, 'not this one');
    const written = ['Dune', '~42', '~["Emma",2]', 'a::b', encodeKey(long)];
    const { code, out, err } = await keys();
    expect([code, err]).to.deep.equal([0, '']);
    expect(out.trim().split('\n')).to.deep.equal([...written, 'bidi\\u202e'].sort());
    const told = (await keys('--json')).out.trim().split('\n').map((line) => JSON.parse(line) as object); // prettier-ignore
    expect(told).to.deep.equal([...written, 'bidi\u202e'].sort().map((key) => ({ cache: 'book', key })));
  });

  it('shows the empty key as it can be typed, and so do get, evict and tail', async () => {
    await put(book, '', 'Dune');
    expect(await keys()).to.deep.equal({ code: 0, out: '~""\nDune\n', err: '' });
    expect((await keys('--json')).out.split('\n')[0]).to.equal('{"cache":"book","key":""}');
    const cli = (...args: readonly string[]): Promise<CliRun> =>
      runCli([...args, '--cache', 'book', '--redis', server.url, '--timeout', '20s']);
    const interrupt = new AbortController();
    let followed = '';
    const tail = runCli(['tail', '--redis', server.url, '--timeout', '20s'], {
      interrupt: interrupt.signal,
      printed: (out) => void (followed = out),
    });
    const told = /^\S+ {2}book {2}evict {2}~"" {2}by /m;
    await waitFor(async () => (await book.evict(''), told.test(followed)), { what: 'the eviction in the tail', everyMs: 50 });
    interrupt.abort();
    await tail;
    await put(book, '');
    for (const typed of ['', '~""']) expect((await cli('get', typed)).out).to.match(/^~"" is in book, .*\n1\n$/);
    expect((await cli('evict', '~""', '--acks', 'none')).out).to.match(/^Evicted ~"" from book: 1 of 1 key was there; /);
    expect(await cli('get', '')).to.deep.equal({ code: 1, out: '', err: '~"" is not in book.\n' });
  });

  it('counts them', async () => {
    expect(await keys('--count')).to.deep.equal({ code: 0, out: '0 keys\n', err: '' });
    await put(book, 'Dune');
    expect(await keys('--count')).to.deep.equal({ code: 0, out: '1 key\n', err: '' });
    await put(book, ...many);
    expect(await keys('--count')).to.deep.equal({ code: 0, out: '3001 keys\n', err: '' });
    expect(JSON.parse((await keys('--count', '--json')).out)).to.deep.equal({ cache: 'book', count: 3_001, isWhole: true });
  });

  it('counts neither what was cleared, nor leases', async () => {
    await put(book, 'old', 'older');
    await book.clear();
    await put(book, 'new');
    let begun = (): void => undefined;
    const isBegun = new Promise<void>((resolve) => (begun = resolve));
    let end = (_value: number): void => undefined;
    const load = book.getOrLoad('loading', () => new Promise<number>((resolve) => ((end = resolve), begun())));
    await isBegun;
    expect(await keys()).to.deep.equal({ code: 0, out: 'new\n', err: '' });
    end(1);
    await load;
  });

  it('stops at the limit, and says so', async () => {
    await put(book, ...many);
    const partly = 'the first 10 keys of the database were looked at; see --limit';
    const { code, out } = await keys('--count', '--limit', '10');
    expect(code).to.equal(0);
    expect(out).to.match(new RegExp(`^at least \\d{1,3} keys? \\(${partly}\\)\n$`));
    expect(JSON.parse((await keys('--count', '--json', '--limit', '10')).out)).to.deep.include({ isWhole: false });
    expect((await keys('--limit', '1')).err).to.equal('There may be more: the first key of the database was looked at; see --limit.\n');
    const listed = await keys('--limit', '10');
    expect(listed.err).to.equal(`There may be more: ${partly}.\n`);
    expect(listed.out.split('\n').length).to.be.below(1_000);
    expect((await keys('--limit', '100000')).out.trim().split('\n')).to.have.length(3_000);
  });

  it('scans, and changes nothing', async () => {
    await put(book, ...many);
    await instance.stop();
    const changes = async (): Promise<unknown> => (await server.info('persistence'))['rdb_changes_since_last_save'];
    const before = await changes();
    await server.cli('CONFIG', 'RESETSTAT');
    await keys();
    await keys('--count');
    expect(await changes()).to.equal(before);
    const calls = await server.commandCalls();
    expect(calls).to.not.have.property('keys');
    expect(calls['scan']).to.be.within(6, 20);
  });

  it('ends with 1 when nobody has the cache', async () => {
    const { code, out, err } = await runCli(['keys', '--cache', 'nosuch', '--redis', server.url, '--timeout', '20s']);
    expect({ code, out }).to.deep.equal({ code: 1, out: '' });
    const text = `Redis at 127.0.0.1:${server.port} knows no cache 'nosuch' in namespace 'cache'. Caches there: book, bookshop.\n`;
    expect(err).to.equal(text);
  });

  it('ends with 1 when the user may not scan, and does without the names of caches', async () => {
    await server.cli('ACL', 'SETUSER', 'few', 'on', '>secret', '~*', '+@all', '-scan');
    const redis = ['--redis', server.url.replace('redis://', 'redis://few:secret@'), '--timeout', '20s'];
    const listed = await runCli(['keys', '--cache', 'book', ...redis]);
    expect([listed.code, listed.out]).to.deep.equal([1, '']);
    expect(listed.err).to.match(/^CACHE_REMOTE_FAILED: Redis at .* failed at 'scan': NOPERM /);
    const got = await runCli(['get', '--cache', 'nosuch', 'Dune', ...redis]);
    expect(got.err).to.equal(`Redis at 127.0.0.1:${server.port} knows no cache 'nosuch' in namespace 'cache'.\n`);
  });
});
