import { expect } from 'chai';
import { type AppliedMessage, type CoherentCache, type Eviction, Generation, hasTags } from '../../lib/cache/index.js';
import { Acknowledgements } from '../../lib/eviction/acknowledgements.js';
import { EvictionListener } from '../../lib/eviction/eviction-listener.js';
import type { EvictionMessage } from '../../lib/eviction/index.js';
import { formatAcknowledgement, formatMessage } from '../../lib/eviction/messages.js';
import { ReadLease } from '../../lib/eviction/read-lease.js';
import { ServerClock } from '../../lib/eviction/server-clock.js';
import { CacheEvents } from '../../lib/event/index.js';
import { InProcessTransport, MessageListenerContainer } from '../../lib/topic/index.js';
import { FakeClock } from '../support/fake-clock.js';

const [SELF, OTHER] = ['self~0123456789ab', 'other~ba9876543210'];

let hubs = 0;

/** A cache that notes what is applied to it. */
class NotedCache implements CoherentCache {
  readonly generation = new Generation('1');
  readonly hasTags = false;
  readonly applied: unknown[] = [];
  #until = 0;
  constructor(readonly name: string) {}
  apply(eviction: Eviction, { own, seq }: AppliedMessage): void {
    if (eviction === 'all') {
      if (!own) this.applied.push('clear');
    } else if (hasTags(eviction)) this.applied.push({ tags: eviction.tags, own, seq });
    else this.applied.push([...eviction.keys, own]);
  }
  missed(): void {}
  heard(): void {}
  holdLeaseUntil(time: number): void {
    this.#until = time;
  }
  isServing(now: number): boolean {
    return now <= this.#until;
  }
}

describe(EvictionListener.name, () => {
  let transport: InProcessTransport;
  let container: MessageListenerContainer;
  let listener: EvictionListener;
  let acknowledgements: Acknowledgements;
  let events: CacheEvents;
  let book: NotedCache;
  let sent: unknown[];
  let told: unknown[];
  /** What sending waits for. */
  let answers: Promise<unknown> | undefined;
  let clock: FakeClock;
  let serverClock: ServerClock;

  const message = (more: Partial<EvictionMessage> = {}): string =>
    formatMessage({ ns: 'cache', cache: 'book', seq: 1, gen: '1', op: 'evict', keys: ['Dune'], origin: OTHER, ...more });
  const publish = (body: string, channel = 'book-channel'): Promise<number> => transport.publish(channel, body);

  beforeEach(async () => {
    const hub = `eviction-listener-${(hubs += 1)}`;
    transport = new InProcessTransport(hub);
    events = new CacheEvents();
    [sent, told, answers] = [[], [], undefined];
    clock = new FakeClock();
    serverClock = new ServerClock(clock);
    for (const name of ['malformed', 'evicted', 'cleared', 'error'] as const) events.on(name, (event) => void told.push({ [name]: event }));
    container = new MessageListenerContainer(new InProcessTransport(hub), { events });
    acknowledgements = new Acknowledgements(SELF, 1_000);
    listener = new EvictionListener({
      namespace: 'cache',
      origin: SELF,
      container,
      lease: new ReadLease({ clock, events, boundMs: 1_000, heartbeat: undefined }),
      acknowledgements,
      send: async (channel, body) => {
        sent.push([channel, body]);
        return answers;
      },
      events,
      serverClock,
    });
    book = new NotedCache('book');
    await listener.open();
    await listener.follow(book, 'book-channel');
    await container.start();
  });

  afterEach(async () => {
    await container.stop();
    await transport.close();
  });

  it('has the cache apply evictions, puts and clears, and tells', async () => {
    await publish(message({ keys: ['Dune', 'Emma'] }));
    await publish(message({ seq: 2, op: 'put' }));
    await publish(message({ seq: 3, op: 'clear', keys: [] }));
    expect(book.applied).to.deep.equal([['Dune', 'Emma', false], ['Dune', false], 'clear']);
    expect(told).to.deep.equal([
      { evicted: { cache: 'book', keys: ['Dune', 'Emma'], origin: 'other', seq: 1, lagMs: undefined } },
      { evicted: { cache: 'book', keys: ['Dune'], origin: 'other', seq: 2, lagMs: undefined } },
      { cleared: { cache: 'book', origin: 'other', seq: 3, lagMs: undefined } },
    ]);
  });

  it('has the cache apply evictions of tags, whose numbers it needs, and tells', async () => {
    events.on('tagsEvicted', (event) => void told.push({ tagsEvicted: event }));
    await publish(message({ op: 'evictTagged', keys: [], tags: ['herbert', '~1'] }));
    await publish(message({ seq: 2, op: 'evictTagged', keys: [], tags: ['austen'], origin: SELF }));
    expect(book.applied).to.deep.equal([
      { tags: ['herbert', '~1'], own: false, seq: 1 },
      { tags: ['austen'], own: true, seq: 2 },
    ]);
    expect(told).to.deep.equal([
      { tagsEvicted: { cache: 'book', tags: ['herbert', '~1'], origin: 'other', seq: 1, lagMs: undefined } },
      { tagsEvicted: { cache: 'book', tags: ['austen'], origin: 'self', seq: 2, lagMs: undefined } },
    ]);
  });

  it('says which messages are of this instance; its clear has been applied by its generation', async () => {
    await publish(message({ origin: SELF }));
    await publish(message({ seq: 2, op: 'clear', keys: [], origin: SELF }));
    expect(book.applied).to.deep.equal([['Dune', true]]);
    expect(told.at(-1)).to.deep.equal({ cleared: { cache: 'book', origin: 'self', seq: 2, lagMs: undefined } });
  });

  it('leaves a message alone that the lease has covered by emptying the cache', async () => {
    await publish(message());
    await publish(message({ seq: 5, keys: ['Emma'] }));
    expect(book.applied).to.deep.equal([['Dune', false]]);
  });

  it('leaves messages of other namespaces and other caches alone, without a word', async () => {
    await publish(message({ ns: 'shop' }));
    await publish(message({ cache: 'author' }));
    expect([book.applied, told, listener.malformedMessages]).to.deep.equal([[], [], 0]);
  });

  it('serves caches that share a topic, and takes no message for a cache from the topic of another', async () => {
    const [author, magazine] = [new NotedCache('author'), new NotedCache('magazine')];
    await listener.follow(author, 'book-channel');
    await listener.follow(magazine, 'magazine-channel');
    await publish(message({ cache: 'author', keys: ['Herbert'] }));
    await publish(message({ cache: 'magazine' }));
    await publish(message(), 'magazine-channel');
    expect([author.applied, magazine.applied, book.applied]).to.deep.equal([[['Herbert', false]], [], []]);
  });

  it('counts what is malformed, tells each reason once per topic, and goes on', async () => {
    for (const body of ['hello', 'hello again', '{"v":1}', message({ seq: 0 }), 'once more']) await publish(body);
    await publish('not for us', `cache:inbox:${SELF}`);
    await publish(message());
    expect(listener.malformedMessages).to.equal(6);
    expect(told).to.deep.equal([
      { malformed: { topic: 'book-channel', reason: 'unknown head' } },
      { malformed: { topic: 'book-channel', reason: 'unknown version' } },
      { malformed: { topic: 'book-channel', reason: 'no sequence number' } },
      { malformed: { topic: `cache:inbox:${SELF}`, reason: 'unknown head' } },
      { evicted: { cache: 'book', keys: ['Dune'], origin: 'other', seq: 1, lagMs: undefined } },
    ]);
    expect(book.applied).to.deep.equal([['Dune', false]]);
  });

  it('acknowledges to whoever asks, also what was covered otherwise, but not to itself', async () => {
    await publish(message({ ack: true }));
    await publish(message({ seq: 7, ack: true }));
    await publish(message({ seq: 8 }));
    await publish(message({ seq: 9, origin: SELF, ack: true }));
    expect(sent).to.deep.equal([
      [`cache:inbox:${OTHER}`, `{"v":2,"acked":["book",1],"from":"${SELF}"}`],
      [`cache:inbox:${OTHER}`, `{"v":2,"acked":["book",7],"from":"${SELF}"}`],
    ]);
  });

  it('has so many acknowledgements under way and no more', async () => {
    for (let seq = 1; seq <= 200; seq += 1) await publish(message({ seq, ack: true }));
    expect(sent.length, 'all of them answered at once').to.equal(200);
    answers = new Promise(() => undefined);
    for (let seq = 201; seq <= 400; seq += 1) await publish(message({ seq, ack: true }));
    expect(sent.length).to.equal(264);
  });

  it('takes a generation of the day after tomorrow for malformed, unless it is the one that Redis named', async () => {
    const now = 1_700_000_000_000;
    serverClock.sample(0, 0, now - clock.now());
    const future = String((now + 90_000_000) * 1_000);
    await publish(message({ gen: future, op: 'clear', keys: [] }));
    expect([book.applied, told]).to.deep.equal([[], [{ malformed: { topic: 'book-channel', reason: 'a generation from the future' } }]]);
    await publish(message({ gen: String((now + 80_000_000) * 1_000) }));
    book.generation.follow(future);
    await publish(message({ seq: 2, gen: future }));
    expect(book.applied).to.deep.equal([
      ['Dune', false],
      ['Dune', false],
    ]);
  });

  it('passes acknowledgements from its inbox on', async () => {
    const audience = { ageMs: 50_000, longestBoundMs: 1_000, members: new Map([[OTHER, 1_000]]) };
    const acknowledged = acknowledgements.wait('book', 42, audience);
    await publish(formatAcknowledgement({ cache: 'book', seq: 42, from: OTHER }), `cache:inbox:${SELF}`);
    await acknowledged;
  });
});
