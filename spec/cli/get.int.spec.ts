import { expect } from 'chai';
import type { CachingOptions } from '../../lib/index.js';
import { type CacheInstance, createInstance } from '../../lib/instance/cache-instance.js';
import { PATIENT } from '../support/patient.js';
import { Bookkeeping } from '../support/bookkeeping.js';
import { RedisServer } from '../support/redis-server.js';
import { type CliRun, runCli } from '../support/run-cli.js';

class Order {
  constructor(readonly id: number) {}
}

const HOUR = 3_600_000;
const FOREIGN = 'Another program wrote it, or another version of this library. It is replaced when its key is next loaded.';

describe('inversify-cache get', () => {
  let server: RedisServer;
  let instance: CacheInstance | undefined;

  before(async () => {
    server = await RedisServer.start();
  });
  after(() => server.stop());
  afterEach(async () => {
    await leave();
    await server.cli('FLUSHALL');
  });

  const leave = async (): Promise<void> => {
    await instance?.stop();
    instance = undefined;
  };
  /** Puts values into the cache `book`, and leaves. */
  const put = async (
    values: Readonly<Record<string, unknown>>,
    options: NonNullable<CachingOptions['caches']>[string] = {},
  ): Promise<void> => {
    instance = createInstance({ ...PATIENT, redis: server.url, caches: { book: { ttl: '1h', ...options } } });
    await instance.start();
    for (const [key, value] of Object.entries(values)) await instance.manager.getCache('book')!.put(key, value);
    await leave();
  };
  const get = (key: string, ...more: readonly string[]): Promise<CliRun> =>
    runCli(['get', '--cache', 'book', key, '--redis', server.url, '--timeout', '20s', ...more]);
  const json = async (key: string): Promise<Record<string, unknown>> =>
    JSON.parse((await get(key, '--json')).out) as Record<string, unknown>;
  const keyOf = (key: string): Promise<string> => new Bookkeeping(server).data(key);

  it('prints the value, how old it is, and how long it will live', async () => {
    await put({ Dune: { title: 'Dune', year: 1965 } });
    const { code, out, err } = await get('Dune');
    expect([code, err]).to.deep.equal([0, '']);
    expect(out).to.match(/^Dune is in book, [\d.]+ m?s old, for [\d.]+ s more\n\{"title":"Dune","year":1965\}\n$/);
    const { ageMs, leftMs, ...rest } = await json('Dune');
    expect(rest).to.deep.equal({ cache: 'book', key: 'Dune', state: 'held', value: { title: 'Dune', year: 1965 } });
    expect((ageMs as number) + (leftMs as number)).to.equal(HOUR);
    expect(leftMs).to.be.within(1, HOUR);
  });

  it('says that the life of an entry has ended which is kept in case that its method fails, and ends with 1', async () => {
    await put({ Dune: 1 });
    const life = 2 * HOUR;
    const store = (leftMs: number): Promise<unknown> =>
      keyOf('Dune').then((key) =>
        server.cli('SET', key, `{"value":1,"version":"v2","life":${life},"stale":${HOUR},"end":${Date.now() + leftMs}}`),
      );
    await store(HOUR / 2);
    const { code, out, err } = await get('Dune');
    expect([code, err]).to.deep.equal([1, 'Its life has ended: instances serve it only if its method fails.\n']);
    expect(out).to.match(/^Dune is in book, [\d.]+ s old, stale, kept for [\d.]+ s more, version v2\n1\n$/);
    const told = await json('Dune');
    expect([told['state'], told['version'], (told['ageMs'] as number) + (told['leftMs'] as number)]).to.deep.equal(['stale', 'v2', life]);

    await store(HOUR + HOUR / 2);
    const fresh = await json('Dune');
    expect([fresh['state'], (fresh['ageMs'] as number) + (fresh['leftMs'] as number)], 'before').to.deep.equal(['held', life - HOUR]);
    expect((await get('Dune')).code).to.equal(0);
  });

  it('says that a key is absent, and ends with 1', async () => {
    await put({});
    expect(await get('Dune')).to.deep.equal({ code: 1, out: '', err: 'Dune is not in book.\n' });
    expect(await get('Dune', '--json')).to.deep.equal({ code: 1, out: '{"cache":"book","key":"Dune","state":"absent"}\n', err: '' });
  });

  it('says that there is no such cache, and ends with 1', async () => {
    const { code, out, err } = await get('Dune');
    expect({ code, out }).to.deep.equal({ code: 1, out: '' });
    expect(err).to.equal(`Redis at 127.0.0.1:${server.port} knows no cache 'book' in namespace 'cache'. There is no cache at all.\n`);
  });

  it('changes nothing, be the key there or not', async () => {
    await put({ Dune: 1 });
    const look = async (): Promise<readonly unknown[]> => [
      await server.cli('GET', await keyOf('Dune')),
      (await server.info('persistence'))['rdb_changes_since_last_save'],
      await server.cli('DBSIZE'),
    ];
    const before = await look();
    await get('Dune');
    await get('Emma');
    expect(await look()).to.deep.equal(before);
  });

  it('shows what JSON cannot express as Node does, on one line', async () => {
    const value = { at: new Date(0), tags: new Set(['sf']), stock: 10n, next: undefined, list: Array.from({ length: 200 }, (_, i) => i) };
    await put({ Dune: value });
    const { code, out } = await get('Dune');
    expect([code, out.split('\n').length]).to.deep.equal([0, 3]);
    for (const text of ['1970-01-01T00:00:00.000Z', "Set(1) { 'sf' }", '10n', 'next: undefined', '199']) expect(out).to.include(text);
    const told = await json('Dune');
    expect(told).to.not.have.property('value');
    expect(told['inspected']).to.include("Set(1) { 'sf' }");
  });

  it('shows instances of classes as their fields, and tells what they are', async () => {
    await put({ one: new Order(1) }, { type: Order });
    expect((await get('one')).out).to.match(/ more, an instance of the cache's class\n\{"id":1\}\n$/);
    expect(await json('one')).to.deep.include({ typed: 'value', value: { id: 1 } });
    await put({ named: new Order(2), all: [new Order(3)] }, { type: { Order } });
    expect((await get('named')).out).to.match(/ more, an instance of 'Order'\n\{"id":2\}\n$/);
    expect((await get('all')).out).to.match(/ more, each element an instance of 'Order'\n\[\{"id":3\}\]\n$/);
    expect(await json('all')).to.deep.include({ typed: 'elements', type: 'Order', value: [{ id: 3 }] });
  });

  it('prints a whole value, and nothing that a terminal would obey', async () => {
    const hostile = '\u001b]0;gone\u0007\u009b2J\u202e\u2028';
    await put({ plain: hostile.repeat(1_000), rich: new Map([[hostile, hostile]]), [`key\u202e`]: 1 });
    for (const [key, value] of [
      ['plain', hostile.repeat(1_000)],
      ['key\u202e', 1],
      ['rich', undefined],
    ] as const) {
      const { code, out } = await get(key);
      const programs = await get(key, '--json');
      expect(code).to.equal(0);
      for (const line of `${out}${programs.out}`.split('\n')) expect(line).to.not.match(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      expect((JSON.parse(programs.out) as { value?: unknown }).value).to.equal(value);
    }
  });

  for (const [what, write, reason] of [
    ['no JSON', ['SET', 'not json'], `An entry of the remote tier is not JSON. ${FOREIGN}`],
    ['no entry', ['SET', '{"life":5}'], `An entry of the remote tier has no value. ${FOREIGN}`],
    ['damaged', ['SET', '{"devalue":[["Set",7]]}'], `An entry of the remote tier is not what devalue wrote. ${FOREIGN}`],
    ['a list', ['RPUSH', 'Dune'], 'It is not a string in Redis.'],
  ] as const) {
    it(`says that what lies there is ${what}, and ends with 1`, async () => {
      await put({});
      const [command, value] = write;
      await server.cli(command, await keyOf('Dune'), value);
      expect(await get('Dune')).to.deep.equal({ code: 1, out: '', err: `Dune is in book, but cannot be read: ${reason}\n` });
      expect(await json('Dune')).to.deep.equal({ cache: 'book', key: 'Dune', state: 'damaged', reason });
    });
  }

  it('shows an entry that does not say how long it lives', async () => {
    await put({});
    await server.cli('SET', await keyOf('Dune'), '{"value":1}');
    expect(await get('Dune')).to.deep.equal({ code: 0, out: 'Dune is in book, for an unknown time\n1\n', err: '' });
  });

  it('fails when another program has written the generation', async () => {
    await put({});
    await server.cli('SET', new Bookkeeping(server).keys.state, '5');
    const { code, out, err } = await get('Dune');
    expect([code, out]).to.deep.equal([1, '']);
    expect(err).to.match(/^CACHE_REMOTE_FAILED: What Redis holds as the generation of cache 'book' is none\. .*\n$/);
  });
});
