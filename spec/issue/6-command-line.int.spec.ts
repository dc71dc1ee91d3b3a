/**
 * What happened: `evict` and `clear` of a cache, a namespace or a key that nobody has printed success and ended with 0. The command line joined
 * the fleet for a moment, and so left the bookkeeping of a cache that does not exist. `evict 42` evicted the text and not the number, in
 * silence. `stats --cache nosuch` printed nothing and ended with 0.
 *
 * Decided: the command line evicts as a guest, which is on no list and sends no heartbeat. It looks first whether Redis has bookkeeping of the
 * cache: if not, it writes nothing, and names the caches there are. It tells how many keys Redis held, and which instances have acknowledged.
 * Text that could be another key is tried as both.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect } from 'chai';
import { encodeKey } from '../../lib/cache/index.js';
import { type Cache, type CachingOptions } from '../../lib/index.js';
import { type CacheInstance, createInstance } from '../../lib/instance/cache-instance.js';
import { PATIENT } from '../support/patient.js';
import { Bookkeeping } from '../support/bookkeeping.js';
import { RedisServer } from '../support/redis-server.js';
import { type CliRun, type CliSurroundings, runCli } from '../support/run-cli.js';
import { waitFor } from '../support/wait.js';

const COMMANDS = ['evict', 'clear'] as const;

describe('Issue 6: the command line', () => {
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

  const join = async (instanceId: string, options: CachingOptions = {}): Promise<Cache> => {
    const instance = createInstance({ ...PATIENT, redis: server.url, namespace: 'app', instanceId, caches: { book: {} }, ...options });
    instances.push(instance);
    await instance.start();
    return instance.manager.getCache('book') as Cache;
  };
  /**
   * Instances whose acknowledgement is waited for as long as it takes. Their list of the living is made old: for a young one, an eviction waits
   * a whole bound.
   */
  const fleet = async (...ids: readonly string[]): Promise<readonly Cache[]> => {
    const caches: Cache[] = [];
    for (const id of ids) caches.push(await join(id, { bound: '30s' }));
    await new Bookkeeping(server, 'app').makeOld();
    return caches;
  };
  const leave = async (): Promise<void> => {
    await Promise.all(instances.splice(0).map((instance) => instance.stop()));
  };
  const cli = (args: readonly string[], surroundings?: CliSurroundings): Promise<CliRun> =>
    runCli(
      [...args, '--redis', server.url, ...(args.includes('--namespace') ? [] : ['--namespace', 'app']), '--timeout', '20s'],
      surroundings,
    );
  /** How often the data of the server has changed. */
  const changes = async (): Promise<string | undefined> => (await server.info('persistence'))['rdb_changes_since_last_save'];
  const everyKey = async (): Promise<readonly string[]> => ((await server.cli('KEYS', '*')) as string[]).sort();
  const lives = async (): Promise<readonly number[]> =>
    Promise.all((await everyKey()).map(async (key) => Number(await server.cli('PTTL', key))));
  const refused = (text: string): CliRun => ({ code: 1, out: '', err: `Redis at 127.0.0.1:${server.port} ${text} Nothing was written.\n` });

  for (const command of COMMANDS) {
    const keys = command === 'evict' ? ['Dune'] : [];

    describe(`${command} of what nobody has`, () => {
      it('ends with 1 and writes nothing on an empty server', async () => {
        const before = await changes();
        const text = "knows no cache 'book' in namespace 'app'. There is no cache at all.";
        expect(await cli([command, '--cache', 'book', ...keys])).to.deep.equal(refused(text));
        expect([await everyKey(), await changes()]).to.deep.equal([[], before]);
      });

      it('ends with 1, writes nothing, and names the caches or the namespaces that there are', async () => {
        await (await join('one', { caches: { book: {}, author: {} } })).put('Dune', 1);
        await leave();
        const before = [await everyKey(), await changes()];
        const noCache = "knows no cache 'nosuch' in namespace 'app'. Caches there: author, book.";
        expect(await cli([command, '--cache', 'nosuch', ...keys])).to.deep.equal(refused(noCache));
        const noNamespace = "knows no cache 'book' in namespace 'shop'. Namespaces with caches: app.";
        expect(await cli([command, '--namespace', 'shop', '--cache', 'book', ...keys])).to.deep.equal(refused(noNamespace));
        expect([await everyKey(), await changes()]).to.deep.equal(before);
      });
    });

    it(`${command} of a cache whose instances have left leaves no key without an end`, async () => {
      await (await join('one')).put('Dune', 1);
      await leave();
      const before = await everyKey();
      const { code, out } = await cli([command, '--cache', 'book', ...keys]);
      expect(code).to.equal(0);
      expect(out).to.include('heard by 0 instances.');
      expect(before).to.include.members((await everyKey()).filter((key) => !key.includes('::')));
      expect((await lives()).filter((life) => life < 1)).to.deep.equal([]);
    });

    it(`${command} changes nothing of who is alive`, async () => {
      await join('one');
      expect((await cli([command, '--cache', 'book', '--acks', 'none', ...keys])).code).to.equal(0);
      const members = await new Bookkeeping(server, 'app').members();
      expect(members.map((member) => member.split('~')[0])).to.deep.equal(['one']);
    });
  }

  it('evict tells how many of the keys were there, and how many instances have heard it', async () => {
    const [one] = (await fleet('one', 'two', 'three')) as [Cache];
    const evicted = async (...keys: readonly string[]): Promise<string> => {
      const { code, out, err } = await cli(['evict', '--cache', 'book', ...keys]);
      expect([code, err]).to.deep.equal([0, '']);
      return out;
    };
    expect(await evicted('Dune')).to.equal('Evicted Dune from book: 0 of 1 key was there; heard by 3 instances.\n');
    await one.put('Dune', 1);
    expect(await evicted('Dune')).to.equal('Evicted Dune from book: 1 of 1 key was there; heard by 3 instances.\n');
    await one.put('Dune', 1);
    expect(await evicted('Dune', 'Emma')).to.equal('Evicted Dune Emma from book: 1 of 2 keys was there; heard by 3 instances.\n');
    expect(await evicted('Dune', 'Emma')).to.equal('Evicted Dune Emma from book: 0 of 2 keys were there; heard by 3 instances.\n');
    const json = await cli(['evict', '--cache', 'book', '--json', 'Dune']);
    expect(JSON.parse(json.out)).to.deep.equal({
      cache: 'book',
      op: 'evict',
      keys: ['Dune'],
      acks: 'all',
      present: 0,
      heardBy: 3,
      missing: [],
    });
    expect(await cli(['clear', '--cache', 'book'])).to.deep.equal({ code: 0, out: 'Cleared book: heard by 3 instances.\n', err: '' });
  });

  it('evict has a thousand keys and more heard in several steps', async () => {
    const [one] = (await fleet('one')) as [Cache];
    await one.putAll(Array.from({ length: 1_500 }, (_, i) => [`key-${i}`, i] as const));
    const keys = Array.from({ length: 2_500 }, (_, i) => `key-${i}`);
    const { code, out } = await cli(['evict', '--cache', 'book', ...keys]);
    expect([code, out.slice(out.indexOf('from'))]).to.deep.equal([0, 'from book: 1500 of 2500 keys were there; heard by 1 instance.\n']);
  });

  it('evict names the instances that have not heard it, and ends when their read leases have', async () => {
    const [one, two] = [await join('one', { bound: '3s' }), await join('two', { bound: '3s' })];
    await one.put('Dune', 1);
    await two.get('Dune');
    const args = ['evict', '--cache', 'book', '--topic', 'not-the-topic', 'Dune'];
    const hint = "No instance has heard it on the topic 'not-the-topic'. If the cache has another topic, name that by --topic.\n";
    expect(await cli(args)).to.deep.equal({
      code: 0,
      out: 'Evicted Dune from book: 1 of 1 key was there; heard by 0 instances; not by one, two: their read leases have ended.\n',
      err: hint,
    });
    expect([await one.get('Dune'), await two.get('Dune')]).to.deep.equal([undefined, undefined]);
    const json = await cli([...args, '--json']);
    expect(JSON.parse(json.out)).to.deep.include({ heardBy: 0, missing: ['one', 'two'] });
  });

  it('evict does not say who has heard it if it does not wait for that', async () => {
    await join('one');
    const { out } = await cli(['evict', '--cache', 'book', '--acks', 'none', 'Dune']);
    expect(out).to.equal('Evicted Dune from book: 0 of 1 key was there; the instances follow within their bound.\n');
    const json = await cli(['evict', '--cache', 'book', '--acks', 'none', '--json', 'Dune']);
    expect(JSON.parse(json.out)).to.deep.equal({ cache: 'book', op: 'evict', keys: ['Dune'], acks: 'none', present: 0 });
  });

  it('evict takes the key 42 as text and as a number, and says so', async () => {
    const [one] = (await fleet('one')) as [Cache];
    const hint = '42 was tried as text and as the number ~42.\n';
    for (const key of ['42', 42]) {
      await one.put(key, 'the answer');
      const { code, out } = await cli(['evict', '--cache', 'book', '42']);
      expect([code, out]).to.deep.equal([0, `Evicted 42 ~42 from book: 1 of 2 keys was there; heard by 1 instance.\n${hint}`]);
      expect(await one.getAll(['42', 42])).to.deep.equal([undefined, undefined]);
    }
    for (const [typed, left] of [
      ['~42', ['text', undefined]],
      ['~"42"', [undefined, 'number']],
    ] as const) {
      await one.put('42', 'text');
      await one.put(42, 'number');
      expect((await cli(['evict', '--cache', 'book', typed])).out).to.include('1 of 1 key was there');
      expect((await one.getAll(['42', 42])).map((found) => found?.value)).to.deep.equal(left);
    }
  });

  it('get takes the key 42 as text and as a number, and says so', async () => {
    const one = await join('one');
    const get = ['get', '--cache', 'book', '42'];
    const hint = '42 was tried as text and as the number ~42.\n';
    expect(await cli(get)).to.deep.equal({ code: 1, out: '', err: `42 is not in book.\n${hint}` });
    await one.put(42, 'the answer');
    const { code, out, err } = await cli(get);
    expect([code, err]).to.deep.equal([0, hint]);
    expect(out).to.match(/^~42 is in book, .*\n"the answer"\n$/);
    const states = (await cli([...get, '--json'])).out.trim().split('\n').map((line) => JSON.parse(line) as object); // prettier-ignore
    expect(states).to.have.length(2);
    expect(states[0]).to.deep.equal({ cache: 'book', key: '42', state: 'absent' });
    expect(states[1]).to.deep.include({ key: '~42', state: 'held', value: 'the answer' });
  });

  it('evict and get find a long key as it is and by its digest', async () => {
    const [one] = (await fleet('one')) as [Cache];
    const long = 'ä'.repeat(5_000);
    for (const typed of [long, encodeKey(long)]) {
      await one.put(long, 1);
      const { code, out } = await cli(['get', '--cache', 'book', typed]);
      expect([code, out.split('\n')[1]]).to.deep.equal([0, '1']);
      const evicted = await cli(['evict', '--cache', 'book', typed]);
      expect(evicted.out).to.equal(`Evicted ${encodeKey(long)} from book: 1 of 1 key was there; heard by 1 instance.\n`);
    }
  });

  const nosuch = "No instance of namespace 'app' has a cache 'nosuch'; they have author, book.\n";

  it('stats of a cache that nobody has says so, and ends with 1', async () => {
    await join('one');
    await join('two', { caches: { author: {} } });
    expect(await cli(['stats', '--cache', 'nosuch'])).to.deep.equal({ code: 1, out: '', err: nosuch });
    const both = await cli(['stats', '--cache', 'nosuch', '--cache', 'book']);
    expect([both.code, both.err]).to.deep.equal([1, nosuch]);
    expect(both.out).to.match(/^book .*\none /);
    expect(await cli(['stats', '--cache', 'book'])).to.deep.include({ code: 0, err: '' });
  });

  it('tail of a cache that nobody has says so, and waits for it', async () => {
    await join('one', { caches: { book: {}, author: {} } });
    const interrupt = new AbortController();
    let [told, isHeard] = ['', false];
    const printed = (out: string, err: string): void => void ([told, isHeard] = [err, out.includes('Dune')]);
    const tail = cli(['tail', '--cache', 'nosuch'], { interrupt: interrupt.signal, printed });
    await waitFor(() => told !== '', { what: 'the complaint' });
    await join('late', { caches: { nosuch: {} } });
    const late = instances.at(-1)!.manager.getCache('nosuch')!;
    await waitFor(async () => (await late.evict('Dune'), isHeard), { what: 'the eviction in the output', everyMs: 50 });
    interrupt.abort();
    expect(await tail).to.deep.include({ code: 130, err: nosuch });
  });

  for (const args of [['get', '--cache', 'book', 'Dune'], ['keys', '--cache', 'book'], ['evict', '--cache', 'book', 'Dune'], ['health']]) {
    it(`${args[0]} ends with 130 when it is interrupted, even while it connects`, async () => {
      const interrupt = new AbortController();
      const mute = createServer((socket) => socket.on('data', () => interrupt.abort()).on('error', () => undefined));
      await once(mute.listen(0, '127.0.0.1'), 'listening');
      const { port } = mute.address() as AddressInfo;
      const url = `redis://me:secret@127.0.0.1:${port}`;
      const run = await runCli([...args, '--redis', url, '--timeout', '1s'], { interrupt: interrupt.signal });
      mute.close();
      expect(run).to.deep.equal({ code: 130, out: '', err: '' });
    });
  }
});
