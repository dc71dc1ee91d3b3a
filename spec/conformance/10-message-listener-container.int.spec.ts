import { expect } from 'chai';
import { Container } from 'inversify';
import {
  ChannelTopic,
  enableCaching,
  type Message,
  MessageListener,
  MessageListenerContainer,
  MessagePublisher,
  PatternTopic,
  RemoteCacheError,
  type TopicError,
} from '../../lib/index.js';
import { InProcessTransport, type PubSubTransport } from '../../lib/topic/index.js';
import { RedisTransport } from '../../lib/topic/redis/index.js';
import { faultyRedis } from '../../lib/testing/index.js';
import { cacheErrorIn, rejectionOf } from '../contract/rejection.js';
import { freePort, RedisServer } from '../support/redis-server.js';
import { ownNamespace, sharedRedis } from '../support/shared-redis.js';
import { waitFor } from '../support/wait.js';
import { FaultyTransport } from '../topic/faulty-transport.js';
import { PATIENT } from '../support/patient.js';

/** What carries messages takes the place of the stores here. */
const CARRIERS: readonly (readonly [string, (prefix: string) => Promise<PubSubTransport>])[] = [
  ['the process', async (prefix) => new InProcessTransport(prefix)],
  ['Redis', async () => new RedisTransport((await sharedRedis()).url)],
];

describe('10. Message listener container', () => {
  for (const [carrier, makeTransport] of CARRIERS) {
    describe(`over ${carrier}`, () => {
      let prefix: string;
      let container: MessageListenerContainer;
      let publisher: MessagePublisher;
      let closing: (() => Promise<unknown>)[];
      let seen: string[];
      let told: string[];

      const topic = (name: string): ChannelTopic => ChannelTopic.of(`${prefix}.${name}`);
      const short = (name: string): string => name.slice(prefix.length + 1);
      const listener =
        (label: string): MessageListener =>
        (message: Message) =>
          void seen.push(`${label}: ${short(message.channel)} ${message.body}`);
      /** Publishes, and resolves once `expected` has been heard after all that was heard before. */
      const hears = async (name: string, body: string, ...expected: readonly string[]): Promise<void> => {
        await publisher.publish(topic(name), body);
        await waitFor(() => expected.every((line) => seen.includes(line)), { what: `${expected.join()}; heard ${seen.join()}` });
        expect(seen.splice(0).sort()).to.deep.equal([...expected].sort());
      };
      /** Whoever listens to this has heard everything that was published before. */
      const flushed = async (): Promise<void> => {
        await hears('probe', 'done', 'probe: probe done');
      };

      beforeEach(async () => {
        prefix = ownNamespace('topics');
        seen = [];
        told = [];
        const [receiving, sending] = [await makeTransport(prefix), await makeTransport(prefix)];
        container = new MessageListenerContainer(receiving);
        publisher = new MessagePublisher(sending);
        closing = [() => container.stop(), () => receiving.close(), () => sending.close()];
      });

      afterEach(async () => {
        for (const close of closing) await close();
      });

      it('125 testStartNoListeners', async () => {
        await container.start();
        expect([container.isRunning, container.isListening, container.state]).to.deep.equal([true, false, 'idle']);
        await container.stop();
        expect([container.isRunning, container.state]).to.deep.equal([false, 'stopped']);
      });

      it('125 multipleStarts, failsOnDuplicateInit', async () => {
        const counting = {
          onMessage: listener('a'),
          onSubscribed: () => void told.push('subscribed'),
          onUnsubscribed: () => void told.push('unsubscribed'),
        };
        await container.addMessageListener(counting as MessageListener, topic('a'));
        await Promise.all([container.start(), container.start()]);
        await hears('a', '1', 'a: a 1');
        await container.stop();
        expect(told, 'a second start is the first').to.deep.equal(['subscribed', 'unsubscribed']);
        await publisher.publish(topic('a'), 'lost');
        await container.start();
        await hears('a', '2', 'a: a 2');
        expect(told).to.deep.equal(['subscribed', 'unsubscribed', 'subscribed']);
      });

      it('127 refuses what is no listener and what is no topic', async () => {
        const errors = await Promise.all([
          rejectionOf(container.addMessageListener(null as never, topic('a'))),
          rejectionOf(container.addMessageListener(listener('a'), null as never)),
          rejectionOf(container.addMessageListener(listener('a'), [topic('a'), undefined as never])),
          rejectionOf(container.removeMessageListener(null as never)),
          rejectionOf(container.removeMessageListener(listener('a'), null as never)),
        ]);
        expect(errors.map((error) => (error as TopicError).code)).to.deep.equal(Array(5).fill('TOPIC_LISTENER_INVALID'));
      });

      it('127 subscribeAfterStart, testContainerSubscribe, repeatedSubscribeShouldNotifyOnlyOnce', async () => {
        await container.start();
        const one = listener('one');
        await container.addMessageListener(one, topic('a'));
        await container.addMessageListener(one, topic('a'));
        await container.addMessageListener(listener('two'), topic('a'));
        await hears('a', 'x', 'one: a x', 'two: a x');
        expect(seen, 'the one that came twice is told once').to.deep.equal([]);
      });

      it('127 shouldRegisterChannelsAndTopics, shouldRemoveListenerFromChannelsAndTopics', async () => {
        const [channel, pattern] = [topic('book'), PatternTopic.of(`${prefix}.bo*`)];
        const own = listener('own');
        await container.addMessageListener(own, [channel, pattern]);
        await container.addMessageListener(listener('probe'), topic('probe'));
        await container.start();
        await publisher.publish(channel, 'x');
        await flushedWith('own: book x', 'own: book x');
        await container.removeMessageListener(own, channel);
        await hears('book', 'y', 'own: book y');
        await container.removeMessageListener(own);
        await publisher.publish(channel, 'z');
        await flushed();
      });

      /** Both deliveries of one message, by channel and by pattern, and nothing more. */
      const flushedWith = async (...expected: string[]): Promise<void> => {
        await publisher.publish(topic('probe'), 'done');
        await waitFor(() => seen.includes('probe: probe done') && seen.length > expected.length, {
          what: `${expected.join()}; heard ${seen.join()}`,
        });
        expect(seen.splice(0).sort()).to.deep.equal([...expected, 'probe: probe done'].sort());
      };

      it('127 testMessageBatch', async () => {
        await container.addMessageListener(listener('a'), topic('a'));
        await container.start();
        const bodies = Array.from({ length: 10 }, (_none, i) => `message ${i}`);
        for (const body of bodies) await publisher.publish(topic('a'), body);
        await waitFor(() => seen.length === 10, { what: 'ten messages' });
        expect(seen, 'in order').to.deep.equal(bodies.map((body) => `a: a ${body}`));
      });

      it('127 testContainerUnsubscribe, testStartListenersToNoSpecificChannelTest', async () => {
        const one = listener('one');
        await container.addMessageListener(one, [topic('a'), topic('b')]);
        await container.addMessageListener(listener('two'), topic('a'));
        await container.addMessageListener(listener('probe'), topic('probe'));
        await container.start();
        await container.removeMessageListener(one, topic('a'));
        await hears('a', 'x', 'two: a x');
        await hears('b', 'y', 'one: b y');
        await container.removeMessageListener(undefined, topic('a'));
        await publisher.publish(topic('a'), 'nobody');
        await flushed();
        await container.addMessageListener(one, topic('a'));
        await hears('a', 'again', 'one: a again');
        await container.removeMessageListener();
        expect([container.isRunning, container.state], 'the connection is let go').to.deep.equal([true, 'idle']);
        await container.addMessageListener(one, topic('other'));
        await hears('other', 'z', 'one: other z');
      });

      it('129 a method is called once for each message, by channel or by pattern, with the text that was published', async () => {
        const [channel, pattern] = [topic('orders'), PatternTopic.of(`${prefix}.book-*`)];
        const got: Message[] = [];
        class Listening {
          @MessageListener([channel, pattern])
          onMessage(message: Message): void {
            got.push(message);
          }

          @MessageListener(`${prefix}.probe`)
          probed(): void {
            seen.push('probed');
          }
        }
        const instance = new Container();
        const redis = carrier === 'Redis' ? { redis: (await sharedRedis()).url } : {};
        closing.unshift(() => instance.unbindAllAsync());
        await enableCaching(instance, { ...PATIENT, namespace: prefix, ...redis });
        instance.bind(Listening).toSelf().inSingletonScope();
        instance.get(Listening);
        const own = instance.get(MessagePublisher);
        // Who listens is told by nobody to the publisher but by the number it reached.
        for (const name of ['probe', 'orders', 'book-1']) {
          await waitFor(async () => (await own.publish(topic(name), 'begin')) === 1, { what: `'${name}' to be listened to` });
        }
        await own.publish(topic('orders'), { id: 1 });
        await own.publish(topic('book-1'), 'text');
        await own.publish(topic('other'), 'nobody');
        await own.publish(topic('probe'), 'end');
        await waitFor(() => seen.length === 2, { what: 'the probe' });
        expect(got.filter(({ body }) => body !== 'begin').map((message) => ({ ...message }))).to.deep.equal([
          { channel: `${prefix}.orders`, body: '{"id":1}' },
          { channel: `${prefix}.book-1`, body: 'text', pattern: `${prefix}.book-*` },
        ]);
      });

      it('129 what is no topic is refused when the class is decorated', () => {
        const error = cacheErrorIn(() => {
          class Listening {
            @MessageListener(null as never)
            onMessage(): void {}
          }
          return Listening;
        });
        expect(error.code).to.equal('TOPIC_LISTENER_INVALID');
      });

      it('128 notifiesChannelSubscriptionState, notifiesPatternSubscriptionState', async () => {
        const pattern = PatternTopic.of(`${prefix}.p*`);
        const noting = {
          onMessage: listener('a'),
          onSubscribed: (names: readonly string[]) => void told.push(`+ ${names.map(short).join()}`),
          onUnsubscribed: (names: readonly string[]) => void told.push(`- ${names.map(short).join()}`),
        };
        await container.start();
        await container.addMessageListener(noting as MessageListener, topic('a'));
        await container.addMessageListener(noting as MessageListener, pattern);
        await container.addMessageListener(listener('other'), topic('not its own'));
        await container.removeMessageListener(noting as MessageListener, pattern);
        await container.removeMessageListener(noting as MessageListener, topic('a'));
        expect(told).to.deep.equal(['+ a', '+ p*', '- p*', '- a']);
      });
    });
  }

  it('125 containerShouldStopGracefullyOnUnsubscribeErrors', async () => {
    const transport = new FaultyTransport();
    const container = new MessageListenerContainer(transport);
    await container.addMessageListener(() => undefined, ChannelTopic.of('a'));
    const starting = container.start();
    await waitFor(() => transport.calls.some((call) => call.startsWith('subscribe')), { what: 'the subscription to be sent' });
    await transport.confirm();
    await starting;
    transport.unsubscribe = () => Promise.reject(new Error('no'));
    await container.stop();
    expect(container.state).to.equal('stopped');
    expect(transport.calls.at(-1)).to.equal('close');
  });

  describe('over Redis that goes away', () => {
    let closing: (() => Promise<unknown>)[];

    beforeEach(() => (closing = []));
    afterEach(async () => {
      for (const close of closing) await close();
    });

    const make = (url: string): { readonly container: MessageListenerContainer; readonly told: string[] } => {
      const transport = new RedisTransport(url, { pingIntervalMs: 50, socketTimeoutMs: 500 });
      const container = new MessageListenerContainer(transport);
      closing.push(
        () => container.stop(),
        () => transport.close(),
      );
      const told: string[] = [];
      container.addSubscriptionListener({
        onSubscribed: (_topics, epoch) => void told.push(`subscribed @${epoch}`),
        onLost: (epoch) => void told.push(`lost @${epoch}`),
      });
      return { container, told };
    };

    it('126 containerStartShouldReportFailureOnRedisUnavailability, containerListenShouldReportFailureOnRedisUnavailability, connectionFailureAndRetry', async () => {
      const port = await freePort();
      const started = make(`redis://127.0.0.1:${port}`);
      await started.container.addMessageListener(() => undefined, ChannelTopic.of('a'));
      expect(await rejectionOf(started.container.start())).to.be.instanceOf(RemoteCacheError);
      const listening = make(`redis://127.0.0.1:${port}`);
      await listening.container.start();
      expect(await rejectionOf(listening.container.addMessageListener(() => undefined, ChannelTopic.of('a')))).to.be.instanceOf(
        RemoteCacheError,
      );
      for (const { container } of [started, listening]) expect([container.isRunning, container.isListening]).to.deep.equal([true, false]);

      const late = await RedisServer.start({ port });
      closing.push(() => late.stop());
      await waitFor(() => started.container.isListening && listening.container.isListening, { what: 'both to be subscribed' });
      expect([started.told, listening.told]).to.deep.equal([['subscribed @0'], ['subscribed @0']]);
    });

    it('126 shouldRecoverFromConnectionFailure', async () => {
      const server = await sharedRedis();
      const proxy = await faultyRedis(server.url);
      const channel = ownNamespace('topics');
      const seen: string[] = [];
      const { container, told } = make(proxy.url);
      closing.push(() => proxy.stop());
      await container.addMessageListener(({ body }) => void seen.push(body), ChannelTopic.of(channel));
      await container.start();
      proxy.blackhole();
      await waitFor(() => told.includes('lost @0'), { what: 'the loss to be told of' });
      await server.cli('PUBLISH', channel, 'during the outage');
      expect(container.isListening).to.equal(false);
      proxy.heal();
      await waitFor(() => told.includes('subscribed @1'), { what: 'the recovery' });
      await server.cli('PUBLISH', channel, 'afterwards');
      await waitFor(() => seen.length > 0, { what: 'the message' });
      expect(seen, 'what was sent meanwhile is lost, and whoever must know was told').to.deep.equal(['afterwards']);
      expect(told).to.deep.equal(['subscribed @0', 'lost @0', 'subscribed @1']);
    });
  });
});
