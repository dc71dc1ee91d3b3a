/**
 * What happened: a listener that subscribed another one to the topic being delivered had that one told of the same message, and so on for as
 * long as each subscribed a next one: the process never came out of one message. One that removed another, or stopped the container, did not
 * keep the others from being told. Likewise those who are told of subscriptions, events of the cache and the fleet.
 *
 * Decided: told are those who listened when the message (or the event) came, each once; nobody who has been removed since, and nobody after
 * `stop()` or after the connection was given up.
 */
import { expect } from 'chai';
import { CacheEvents } from '../../lib/event/index.js';
import { type FleetMessage, FleetReporter, FleetWatch } from '../../lib/fleet/index.js';
import { ChannelTopic, InProcessTransport, MessageListenerContainer, type SubscriptionListener } from '../../lib/topic/index.js';
import { FakeClock } from '../support/fake-clock.js';

const A = ChannelTopic.of('a');
const HUB = 'issue-3-listeners';
/** So often something goes on by itself before it is taken to be endless. */
const ENOUGH = 100;

describe('Listeners that change who listens', () => {
  let told: string[];

  beforeEach(() => (told = []));

  describe('to a topic', () => {
    let container: MessageListenerContainer;
    let failures: unknown[];

    const publish = (body: string): Promise<number> => new InProcessTransport(HUB).publish('a', body);
    const note =
      (name: string) =>
      ({ body }: { readonly body: string }): void =>
        void told.push(`${name} ${body}`);

    beforeEach(async () => {
      const events = new CacheEvents();
      failures = [];
      events.on('error', (event) => failures.push(event));
      container = new MessageListenerContainer(new InProcessTransport(HUB), { events });
      await container.start();
    });

    afterEach(async () => {
      await container.stop();
      expect(failures).to.deep.equal([]);
    });

    it('a new one hears the next message first', async () => {
      const adding = (name: number) => (): void => {
        told.push(`${name}`);
        if (name < ENOUGH) void container.addMessageListener(adding(name + 1), A);
      };
      await container.addMessageListener(adding(1), A);
      await publish('one');
      expect(told).to.deep.equal(['1']);
      await publish('two');
      expect(told).to.deep.equal(['1', '1', '2']);
    });

    it('one that comes anew each time is told of a message once', async () => {
      const again = (): void => {
        if (told.push('again') >= ENOUGH) return;
        void container.removeMessageListener(again, A);
        void container.addMessageListener(again, A);
      };
      await container.addMessageListener(note('first'), A);
      await container.addMessageListener(again, A);
      await publish('x');
      expect(told).to.deep.equal(['first x', 'again']);
    });

    it('one that was removed is not told any more', async () => {
      const other = note('other');
      await container.addMessageListener(() => void container.removeMessageListener(other, A), A);
      await container.addMessageListener(other, A);
      await container.addMessageListener(note('last'), A);
      await publish('x');
      expect(told).to.deep.equal(['last x']);
    });

    it('nobody is told after the removal of all', async () => {
      await container.addMessageListener(() => void container.removeMessageListener(), A);
      await container.addMessageListener(note('other'), A);
      await publish('x');
      expect(told).to.deep.equal([]);
    });

    it('nobody is told after stop()', async () => {
      let stopping = Promise.resolve();
      await container.addMessageListener(() => void (stopping = container.stop()), A);
      await container.addMessageListener(note('other'), A);
      await publish('x');
      await stopping;
      expect(told).to.deep.equal([]);
    });

    it('nobody is told a message of a connection that was given up', async () => {
      await container.addMessageListener(() => container.reconnect(), A);
      await container.addMessageListener(note('other'), A);
      await publish('x');
      expect(told).to.deep.equal([]);
    });
  });

  describe('to subscriptions', () => {
    let container: MessageListenerContainer;
    const note = (name: string): SubscriptionListener => ({
      onSubscribed: (_topics, epoch) => void told.push(`${name} subscribed @${epoch}`),
      onLost: (epoch) => void told.push(`${name} lost @${epoch}`),
    });

    beforeEach(async () => {
      container = new MessageListenerContainer(new InProcessTransport(HUB));
      await container.addMessageListener(() => undefined, A);
    });

    afterEach(() => container.stop());

    it('one that was removed is not told any more, be it about everything or about its own topics', async () => {
      const ofTopic = { ...note('of topic'), onMessage: () => undefined };
      const remove = (): void => {
        end();
        void container.removeMessageListener(ofTopic);
      };
      container.addSubscriptionListener({ onSubscribed: remove });
      const end = container.addSubscriptionListener(note('of all'));
      await container.addMessageListener(ofTopic, A);
      await container.start();
      expect(told).to.deep.equal([]);
    });

    it('a loss is told to those of that moment, each once', async () => {
      const adding = (name: number): SubscriptionListener => ({
        onLost: () => {
          told.push(`${name}`);
          if (name < ENOUGH) container.addSubscriptionListener(adding(name + 1));
        },
      });
      container.addSubscriptionListener(adding(1));
      await container.start();
      container.reconnect();
      expect(told).to.deep.equal(['1']);
    });

    it('nobody hears of a subscription after its loss', async () => {
      let isFirst = true;
      container.addSubscriptionListener({
        onSubscribed: () => {
          if (isFirst) container.reconnect();
          isFirst = false;
        },
      });
      container.addSubscriptionListener(note('other'));
      await container.start();
      expect(told).to.deep.equal(['other lost @0', 'other subscribed @1']);
    });
  });

  describe('to events of the cache', () => {
    const breaker = { open: true };
    let events: CacheEvents;
    beforeEach(() => (events = new CacheEvents()));

    it('a new one hears the next event first, one that was removed hears nothing any more', () => {
      events.on('breaker', () => {
        end();
        events.on('breaker', () => told.push('new'));
      });
      const end = events.on('breaker', () => told.push('removed'));
      events.on('breaker', () => told.push('last'));
      events.emit('breaker', breaker);
      expect(told).to.deep.equal(['last']);
      events.emit('breaker', breaker);
      expect(told).to.deep.equal(['last', 'last', 'new']);
    });

    it('nobody is told after close()', () => {
      events.on('breaker', () => events.close());
      events.on('breaker', () => told.push('other'));
      events.emit('breaker', breaker);
      expect(told).to.deep.equal([]);
    });
  });

  describe('to the fleet', () => {
    let events: CacheEvents;
    let reporter: FleetReporter;
    let watch: FleetWatch;

    beforeEach(() => {
      const clock = new FakeClock();
      events = new CacheEvents();
      reporter = new FleetReporter({
        instanceId: 'self',
        namespace: 'n',
        boundMs: 1_000,
        clock,
        manager: { health: () => ({ status: 'up', links: {}, caches: {} }), statistics: () => ({}) } as never,
        describe: () => ({}),
        events,
        publish: () => Promise.resolve(),
      });
      watch = new FleetWatch({ port: undefined, self: reporter, clock });
    });

    afterEach(async () => {
      await watch.stop();
      await reporter.stop();
    });

    it('an observer that was removed hears nothing any more, be it of the end', async () => {
      const remove = (): void => end();
      watch.watch({ onGone: remove, onEnd: remove });
      let end = watch.watch({ onGone: () => told.push('gone'), onEnd: () => told.push('end') });
      reporter.tell(() => undefined);
      await reporter.stop();
      expect(told, 'of an instance that has gone').to.deep.equal([]);
      end = watch.watch({ onEnd: () => told.push('end') });
      await watch.stop();
      expect(told, 'of the end').to.deep.equal([]);
    });

    it('neighbours that come while one is told hear the next message first', () => {
      const neighbour =
        (name: number) =>
        (message: FleetMessage): void => {
          if (message.kind !== 'feed') return;
          told.push(`${name}`);
          if (name < ENOUGH) reporter.tell(neighbour(name + 1));
        };
      reporter.tell(neighbour(1));
      events.emit('gap', { cache: 'book', expected: 1, received: 3 });
      expect(told).to.deep.equal(['1']);
    });
  });
});
