import { expect } from 'chai';
import { type CoherentCache, type Eviction, Generation } from '../../lib/cache/index.js';
import { CacheEvents } from '../../lib/event/index.js';
import { Coherence, type PrimaryLink } from '../../lib/eviction/index.js';
import { formatMessage } from '../../lib/eviction/messages.js';
import { systemClock } from '../../lib/time/index.js';
import { InProcessTransport, MessageListenerContainer } from '../../lib/topic/index.js';

const [SELF, OTHER] = ['self~0123456789ab', 'other~ba9876543210'];

let hubs = 0;

/** A cache that notes what is applied to it. */
class NotedCache implements CoherentCache {
  readonly name = 'book';
  readonly generation = new Generation('1');
  readonly hasTags = false;
  readonly applied: Eviction[] = [];
  #until = 0;
  apply(eviction: Eviction): void {
    this.applied.push(eviction);
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

describe(Coherence.name, () => {
  let events: CacheEvents;
  let links: PrimaryLink[];
  let transports: InProcessTransport[];
  let caches: NotedCache[];
  let coherences: readonly Coherence[];
  let told: string[];

  /** Publishes a message of another instance by way of this primary. */
  const publish = (primary: number, seq: number, op: 'evict' | 'clear'): Promise<number> => {
    const keys = op === 'clear' ? [] : ['Dune'];
    const message = { ns: links[primary]!.namespace, cache: 'book', seq, gen: '1', op, keys, origin: OTHER };
    return transports[primary]!.publish('book-channel', formatMessage(message));
  };
  const isServing = (primary: number): boolean => caches[primary]!.isServing(systemClock.now());

  beforeEach(async () => {
    events = new CacheEvents();
    told = [];
    events.on('bypass', ({ cache, active }) => void told.push(`bypass ${cache} ${active}`));
    events.on('cleared', ({ cache }) => void told.push(`cleared ${cache}`));
    transports = ['one', 'two'].map((name) => new InProcessTransport(`coherence-${name}-${(hubs += 1)}`));
    links = transports.map((transport, i) => ({
      namespace: `{app:${i}}`,
      container: new MessageListenerContainer(transport, { events }),
      connection: undefined,
      send: (channel, message) => transport.publish(channel, message),
    }));
    coherences = Coherence.ofAll(links, { origin: SELF, boundMs: 1_000, clock: systemClock, events });
    caches = coherences.map(() => new NotedCache());
    await Promise.all(coherences.map((coherence, i) => coherence.follow(caches[i]!, 'book-channel')));
    await Promise.all(coherences.map((coherence) => coherence.open()));
    for (const coherence of coherences) coherence.start(() => undefined);
    await Promise.all(links.map(({ container }) => container.start()));
    await Promise.all(coherences.map((coherence) => coherence.proven(1_000)));
  });

  afterEach(async () => {
    await Promise.all(coherences.map((coherence) => coherence.leave()));
    for (const coherence of coherences) coherence.stop();
    await Promise.all(links.map(({ container }) => container.stop()));
    await Promise.all(transports.map((transport) => transport.close()));
  });

  it('has the cache apply what is evicted on its primary, and nothing else', async () => {
    await publish(1, 1, 'evict');
    expect(caches.map(({ applied }) => applied)).to.deep.equal([[], [{ keys: ['Dune'] }]]);
  });

  it('tells a clear once, however many primaries announce it', async () => {
    await publish(0, 1, 'clear');
    await publish(1, 1, 'clear');
    expect(caches.map(({ applied }) => applied)).to.deep.equal([['all'], ['all']]);
    expect(told).to.deep.equal(['cleared book']);
  });

  it('lets the cache be served once it is proven, until it leaves', async () => {
    expect([isServing(0), isServing(1), coherences[0]!.hasLeft]).to.deep.equal([true, true, false]);
    await coherences[0]!.leave();
    expect([isServing(0), isServing(1), coherences[0]!.hasLeft]).to.deep.equal([false, true, true]);
  });

  it('tells once that the cache is in bypass, however many of its leases have ended', () => {
    for (const { container } of links) container.reconnect(new Error('cut'));
    expect(told).to.deep.equal(['bypass book true']);
  });

  it('accepts steps inside one process, where no heartbeat can be refused', () => {
    expect(coherences.map(({ acceptsSteps, refusal }) => [acceptsSteps, refusal])).to.deep.equal([
      [true, undefined],
      [true, undefined],
    ]);
  });
});
