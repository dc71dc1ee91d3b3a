import { expect } from 'chai';
import sinon from 'sinon';
import { TopicError } from '../../lib/errors/index.js';
import { CacheEvents, type CacheEventMap } from '../../lib/event/index.js';
import {
  ChannelTopic,
  InProcessTransport,
  MessageListenerContainer,
  PatternTopic,
  type Message,
  type MessageListener,
} from '../../lib/topic/index.js';
import { FaultyTransport } from './faulty-transport.js';
import { turn } from '../support/promises.js';

const A = ChannelTopic.of('a');
const B = ChannelTopic.of('b');
const P = PatternTopic.of('a*');

describe(MessageListenerContainer.name, () => {
  let transport: FaultyTransport;
  let events: CacheEvents;
  let heard: [keyof CacheEventMap, unknown][];
  let container: MessageListenerContainer;
  let told: string[];
  let seen: Message[];

  const listener: MessageListener = (message) => void seen.push(message);
  const recorder = (name: string) => ({
    onSubscribed: (topics: readonly string[], epoch: number) => void told.push(`${name} subscribed ${topics.join(' ')} @${epoch}`),
    onUnsubscribed: (topics: readonly string[], epoch: number) => void told.push(`${name} unsubscribed ${topics.join(' ')} @${epoch}`),
    onLost: (epoch: number) => void told.push(`${name} lost @${epoch}`),
  });

  beforeEach(() => {
    transport = new FaultyTransport();
    events = new CacheEvents();
    heard = [];
    for (const name of ['connected', 'lost', 'reconnecting', 'subscribed', 'error'] as const)
      events.on(name, (event) => heard.push([name, event]));
    told = [];
    seen = [];
    container = new MessageListenerContainer(transport, { events });
  });

  /** Starts with these listeners and has the server confirm. */
  const started = async (...topics: (ChannelTopic | PatternTopic)[]): Promise<void> => {
    for (const topic of topics) await container.addMessageListener(listener, topic);
    const starting = container.start();
    await turn();
    await transport.confirm();
    await starting;
  };

  describe('start', () => {
    it('subscribes every topic at once, and is listening only when the server has confirmed', async () => {
      await container.addMessageListener(listener, [A, P]);
      await container.addMessageListener(listener, B);
      container.addSubscriptionListener(recorder('x'));
      expect(container.state).to.equal('created');
      const starting = container.start();
      expect([container.state, container.isRunning, container.isListening]).to.deep.equal(['starting', true, false]);
      await turn();
      expect(transport.calls).to.deep.equal(['connect', 'subscribe a b a*']);
      expect([container.state, told]).to.deep.equal(['starting', []]);
      await transport.confirm();
      await starting;
      expect([container.state, container.isListening, container.epoch]).to.deep.equal(['listening', true, 0]);
      expect(told).to.deep.equal(['x subscribed a b a* @0']);
      expect(heard).to.deep.equal([
        ['connected', { link: 'subscriber', endpoint: 'faulty:1' }],
        ['subscribed', { endpoint: 'faulty:1', topics: ['a', 'b', 'a*'], epoch: 0 }],
      ]);
    });

    it('connects nowhere without a message listener, even if somebody waits for subscriptions', async () => {
      container.addSubscriptionListener(recorder('x'));
      await container.start();
      expect([container.state, container.isRunning, container.isListening]).to.deep.equal(['idle', true, false]);
      expect(transport.calls).to.deep.equal([]);
    });

    it('is one start, however often it is called', async () => {
      await container.addMessageListener(listener, A);
      const starts = [container.start(), container.start()];
      await turn();
      await transport.confirm();
      await Promise.all([...starts, container.start()]);
      expect(transport.calls).to.deep.equal(['connect', 'subscribe a']);
    });

    it('reports a failed connection to its caller, runs on, and listens once the server is there', async () => {
      await container.addMessageListener(listener, A);
      transport.connectError = new Error('nobody there');
      expect(await failure(container.start())).to.equal(transport.connectError);
      expect([container.state, container.isRunning, container.isListening]).to.deep.equal(['recovering', true, false]);
      transport.ready();
      await transport.confirm();
      expect(container.state).to.equal('listening');
    });

    it('reports a refused subscription to its caller, and asks for another connection', async () => {
      await container.addMessageListener(listener, A);
      container.addSubscriptionListener(recorder('x'));
      const starting = failure(container.start());
      await turn();
      const refusal = new Error('NOPERM');
      await transport.refuse(refusal);
      const error = (await starting) as TopicError;
      expect(error).to.be.instanceOf(TopicError);
      expect([error.code, error.cause]).to.deep.equal(['TOPIC_SUBSCRIBE_FAILED', refusal]);
      expect(error.message).to.equal(
        "faulty:1 refused to subscribe 'a'. Check that its user may read these channels (in Redis: ACL SETUSER … &channel).",
      );
      expect([container.state, container.epoch]).to.deep.equal(['recovering', 1]);
      expect(transport.calls).to.deep.equal(['connect', 'subscribe a', 'reconnect']);
      expect(heard).to.deep.include(['error', { where: 'resubscription', error }]);
      transport.ready();
      await transport.confirm();
      expect(told).to.deep.equal(['x lost @0', 'x subscribed a @1']);
      expect(container.state).to.equal('listening');
    });

    it('survives a connection that is lost before it is confirmed', async () => {
      await container.addMessageListener(listener, A);
      const starting = container.start();
      await turn();
      transport.lose();
      await turn();
      expect(container.state).to.equal('recovering');
      transport.ready();
      await transport.confirm();
      await starting;
      expect([container.state, container.epoch]).to.deep.equal(['listening', 1]);
      expect(heard.filter(([name]) => name === 'error')).to.deep.equal([]);
    });
  });

  describe('addMessageListener', () => {
    it('refuses what is no topic', async () => {
      const hint = `Write ChannelTopic.of('book-channel') or PatternTopic.of('book-*').`;
      for (const [wrong, got] of [
        [undefined, 'undefined'],
        [null, 'null'],
        ['a', 'a string'],
        [[], 'an empty list'],
        [[A, null], 'null'],
      ] as const) {
        const error = (await failure(container.addMessageListener(listener, wrong as never))) as TopicError;
        expect([error.code, error.message]).to.deep.equal([
          'TOPIC_LISTENER_INVALID',
          `Expected a topic or a list of topics, got ${got}. ${hint}`,
        ]);
      }
    });

    it('refuses what is no listener, and subscribes nothing', async () => {
      for (const [wrong, got] of [
        [undefined, '`undefined` (undefined)'],
        [null, '`null` (object)'],
        ['x', '`x` (string)'],
        [{}, 'an object without it'],
      ] as const) {
        const error = (await failure(container.addMessageListener(wrong as never, A))) as TopicError;
        expect(error.code).to.equal('TOPIC_LISTENER_INVALID');
        expect(error.message).to.equal(`Expected a message listener to be a function or an object with onMessage(), got ${got}.`);
      }
      await container.start();
      expect(container.state).to.equal('idle');
    });

    it('in an idle container connects, and resolves once confirmed', async () => {
      await container.start();
      let isAdded = false;
      const adding = container.addMessageListener(listener, A).then(() => (isAdded = true));
      await turn();
      expect([transport.calls, isAdded]).to.deep.equal([['connect', 'subscribe a'], false]);
      await transport.confirm();
      await adding;
      expect(container.state).to.equal('listening');
    });

    it('in a listening container subscribes the new topic only, and resolves once confirmed', async () => {
      container.addSubscriptionListener(recorder('x'));
      await started(A);
      let isAdded = false;
      const adding = container.addMessageListener(listener, [A, B]).then(() => (isAdded = true));
      await turn();
      expect([transport.calls.slice(2), isAdded]).to.deep.equal([['subscribe b'], false]);
      await transport.confirm();
      await adding;
      expect(told).to.deep.equal(['x subscribed a @0', 'x subscribed b @0']);
    });

    it('sends no second SUBSCRIBE for a topic confirmed or on its way', async () => {
      await started(A);
      await container.addMessageListener(() => undefined, A);
      const adding = [container.addMessageListener(() => undefined, B), container.addMessageListener(() => undefined, B)];
      await turn();
      await transport.confirm();
      await Promise.all(adding);
      expect(transport.calls).to.deep.equal(['connect', 'subscribe a', 'subscribe b']);
    });

    it('takes a refused listener out again and leaves the others alone', async () => {
      await started(A);
      const other = failure(container.addMessageListener(listener, [A, B]));
      const joined = failure(container.addMessageListener(() => undefined, B));
      await turn();
      await transport.refuse(new Error('NOPERM'));
      for (const error of [await other, await joined]) expect((error as TopicError).code).to.equal('TOPIC_SUBSCRIBE_FAILED');
      expect([container.state, container.epoch]).to.deep.equal(['listening', 0]);
      transport.lose();
      transport.ready();
      expect(transport.calls).to.deep.equal(['connect', 'subscribe a', 'subscribe b', 'subscribe a']);
    });

    it('while the connection is away keeps the listener, and waits no longer than it may', async () => {
      const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      try {
        await started(A);
        transport.lose();
        const adding = failure(container.addMessageListener(listener, B));
        clock.tick(5_000);
        const error = (await adding) as TopicError;
        expect(error.code).to.equal('TOPIC_SUBSCRIBE_FAILED');
        expect(error.message).to.equal(
          "faulty:1 did not confirm 'b' within 5000 ms. The listener stays; it is subscribed as soon as the server can be reached.",
        );
        transport.ready();
        expect(transport.calls.at(-1)).to.equal('subscribe a b');
        await transport.confirm();
        transport.deliver('b', 'hello');
        expect(seen).to.deep.equal([{ channel: 'b', body: 'hello' }]);
        expect(clock.countTimers()).to.equal(0);
      } finally {
        clock.restore();
      }
    });

    it('tells a listener that comes to a confirmed topic about it, and nobody else', async () => {
      container.addSubscriptionListener(recorder('x'));
      await started(A);
      await container.addMessageListener({ onMessage: () => undefined, ...recorder('late') }, A);
      expect(told).to.deep.equal(['x subscribed a @0', 'late subscribed a @0']);
    });
  });

  describe('messages', () => {
    it('reach every listener of the topic, synchronously and in order', async () => {
      await started(A);
      const other: string[] = [];
      await container.addMessageListener({ onMessage: ({ body }) => void other.push(body) }, A);
      for (const body of ['1', '2', '3']) transport.deliver('a', body);
      expect(seen.map(({ body }) => body)).to.deep.equal(['1', '2', '3']);
      expect(other).to.deep.equal(['1', '2', '3']);
    });

    it('reach channel and pattern listeners apart', async () => {
      const patterned: Message[] = [];
      await container.addMessageListener((message) => void patterned.push(message), P);
      await started(A);
      transport.deliver('a', 'x');
      transport.deliver('a', 'x', 'a*');
      transport.deliver('a1', 'y', 'a*');
      expect(seen).to.deep.equal([{ channel: 'a', body: 'x' }]);
      expect(patterned).to.deep.equal([
        { channel: 'a', body: 'x', pattern: 'a*' },
        { channel: 'a1', body: 'y', pattern: 'a*' },
      ]);
    });

    it('go on when a listener throws or rejects, and the failure is an event', async () => {
      const [thrown, rejected] = [new Error('thrown'), new Error('rejected')];
      await container.addMessageListener(() => {
        throw thrown;
      }, A);
      await container.addMessageListener(() => Promise.reject(rejected), A);
      await started(A);
      transport.deliver('a', '1');
      transport.deliver('a', '2');
      await turn();
      expect(seen.map(({ body }) => body)).to.deep.equal(['1', '2']);
      const where = "message listener of 'a'";
      const topic = { verb: 'receive', name: 'a' };
      expect(heard.filter(([name]) => name === 'error').map(([, event]) => event)).to.deep.equal([
        { where, error: thrown, topic },
        { where, error: thrown, topic },
        { where, error: rejected, topic },
        { where, error: rejected, topic },
      ]);
    });
  });

  describe('a lost connection', () => {
    it('is told at once, with the epoch that ended', async () => {
      const epochs: number[] = [];
      container.addSubscriptionListener({ onLost: () => void epochs.push(container.epoch) });
      container.addSubscriptionListener(recorder('x'));
      await started(A);
      const error = new Error('reset');
      transport.lose(error);
      expect(told).to.deep.equal(['x subscribed a @0', 'x lost @0']);
      expect(epochs).to.deep.equal([1]);
      expect([container.state, container.isRunning, container.isListening]).to.deep.equal(['recovering', true, false]);
      expect(heard.at(-1)).to.deep.equal(['lost', { link: 'subscriber', endpoint: 'faulty:1', error }]);
    });

    it('is followed by one SUBSCRIBE for all topics, told once confirmed and not at ready', async () => {
      container.addSubscriptionListener(recorder('x'));
      await started(A, B, P);
      transport.lose();
      transport.ready();
      await turn();
      expect(transport.calls.slice(2)).to.deep.equal(['subscribe a b a*']);
      expect([container.state, told.length]).to.deep.equal(['recovering', 2]);
      await transport.confirm();
      expect(told.slice(2)).to.deep.equal(['x subscribed a b a* @1']);
      expect([container.state, container.epoch]).to.deep.equal(['listening', 1]);
      transport.deliver('b', 'again');
      expect(seen).to.deep.equal([{ channel: 'b', body: 'again' }]);
    });

    it('voids a confirmation that arrives late', async () => {
      await started(A);
      transport.lose();
      transport.ready();
      const late = transport.pending.shift();
      transport.lose();
      transport.ready();
      late?.confirm();
      await turn();
      expect(container.state).to.equal('recovering');
      await transport.confirm();
      expect([container.state, container.epoch]).to.deep.equal(['listening', 2]);
    });

    it('tells what is tried next', async () => {
      await started(A);
      const error = new Error('refused');
      transport.lose();
      transport.observer?.onRetry?.(3, 150, error);
      expect(heard.at(-1)).to.deep.equal(['reconnecting', { link: 'subscriber', endpoint: 'faulty:1', attempt: 3, delayMs: 150, error }]);
    });

    it('can be asked for by those who know better', async () => {
      await started(A);
      container.reconnect();
      expect([container.state, container.epoch, transport.calls.at(-1)]).to.deep.equal(['recovering', 1, 'reconnect']);
    });
  });

  describe('a listener with subscription callbacks', () => {
    it('is told about its own topics, once each, and about losses', async () => {
      await container.addMessageListener({ onMessage: () => undefined, ...recorder('a') }, [A, P]);
      await started(B);
      expect(told).to.deep.equal(['a subscribed a a* @0']);
      transport.lose();
      transport.ready();
      await transport.confirm();
      expect(told.slice(1)).to.deep.equal(['a lost @0', 'a subscribed a a* @1']);
    });

    it('may throw without harm to the others', async () => {
      const error = new Error('oops');
      container.addSubscriptionListener({
        onSubscribed: () => {
          throw error;
        },
        onLost: () => {
          throw error;
        },
      });
      container.addSubscriptionListener(recorder('x'));
      await started(A);
      transport.lose();
      expect(told).to.deep.equal(['x subscribed a @0', 'x lost @0']);
      expect(heard.filter(([name]) => name === 'error')).to.deep.equal([
        ['error', { where: 'subscription listener', error }],
        ['error', { where: 'subscription listener', error }],
      ]);
    });

    it('is forgotten when asked', async () => {
      container.addSubscriptionListener(recorder('x'))();
      await started(A);
      expect(told).to.deep.equal([]);
    });
  });

  describe('removeMessageListener', () => {
    it('unsubscribes a topic with its last listener, and resolves once confirmed', async () => {
      container.addSubscriptionListener(recorder('x'));
      const other: MessageListener = () => undefined;
      await container.addMessageListener(other, A);
      await started(A, B);
      await container.removeMessageListener(other, A);
      expect(transport.calls.slice(2)).to.deep.equal([]);
      let isRemoved = false;
      const removing = container.removeMessageListener(listener, A).then(() => (isRemoved = true));
      transport.deliver('a', 'too late');
      await turn();
      expect([transport.calls.slice(2), isRemoved, seen]).to.deep.equal([['unsubscribe a'], false, []]);
      await transport.confirm();
      await removing;
      expect(told.slice(1)).to.deep.equal(['x unsubscribed a @0']);
      transport.deliver('b', 'still');
      expect(seen).to.deep.equal([{ channel: 'b', body: 'still' }]);
    });

    it('tells a channel from the pattern of the same name', async () => {
      const pattern: Message[] = [];
      await container.addMessageListener((message) => void pattern.push(message), PatternTopic.of('a'));
      await started(A);
      const removing = container.removeMessageListener(undefined, A);
      await transport.confirm();
      await removing;
      transport.deliver('a', 'x', 'a');
      expect([seen.length, pattern.length]).to.deep.equal([0, 1]);
    });

    it('lets the connection go with the last topic, and connects again for the next listener', async () => {
      container.addSubscriptionListener(recorder('x'));
      await started(A, B);
      const removing = container.removeMessageListener(listener);
      await transport.confirm();
      await removing;
      expect([container.state, container.epoch, transport.calls.slice(2)]).to.deep.equal(['idle', 1, ['unsubscribe a b', 'close']]);
      const adding = container.addMessageListener(listener, A);
      await turn();
      await transport.confirm();
      await adding;
      expect(told).to.deep.equal(['x subscribed a b @0', 'x unsubscribed a b @0', 'x lost @0', 'x subscribed a @1']);
    });

    it('refuses a wrong argument', async () => {
      expect(((await failure(container.removeMessageListener(null as never, A))) as TopicError).code).to.equal('TOPIC_LISTENER_INVALID');
      expect(((await failure(container.removeMessageListener(listener, null as never))) as TopicError).code).to.equal(
        'TOPIC_LISTENER_INVALID',
      );
    });

    it('does nothing for a stranger', async () => {
      await started(A);
      await container.removeMessageListener(() => undefined);
      await container.removeMessageListener(listener, B);
      expect([container.state, transport.calls.length]).to.deep.equal(['listening', 2]);
    });
  });

  describe('stop', () => {
    it('is silent from the moment of the call, unsubscribes, closes', async () => {
      container.addSubscriptionListener(recorder('x'));
      await started(A, P);
      const stopping = container.stop();
      expect([container.state, container.isRunning, told.at(-1)]).to.deep.equal(['stopping', false, 'x lost @0']);
      transport.deliver('a', 'too late');
      await turn();
      expect(transport.calls.slice(2)).to.deep.equal(['unsubscribe a a*']);
      await transport.confirm();
      await stopping;
      expect([container.state, container.epoch, seen]).to.deep.equal(['stopped', 1, []]);
      expect(transport.calls.slice(2)).to.deep.equal(['unsubscribe a a*', 'close']);
      expect(told).to.deep.equal(['x subscribed a a* @0', 'x lost @0', 'x unsubscribed a a* @0']);
    });

    it('succeeds and closes although unsubscribing and closing fail, and tells of both', async () => {
      await started(A);
      transport.closeError = new Error('cannot close');
      const stopping = container.stop();
      const error = new Error('cannot unsubscribe');
      await transport.refuse(error);
      await stopping;
      expect([container.state, transport.calls.at(-1)]).to.deep.equal(['stopped', 'close']);
      expect(heard.filter(([name]) => name === 'error')).to.deep.equal([
        ['error', { where: 'unsubscription', error }],
        ['error', { where: 'closing the subscriber connection', error: transport.closeError }],
      ]);
    });

    it('is one stop, however often it is called, and none before a start', async () => {
      await container.stop();
      expect([container.state, transport.calls]).to.deep.equal(['created', []]);
      await started(A);
      const stops = [container.stop(), container.stop()];
      await transport.confirm();
      await Promise.all([...stops, container.stop()]);
      expect(transport.calls.slice(2)).to.deep.equal(['unsubscribe a', 'close']);
    });

    it('ends a start and an addition that wait', async () => {
      await container.addMessageListener(listener, A);
      const starting = failure(container.start());
      const adding = failure(container.addMessageListener(listener, B));
      await turn();
      await container.stop();
      for (const error of [await starting, await adding]) {
        expect((error as TopicError).code).to.equal('TOPIC_SUBSCRIBE_FAILED');
        expect((error as TopicError).message).to.equal(
          'The subscription at faulty:1 was given up before it was confirmed: the container was stopped, or the listener removed.',
        );
      }
      expect(container.state).to.equal('stopped');
    });

    it('can be followed by a start that subscribes again, also before it is done', async () => {
      container.addSubscriptionListener(recorder('x'));
      await started(A);
      const stopping = container.stop();
      const starting = container.start();
      await transport.confirm();
      await stopping;
      await turn();
      await transport.confirm();
      await starting;
      expect(told).to.deep.equal(['x subscribed a @0', 'x lost @0', 'x unsubscribed a @0', 'x subscribed a @1']);
      transport.deliver('a', 'again');
      expect(seen).to.deep.equal([{ channel: 'a', body: 'again' }]);
    });
  });

  describe('over the in-process transport', () => {
    it('starts, listens, stops and starts again', async () => {
      const hub = new InProcessTransport('container');
      const inProcess = new MessageListenerContainer(new InProcessTransport('container'));
      await inProcess.addMessageListener(listener, [A, P]);
      await inProcess.start();
      expect(await hub.publish('a', '1')).to.equal(2);
      await inProcess.stop();
      expect(await hub.publish('a', '2')).to.equal(0);
      await inProcess.start();
      expect(await hub.publish('a', '3')).to.equal(2);
      await inProcess.stop();
      expect(seen.map(({ body }) => body)).to.deep.equal(['1', '1', '3', '3']);
      expect(inProcess.epoch).to.equal(2);
    });
  });
});

async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('Expected a rejection.');
}
