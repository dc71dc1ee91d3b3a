import { expect } from 'chai';
import { Redis } from 'ioredis';
import { EvictionListener } from '../../lib/eviction/eviction-listener.js';
import { nameOfOrigin } from '../../lib/eviction/index.js';
import { Fleet, type Instance } from '../contract/fleet.js';
import { Bookkeeping } from '../support/bookkeeping.js';
import { RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';

describe(`${EvictionListener.name} on Redis`, () => {
  let server: RedisServer;
  let fleet: Fleet;
  let here: Instance;
  let there: Instance;
  let subscriber: Redis;
  let heard: { readonly channel: string; readonly body: string }[];

  before(async () => {
    server = await RedisServer.start();
  });

  after(() => server.stop());

  beforeEach(async () => {
    fleet = new Fleet({ redis: server.url });
    [here, there] = [await fleet.join({}, { instanceId: 'here' }), await fleet.join({}, { instanceId: 'there' })];
    heard = [];
    subscriber = new Redis(server.url);
    subscriber.on('message', (channel: string, body: string) => heard.push({ channel, body }));
    await subscriber.subscribe('book-channel');
  });

  afterEach(async () => {
    subscriber.disconnect();
    await fleet.stop();
    await server.cli('FLUSHALL');
  });

  /** Everything on the topic so far: what follows the last message there is told by a message of our own. */
  const messages = async (): Promise<Record<string, unknown>[]> => {
    await server.cli('PUBLISH', 'book-channel', 'end');
    await waitFor(() => heard.at(-1)?.body === 'end', { what: 'the end' });
    return heard.slice(0, -1).map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  };

  it('is told by one JSON message for each eviction, with keys and without values, that any subscriber can read', async () => {
    await here.cache.put('Dune', { secret: 'value' });
    await here.cache.evictAll(['Dune', ['a', 1]]);
    await there.cache.evict('Emma');
    await there.cache.clear();
    const times: number[] = [];
    const numbers: number[] = [];
    const all = (await messages()).map(({ at, seq, origin, ...message }): Record<string, unknown> => {
      times.push(at as number);
      numbers.push(seq as number);
      return { ...message, origin: nameOfOrigin(origin as string) };
    });
    const [first] = numbers as [number];
    expect(numbers).to.deep.equal([first, first + 1, first + 2, first + 3]);
    const [seconds, micros] = (await server.cli('TIME')) as [string, string];
    const now = Number(seconds) * 1e6 + Number(micros);
    expect(times, 'in the order of execution').to.deep.equal([...times].sort((a, b) => a - b));
    expect(
      times.filter((at) => !(at <= now && at > now - 60e6)),
      'by the clock of the server',
    ).to.deep.equal([]);
    const about = { v: 2, cache: 'book', ns: 'cache' };
    const gen = await new Bookkeeping(server).gen();
    const before = all[0]?.['gen'] as string;
    expect(Number(gen)).to.be.greaterThan(Number(before));
    expect(all).to.deep.equal([
      { ...about, gen: before, op: 'put', keys: ['Dune'], origin: 'here' },
      { ...about, gen: before, op: 'evict', keys: ['Dune', '~["a",1]'], origin: 'here' },
      { ...about, gen: before, op: 'evict', keys: ['Emma'], origin: 'there' },
      { ...about, gen, op: 'clear', keys: [], origin: 'there' },
    ]);
    expect(JSON.stringify(heard)).not.to.include('secret');
  });

  it('is told nothing of loads and reads', async () => {
    await here.cache.getOrLoad('Dune', () => 1);
    await there.cache.get('Dune');
    await there.cache.getAll(['Dune', 'none']);
    expect(await messages()).to.deep.equal([]);
  });

  it('counts foreign and malformed messages, tells them once, and applies the evictions after them', async () => {
    const told: unknown[] = [];
    there.runtime.events.on('malformed', (event) => void told.push(event));
    await there.cache.getOrLoad('Dune', () => 'old');
    for (const body of ['hello', 'again', '{"v":9}', '{"v":2,"cache":"book"}', '']) await server.cli('PUBLISH', 'book-channel', body);
    expect(there.cache.hitNow('Dune')).not.to.equal(undefined);
    await here.cache.evict('Dune');
    await waitFor(() => there.cache.hitNow('Dune') === undefined, { what: 'the eviction to be applied' });
    expect(told).to.deep.equal([
      { topic: 'book-channel', reason: 'unknown head' },
      { topic: 'book-channel', reason: 'unknown version' },
      { topic: 'book-channel', reason: 'no cache or namespace' },
    ]);
    expect(there.cache.statistics()).to.deep.include({ messagesApplied: 1, gaps: 0 });
  });

  it('notices a message it has missed by the number of the next, and empties the local tier', async () => {
    const gaps: unknown[] = [];
    there.runtime.events.on('gap', (event) => void gaps.push(event));
    await here.cache.evict('first');
    await waitFor(() => there.cache.statistics().messagesApplied === 1, { what: 'the first eviction' });
    await there.cache.getOrLoad('Dune', () => 'old');
    const missed = await new Bookkeeping(server).skip(); // A message that was numbered and never delivered.
    await here.cache.evict('another');
    await waitFor(() => there.cache.hitNow('Dune') === undefined, { what: 'the local tier to be emptied' });
    expect(gaps).to.deep.equal([{ cache: 'book', expected: missed, received: missed + 1 }]);
    expect(there.cache.statistics().gaps).to.equal(1);
  });
});
