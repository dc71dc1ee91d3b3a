/** What each verb costs on the wire: counted by the server, and read off the link. */
import { expect } from 'chai';
import { createInstance, type CacheInstance } from '../../lib/instance/cache-instance.js';
import { type Cache, hitNow } from '../../lib/cache/index.js';
import { type FaultyRedis, faultyRedis } from '../../lib/testing/index.js';
import { RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';

describe('Commands on the wire', () => {
  let server: RedisServer;
  let proxy: FaultyRedis;
  let runtimes: CacheInstance[];
  /** The instance behind the proxy. */
  let books: Cache;
  /** Another one. */
  let elsewhere: Cache;

  before(async () => {
    server = await RedisServer.start();
    proxy = await faultyRedis(server.url);
    // A bound so long that no heartbeat falls into what is counted, and all the time a busy machine may need.
    runtimes = [proxy.port, server.port].map((port) =>
      createInstance({ redis: { host: '127.0.0.1', port }, bound: '10m', timeout: '5s', deadline: '10s', caches: { book: {} } }),
    );
    const [here, there] = runtimes as [CacheInstance, CacheInstance];
    await here.start();
    books = here.manager.getCache('book') as Cache;
    await books.getOrLoad('warm', () => 'the scripts are known to the server from here on');
    await books.evict('warm');
    await books.clear();
    // Only now, and the cache is not even asked for before: that would connect. Who has yet to hear of a clear stores nothing it loads.
    await there.start();
    elsewhere = there.manager.getCache('book') as Cache;
  });

  after(async () => {
    await Promise.all(runtimes.map((runtime) => runtime.stop()));
    await proxy.stop();
    await server.stop();
  });

  /** What `action` made the server execute, and what was sent to it, command by command. */
  const counted = async (
    action: () => Promise<unknown>,
  ): Promise<{ executed: Readonly<Record<string, number>>; sent: string[]; sentBySubscriber: string[] }> => {
    await server.cli('CONFIG', 'RESETSTAT');
    const sent = { command: [] as string[], subscriber: [] as string[] };
    proxy.onCommand = (name, link) => void sent[link!].push(name);
    await action();
    const { 'config|resetstat': _own, ...executed } = await server.commandCalls();
    return { executed, sent: sent.command, sentBySubscriber: sent.subscriber };
  };

  it('a hit in the remote tier is one plain GET', async () => {
    await elsewhere.getOrLoad('Dune', () => 'Herbert');
    const cost = await counted(async () => {
      expect(await books.getOrLoad('Dune', () => expect.fail('loaded'))).to.equal('Herbert');
    });
    expect(cost).to.deep.equal({ executed: { get: 1 }, sent: ['GET'], sentBySubscriber: [] });
  });

  it('a hit in the local tier sends nothing', async () => {
    await books.getOrLoad('Emma', () => 'Austen');
    const cost = await counted(async () => {
      expect(await books.getOrLoad('Emma', () => expect.fail('loaded'))).to.equal('Austen');
      expect(await books.get('Emma')).to.deep.equal({ value: 'Austen' });
    });
    expect(cost).to.deep.equal({ executed: {}, sent: [], sentBySubscriber: [] });
  });

  it('an eviction is one EVALSHA, one round trip', async () => {
    await books.getOrLoad('Ulysses', () => 'Joyce');
    const cost = await counted(() => books.evict('Ulysses'));
    // Those but the first are what the script does inside the server.
    expect(cost).to.deep.equal({
      executed: { evalsha: 1, mget: 1, unlink: 2, set: 1, time: 1, publish: 1 },
      sent: ['EVALSHA'],
      sentBySubscriber: [],
    });
  });

  it('an eviction of a thousand keys is one EVALSHA too', async () => {
    const { sent } = await counted(() => books.evictAll(Array.from({ length: 1_000 }, (_, i) => `book ${i}`)));
    expect(sent).to.deep.equal(['EVALSHA']);
  });

  it('a clear is one EVALSHA, however much there is', async () => {
    const { sent, executed } = await counted(() => books.clear());
    expect(sent).to.deep.equal(['EVALSHA']);
    expect(executed).to.not.have.any.keys('scan', 'keys');
  });

  it('a miss is a GET, the asking for the right to fill, and the fill', async () => {
    const { sent } = await counted(() => books.getOrLoad('Solaris', () => 'Lem'));
    expect(sent).to.deep.equal(['GET', 'EVALSHA', 'EVALSHA']);
  });

  it('a miss of a key that was just evicted is the asking for the right to fill, and the fill', async () => {
    for (const by of [books, elsewhere]) {
      await books.getOrLoad('Momo', () => 'Ende');
      await by.evict('Momo');
      await waitFor(() => hitNow(books, 'Momo') === undefined, { what: 'the eviction to arrive' });
      const { sent } = await counted(() => books.getOrLoad('Momo', () => 'Ende'));
      expect(sent).to.deep.equal(['EVALSHA', 'EVALSHA']);
    }
  });

  it('a miss of a key whose life has ended is no more than that either', async () => {
    const life = 30;
    await books.getOrLoad('Emil', () => 'Kästner', { ttl: life });
    await waitFor(async () => (await books.inspect('Emil'))?.remote.state === 'absent', { what: 'the end in the remote tier' });
    await waitFor(async () => (await books.inspect('Emil'))?.local.state === 'absent', { what: 'the end in the local tier' });
    const { sent } = await counted(() => books.getOrLoad('Emil', () => 'Kästner'));
    expect(sent).to.deep.equal(['EVALSHA', 'EVALSHA']);
  });

  it('evictions of one turn are one EVALSHA', async () => {
    const { sent } = await counted(() => Promise.all(['Nana', 'Emma', 'Kim'].map((book) => books.evict(book))));
    expect(sent).to.deep.equal(['EVALSHA']);
  });

  it('a read of many keys is one MGET', async () => {
    await elsewhere.put('Kim', 'Kipling');
    const { sent } = await counted(() => books.getAll(['Kim', 'Nana', 'Momo']));
    expect(sent).to.deep.equal(['MGET']);
  });
});
