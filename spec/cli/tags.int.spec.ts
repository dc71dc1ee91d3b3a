import { expect } from 'chai';
import type { Cache, CachingOptions } from '../../lib/index.js';
import { type CacheInstance, createInstance } from '../../lib/instance/cache-instance.js';
import { Bookkeeping } from '../support/bookkeeping.js';
import { PATIENT } from '../support/patient.js';
import { RedisServer } from '../support/redis-server.js';
import { type CliRun, runCli } from '../support/run-cli.js';
import { waitFor } from '../support/wait.js';

const TAGGED: CachingOptions = { caches: { book: { tags: true }, plain: {} } };

describe('inversify-cache, of caches with tags', () => {
  const instances: CacheInstance[] = [];
  let server: RedisServer;

  before(async () => {
    server = await RedisServer.start();
  });
  after(() => server.stop());
  afterEach(async () => {
    await leave();
    await server.cli('FLUSHALL');
  });

  const leave = async (): Promise<void> => {
    await Promise.all(instances.splice(0).map((instance) => instance.stop()));
  };
  const join = async (instanceId: string, options: CachingOptions = TAGGED, cache = 'book'): Promise<Cache> => {
    const instance = createInstance({ ...PATIENT, bound: '30s', redis: server.url, instanceId, ...options });
    instances.push(instance);
    await instance.start();
    await new Bookkeeping(server).makeOld(); // For a young list of the living an eviction waits a whole bound.
    return instance.manager.getCache(cache) as Cache;
  };
  const cli = (...args: readonly string[]): Promise<CliRun> => runCli([...args, '--redis', server.url, '--timeout', '20s']);
  const done = async (...args: readonly string[]): Promise<string> => {
    const { code, out, err } = await cli(...args);
    expect([code, err]).to.deep.equal([0, '']);
    return out;
  };
  const json = async (...args: readonly string[]): Promise<any> => JSON.parse((await cli(...args, '--json')).out);
  const changes = async (): Promise<string | undefined> => (await server.info('persistence'))['rdb_changes_since_last_save'];
  const evictTag = ['evict', '--cache', 'book', '--tag', 'author:1'] as const;

  describe('evict --tag', () => {
    it('takes what carries a tag from every instance, before it ends, and nothing else', async () => {
      const [one, two] = [await join('one'), await join('two')];
      await one.put('Dune', 1, { tags: ['author:1', 'sf'] });
      await one.put('Emma', 2, { tags: ['author:2'] });
      expect(await two.getAll(['Dune', 'Emma'])).to.deep.equal([{ value: 1 }, { value: 2 }]);
      const generation = await new Bookkeeping(server).gen();
      expect(await done(...evictTag)).to.equal('Evicted tag author:1 from book: heard by 2 instances.\n');
      for (const book of [one, two]) expect(await book.getAll(['Dune', 'Emma'])).to.deep.equal([undefined, { value: 2 }]);
      expect(await new Bookkeeping(server).gen(), 'the cache was not cleared').to.equal(generation);
    });

    it('takes several, and tells of them in JSON', async () => {
      const one = await join('one');
      await one.put('Dune', 1, { tags: ['author:1'] });
      await one.put('Emma', 2, { tags: [['author', 2]] });
      const args = [...evictTag, '--tag', '~["author",2]'];
      expect(await done(...args)).to.equal('Evicted tags author:1 ~["author",2] from book: heard by 1 instance.\n');
      expect(await one.getAll(['Dune', 'Emma'])).to.deep.equal([undefined, undefined]);
      const told = {
        cache: 'book',
        op: 'evictTagged',
        keys: [],
        tags: ['author:1', '~["author",2]'],
        acks: 'all',
        heardBy: 1,
        missing: [],
      };
      expect(await json(...args)).to.deep.equal(told);
      expect(await done(...evictTag, '--acks', 'none')).to.equal(
        'Evicted tag author:1 from book: the instances follow within their bound.\n',
      );
    });

    it('takes the tag 42 as text and as a number, and says so', async () => {
      const one = await join('one');
      await one.put('text', 1, { tags: ['42'] });
      await one.put('number', 2, { tags: [42] });
      const out = await done('evict', '--cache', 'book', '--tag', '42');
      expect(out).to.match(/^Evicted tags 42 ~42 from book: .*\n42 was tried as text and as the number ~42\.\n$/);
      expect(await one.getAll(['text', 'number'])).to.deep.equal([undefined, undefined]);
    });

    it('is refused for a cache of which no instance stores tags, and writes nothing', async () => {
      const plain = await join('one', TAGGED, 'plain');
      await plain.put('Dune', 1);
      const before = await changes();
      const text = "No instance stores tags in cache 'plain' of namespace 'cache'. Nothing was written.\n";
      expect(await cli('evict', '--cache', 'plain', '--tag', 'author:1')).to.deep.equal({ code: 1, out: '', err: text });
      const unknown = await cli('evict', '--cache', 'nosuch', '--tag', 'author:1');
      expect([unknown.code, unknown.out]).to.deep.equal([1, '']);
      expect(unknown.err).to.match(/knows no cache 'nosuch'.* Nothing was written\.\n$/);
      expect(await changes()).to.equal(before);
      expect(await plain.get('Dune')).to.deep.equal({ value: 1 });
    });

    it('works where an instance without tags has stored something: the cache is emptied then', async () => {
      const one = await join('one');
      const old = await join('old', { caches: { book: {} } });
      await one.put('Dune', 1, { tags: ['author:1'] });
      await old.put('Emma', 2);
      expect(await new Bookkeeping(server).text()).to.not.match(/:t$/);
      expect(await done(...evictTag)).to.equal('Evicted tag author:1 from book: heard by 2 instances.\n');
      expect([await one.get('Dune'), await old.get('Emma')]).to.deep.equal([undefined, undefined]);
    });

    it('and clear leave no key without an end when all instances have left', async () => {
      await (await join('one')).put('Dune', 1, { tags: ['author:1'] });
      await leave();
      const isPure = async (): Promise<boolean> => /:t$/.test((await new Bookkeeping(server).text()) ?? '');
      for (const args of [evictTag, ['clear', '--cache', 'book']]) {
        expect(await done(...args)).to.include('heard by 0 instances.');
        const keys = (await server.cli('KEYS', '*')) as readonly string[];
        expect(keys).to.include(new Bookkeeping(server).keys.tags);
        for (const key of keys) expect(Number(await server.cli('PTTL', key)), key).to.be.greaterThan(0);
        expect(await isPure()).to.equal(true);
      }
    });
  });

  it('clear begins the record of evicted tags anew: an instance that comes later reads what was stored since', async () => {
    const one = await join('one');
    await done('clear', '--cache', 'book');
    await one.put('Dune', 1, { tags: ['author:1'] });
    await one.evict('Emma'); // So the entry is older than what the late one hears of.
    expect(await (await join('late')).get('Dune')).to.deep.equal({ value: 1 });
  });

  describe('get', () => {
    const get = (...more: readonly string[]): Promise<CliRun> => cli('get', '--cache', 'book', 'Dune', ...more);

    it('shows the tags of an entry, and nothing of them where there are none', async () => {
      const one = await join('one');
      await one.put('Dune', { pages: 412 }, { tags: ['author:1', 42] });
      expect(await get()).to.deep.include({ code: 0, err: '' });
      expect((await get()).out).to.match(/^Dune is in book, [^,]+ old, for [^,]+ more, tags author:1 ~42\n\{"pages":412\}\n$/);
      const { ageMs, leftMs, ...rest } = await json('get', '--cache', 'book', 'Dune');
      expect(rest).to.deep.equal({
        ...{ cache: 'book', key: 'Dune', state: 'held', value: { pages: 412 } },
        ...{ tags: ['author:1', '~42'], evictedBy: [], isRecorded: true },
      });
      expect([typeof ageMs, typeof leftMs]).to.deep.equal(['number', 'number']);
      await one.put('Dune', new Map([[1, 2]]));
      expect((await get()).out).to.match(/ more\nMap\(1\) \{ 1 => 2 \}\n$/);
    });

    it('says that no instance serves an entry any more of which a tag was evicted, and ends with 1', async () => {
      const one = await join('one');
      await one.put('Dune', 1, { tags: ['author:1', 'sf'] });
      await one.evictTagged(['author:1']);
      const { code, out, err } = await get();
      expect([code, err]).to.deep.equal([1, 'No instance serves it any more: it was evicted by tag author:1.\n']);
      expect(out).to.match(/^Dune is in book, .*, tags author:1 sf\n1\n$/);
      expect(await json('get', '--cache', 'book', 'Dune')).to.deep.include({
        ...{ state: 'overtaken', value: 1 },
        ...{ tags: ['author:1', 'sf'], evictedBy: ['author:1'], isRecorded: true },
      });
      expect(await one.getOrLoad('Dune', () => 2, { tags: ['author:1'] })).to.equal(2);
      expect(await get()).to.deep.include({ code: 0, err: '' });
    });

    for (const [what, spoil] of [
      ['is lost', ['UNLINK']],
      ['is of another type', ['SET', 'x']],
    ] as const) {
      it(`says that it cannot know, if the record of evicted tags ${what}`, async () => {
        await (await join('one')).put('Dune', 1, { tags: ['author:1'] });
        const { tags } = new Bookkeeping(server).keys;
        await server.cli('UNLINK', tags);
        const [command, ...args] = spoil;
        await server.cli(command, tags, ...args);
        const told = 'Redis does not know any more whether a tag of it was evicted since it was loaded.\n';
        expect(await get()).to.deep.include({ code: 0, err: told });
        expect(await json('get', '--cache', 'book', 'Dune')).to.deep.include({ state: 'held', evictedBy: [], isRecorded: false });
      });
    }
  });

  it('stats has columns for tags where a cache has them', async () => {
    const one = await join('one');
    await one.put('Dune', 1, { tags: ['author:1'] });
    await (instances[0]!.manager.getCache('plain') as Cache).put('Dune', 1);
    await one.evictTagged(['author:1']);
    expect(await one.get('Dune')).to.equal(undefined);
    const [headings, row, , plain] = (await done('stats')).split('\n');
    expect(headings).to.match(/^book .* in bypass {2}overtaken {2}tag reads$/);
    expect(row).to.match(/^one .* +1 +0$/);
    expect(plain).to.match(/^plain .* in bypass$/);
    const { caches } = await json('stats');
    expect(caches.book).to.deep.include({ tags: true });
    expect(caches.book.statistics).to.include({ tagEvictions: 1, overtaken: 1 });
    expect(caches.plain).to.not.have.property('tags');
  });

  describe('tail', () => {
    for (const [how, options] of [
      ['people', []],
      ['programs', ['--json']],
    ] as const) {
      it(`prints an eviction of tags with the reports of all instances, so that no tag is taken for a key: for ${how}`, async () => {
        const [one] = [await join('one'), await join('two')];
        const interrupt = new AbortController();
        let out = '';
        const args = ['tail', '--redis', server.url, '--timeout', '20s', ...options];
        const ended = runCli(args, { interrupt: interrupt.signal, printed: (text) => void (out = text) });
        const lines = (): readonly string[] => out.split('\n').slice(0, -1);
        const isTold = (line: string): boolean =>
          how === 'people' ? /one [0-9.]+ ms, two [0-9.]+ ms$/.test(line) : /"appliedMs":\{"one":[0-9.]+,"two":[0-9.]+\}/.test(line);
        const told = (): string | undefined => lines().find((line) => line.includes('author:1') && isTold(line));
        await waitFor(async () => (await one.evictTagged(['author:1', 42]), told() !== undefined), { what: 'the eviction', everyMs: 50 });
        interrupt.abort();
        await ended;
        if (how === 'people') return expect(told()).to.match(/^\S+ {2}book {2}evict by tag {2}author:1 ~42 {2}by one {2}one /);
        const { at: _at, seq: _seq, appliedMs: _appliedMs, ...rest } = JSON.parse(told()!);
        expect(rest).to.deep.equal({
          ...{ kind: 'eviction', cache: 'book', op: 'evictTagged', keys: [], tags: ['author:1', '~42'] },
          ...{ origin: 'one', missing: [], untold: [] },
        });
      });
    }
  });
});
