import { expect } from 'chai';
import { inspect } from 'node:util';
import { Redis } from 'ioredis';
import { CacheError, type TopicError } from '../../../lib/errors/index.js';
import { CacheEvents } from '../../../lib/event/index.js';
import { ChannelTopic, MessageListenerContainer, MessagePublisher, PatternTopic, type Message } from '../../../lib/topic/index.js';
import { RedisTransport, type RedisTransportOptions } from '../../../lib/topic/redis/index.js';
import { type RedisConnection } from '../../../lib/redis/index.js';
import { type FaultyRedis, faultyRedis } from '../../../lib/testing/index.js';
import { freePort, RedisServer } from '../../support/redis-server.js';
import { waitFor } from '../../support/wait.js';

const BOOKS = ChannelTopic.of('books');
const OTHERS = PatternTopic.of('other-*');
/** Short, so that a specified fault is noticed soon; the specs wait for facts and assert no time. */
const QUICK: RedisTransportOptions = { pingIntervalMs: 50, socketTimeoutMs: 300 };

describe(`${MessageListenerContainer.name} with ${RedisTransport.name}`, function () {
  this.timeout(60_000);
  let server: RedisServer;
  let proxy: FaultyRedis;
  let events: CacheEvents;
  /** Everything told, in order. */
  let told: string[];
  let errors: unknown[];
  let seen: Message[];
  const closing: (() => Promise<unknown>)[] = [];

  before(async () => {
    server = await RedisServer.start();
  });

  after(() => server.stop());

  beforeEach(async () => {
    proxy = await faultyRedis(server.url);
    events = new CacheEvents();
    told = [];
    errors = [];
    seen = [];
    events.on('connected', () => told.push('connected'));
    events.on('error', ({ error }) => errors.push(error));
  });

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    await proxy.stop();
  });

  /** A container whose one listener notes messages, losses and subscriptions; not started. */
  const make = async (redis: RedisConnection, options: RedisTransportOptions = QUICK): Promise<MessageListenerContainer> => {
    const container = new MessageListenerContainer(new RedisTransport(redis, options), { events });
    closing.push(() => container.stop());
    container.addSubscriptionListener({
      onSubscribed: (topics, epoch) => void told.push(`subscribed ${topics.join(' ')} @${epoch}`),
      onLost: (epoch) => void told.push(`lost @${epoch}`),
    });
    await container.addMessageListener((message) => void seen.push(message), [BOOKS, OTHERS]);
    return container;
  };

  const viaProxy = (): string => proxy.url;
  const tells = (what: string): Promise<void> => waitFor(() => told.includes(what), { what: `'${what}'` });
  const flows = async (body: string): Promise<void> => {
    expect(await server.cli('PUBLISH', 'books', body)).to.equal(1);
    expect(await server.cli('PUBLISH', 'other-1', body)).to.equal(1);
    await waitFor(() => seen.length === 2, { what: 'both messages' });
    expect(seen.splice(0)).to.deep.equal([
      { channel: 'books', body },
      { channel: 'other-1', body, pattern: 'other-*' },
    ]);
  };

  it('has subscribed at the server when start resolves, with one command for channels and one for patterns', async () => {
    await server.cli('CONFIG', 'RESETSTAT');
    const container = await make(server.url);
    await container.addMessageListener(() => undefined, [ChannelTopic.of('more'), BOOKS]);
    await container.start();
    expect(await server.cli('PUBSUB', 'NUMSUB', 'books', 'more')).to.deep.equal(['books', 1, 'more', 1]);
    const { subscribe, psubscribe } = await server.commandCalls();
    expect([subscribe, psubscribe]).to.deep.equal([1, 1]);
    await flows('hello');
  });

  it('comes back by itself when the server drops the connection', async () => {
    const container = await make(server.url);
    await container.start();
    await server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await tells('subscribed books other-* @1');
    expect(told).to.deep.equal(['connected', 'subscribed books other-* @0', 'lost @0', 'connected', 'subscribed books other-* @1']);
    expect([container.epoch, container.state]).to.deep.equal([1, 'listening']);
    expect(errors).to.deep.equal([]);
    await flows('again');
  });

  it('tells of a subscription when the server has it, not when the connection is ready', async () => {
    const container = await make(viaProxy());
    // SUBSCRIBE leaves this process behind `connected`, and is swallowed: a link that is ready and subscribed to nothing.
    const ended = events.on('connected', () => proxy.blackhole({ direction: 'to-server' }));
    const starting = container.start();
    await tells('lost @0');
    expect(told).to.deep.equal(['connected', 'lost @0']);
    expect(await server.cli('PUBSUB', 'NUMSUB', 'books')).to.deep.equal(['books', 0]);
    ended();
    proxy.heal();
    const atServer: Promise<unknown>[] = [];
    container.addSubscriptionListener({ onSubscribed: () => void atServer.push(server.cli('PUBSUB', 'NUMSUB', 'books')) });
    await starting;
    expect(told.filter((what) => what.startsWith('subscribed'))).to.deep.equal([`subscribed books other-* @${container.epoch}`]);
    expect(await Promise.all(atServer)).to.deep.equal([['books', 1]]);
    expect(container.isListening).to.equal(true);
  });

  it('notices a link that swallows everything, and recovers when it is healed', async () => {
    const container = await make(viaProxy());
    await container.start();
    proxy.blackhole();
    await tells('lost @0');
    expect(container.isListening).to.equal(false);
    proxy.heal();
    await tells('subscribed books other-* @1');
    // The server may still hold the dead connection's subscription: the link never told it of the end.
    await server.cli('PUBLISH', 'books', 'again');
    await waitFor(() => seen.length === 1, { what: 'the message' });
    expect(seen).to.deep.equal([{ channel: 'books', body: 'again' }]);
  });

  it('keeps an idle link for longer than the socket timeout', async () => {
    const container = await make(server.url);
    await container.start();
    await server.cli('CONFIG', 'RESETSTAT');
    // Ten PINGs answered, one every 50 ms: the 300 ms of the socket timeout have passed.
    await waitFor(async () => ((await server.commandCalls())['ping'] ?? 0) >= 10, { what: 'ten pings', everyMs: 20 });
    expect(told).to.deep.equal(['connected', 'subscribed books other-* @0']);
  });

  it('survives a server that is killed and started again', async () => {
    const own = await RedisServer.start();
    closing.push(() => own.stop());
    const container = await make(own.url);
    await container.start();
    await own.kill();
    await tells('lost @0');
    const retries: { readonly attempt: number; readonly error?: unknown }[] = [];
    events.on('reconnecting', (event) => void retries.push(event));
    await waitFor(() => retries.length >= 3, { what: 'three further attempts' });
    expect(retries.slice(0, 3).map(({ error }) => CacheError.is(error) && error.code)).to.deep.equal(
      Array(3).fill('CACHE_REMOTE_CONNECT_FAILED'),
    );
    expect(container.state).to.equal('recovering');
    await own.restart();
    await tells('subscribed books other-* @1');
    expect(await own.cli('PUBLISH', 'books', 'again')).to.equal(1);
    await waitFor(() => seen.length === 1, { what: 'the message' });
  });

  describe('when the server refuses the topics', () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);

    beforeEach(async () => {
      unhandled.length = 0;
      process.on('unhandledRejection', note);
      await server.cli('ACL', 'SETUSER', 'bob', 'reset', 'on', '>hunter2', '+@all', '~*', '&books', '&other-*');
    });

    afterEach(async () => {
      process.off('unhandledRejection', note);
      await server.cli('ACL', 'DELUSER', 'bob');
    });

    const asBob = (): string => `redis://bob:hunter2@127.0.0.1:${server.port}`;

    it('asks again, on a new connection each time, until it is allowed', async () => {
      const container = await make(asBob());
      await container.start();
      await server.cli('ACL', 'SETUSER', 'bob', 'resetchannels'); // Drops bob's subscriber.
      await waitFor(() => errors.length >= 2, { what: 'two refusals' });
      expect(container.isListening).to.equal(false);
      const [error] = errors as TopicError[];
      expect(error?.message).to.equal(
        `127.0.0.1:${server.port} refused to subscribe 'books', 'other-*'. Check that its user may read these channels (in Redis: ACL SETUSER … &channel).`,
      );
      expect((error?.cause as Error).message).to.match(/^NOPERM /);
      expect(told.filter((what) => what.startsWith('subscribed'))).to.deep.equal(['subscribed books other-* @0']);
      await server.cli('ACL', 'SETUSER', 'bob', '&books', '&other-*');
      await waitFor(() => container.isListening, { what: 'the container to listen' });
      await flows('allowed');
      expect(unhandled).to.deep.equal([]);
    });

    it('reports it to the caller of start, and goes on asking', async () => {
      await server.cli('ACL', 'SETUSER', 'bob', 'resetchannels', '&books');
      const container = await make(asBob());
      expect((await failure(container.start())).code).to.equal('TOPIC_SUBSCRIBE_FAILED');
      expect([container.isRunning, container.isListening]).to.deep.equal([true, false]);
      await server.cli('ACL', 'SETUSER', 'bob', '&other-*');
      await waitFor(() => container.isListening, { what: 'the container to listen' });
      expect(unhandled).to.deep.equal([]);
    });

    it('reports a topic refused later to whoever added it, and keeps the rest', async () => {
      const container = await make(asBob());
      await container.start();
      const error = await failure(container.addMessageListener(() => undefined, ChannelTopic.of('secret')));
      expect(error.code).to.equal('TOPIC_SUBSCRIBE_FAILED');
      expect([container.isListening, container.epoch]).to.deep.equal([true, 0]);
      await flows('still');
      await server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await tells('subscribed books other-* @1');
      expect(unhandled).to.deep.equal([]);
    });
  });

  describe('when it cannot connect', () => {
    it('names host and port, and recovers when a server appears', async () => {
      const port = await freePort();
      const container = await make(`redis://:hunter2@127.0.0.1:${port}`);
      const error = await failure(container.start());
      expect(error.code).to.equal('CACHE_REMOTE_CONNECT_FAILED');
      expect(error.message).to.equal(
        `Redis at 127.0.0.1:${port} could not be reached: connect ECONNREFUSED 127.0.0.1:${port}. ` +
          'Check host and port, that the server runs, and that it accepts the credentials.',
      );
      expect([container.state, container.epoch]).to.deep.equal(['recovering', 0]);
      const late = await RedisServer.start({ port, password: 'hunter2' });
      closing.push(() => late.stop());
      await tells('subscribed books other-* @0');
    });

    it('does not wait for ever for a server that accepts and says nothing', async () => {
      proxy.blackhole();
      const container = await make(viaProxy(), { ...QUICK, connectTimeoutMs: 100 });
      const error = await failure(container.start());
      expect(error.message).to.equal(
        `Redis at 127.0.0.1:${proxy.port} could not be reached: no answer within 100 ms. ` +
          'Check host and port, that the server runs, and that it accepts the credentials.',
      );
    });

    it('shows no credential', async () => {
      const own = await RedisServer.start({ password: 'correct-horse' });
      closing.push(() => own.stop());
      const container = await make(`redis://:hunter2@127.0.0.1:${own.port}`);
      const error = await failure(container.start());
      expect(error.message).to.equal(
        `Redis at 127.0.0.1:${own.port} could not be reached: WRONGPASS invalid username-password pair or user is disabled. ` +
          'Check host and port, that the server runs, and that it accepts the credentials.',
      );
      expect(inspect(error, { depth: 10, showHidden: true })).not.to.include('hunter2');
    });
  });

  describe('stop', () => {
    const names = async (): Promise<string[]> =>
      [...String(await server.cli('CLIENT', 'LIST')).matchAll(/ name=(\S+)/g)].map(([, name]) => name ?? '').sort();

    it('leaves no connection at the server', async () => {
      const transport = new RedisTransport(server.url, { connectionName: 'stop-spec' });
      const container = new MessageListenerContainer(transport);
      await container.addMessageListener(() => undefined, BOOKS);
      await container.start();
      await new MessagePublisher(transport).publish(BOOKS, 'x');
      expect((await names()).filter((name) => name.startsWith('stop-spec'))).to.deep.equal(['stop-spec-publisher', 'stop-spec-subscriber']);
      await container.stop();
      await waitFor(async () => !(await names()).some((name) => name.startsWith('stop-spec')), { what: 'the connections to be gone' });
      expect(container.state).to.equal('stopped');
    });

    it('succeeds on a link that swallows everything', async () => {
      const container = await make(viaProxy());
      await container.start();
      proxy.blackhole();
      await container.stop();
      expect([container.state, proxy.connections]).to.deep.equal(['stopped', 1]); // The server's end knows nothing.
      expect(told.at(-1)).to.equal('lost @0');
    });

    it('can be followed by a start', async () => {
      const container = await make(server.url);
      await container.start();
      await container.stop();
      expect(await server.cli('PUBSUB', 'NUMSUB', 'books')).to.deep.equal(['books', 0]);
      await container.start();
      await flows('second');
      expect(told).to.deep.equal(['connected', 'subscribed books other-* @0', 'lost @0', 'connected', 'subscribed books other-* @1']);
    });
  });

  describe('given a client', () => {
    it('uses connections of its own and not its database', async () => {
      const redis = new Redis({ port: server.port, host: '127.0.0.1', lazyConnect: true, db: 3 });
      const container = await make(redis);
      await container.start();
      await flows('plain');
      await container.stop();
      expect(redis.status).to.equal('wait');
      redis.disconnect();
    });
  });

  describe(MessagePublisher.name, () => {
    const publisher = (url: string): MessagePublisher => {
      const transport = new RedisTransport(url, { ...QUICK, events });
      closing.push(() => transport.close());
      return new MessagePublisher(transport);
    };

    it('opens its connection with the first message and another after a loss', async () => {
      const [container, messages] = [await make(server.url), publisher(viaProxy())];
      await container.start();
      expect(proxy.accepted).to.equal(0);
      expect(await messages.publish('books', '1')).to.equal(1);
      expect(await messages.publish('books', '2')).to.equal(1);
      expect(proxy.accepted).to.equal(1);
      let isLost = false;
      events.on('lost', ({ link }) => (isLost ||= link === 'publisher'));
      proxy.away();
      await waitFor(() => isLost, { what: 'the loss of the publisher' });
      proxy.heal();
      expect(await messages.publish('books', '3')).to.equal(1);
      await waitFor(() => seen.length === 3, { what: 'three messages' });
      expect([seen.map(({ body }) => body), proxy.accepted]).to.deep.equal([['1', '2', '3'], 2]);
    });

    it('fails when nobody is there, and again, and works when somebody is', async () => {
      const messages = publisher(viaProxy());
      proxy.away();
      for (let i = 0; i < 2; i++) {
        const error = await failure(messages.publish('books', 'x'));
        expect(error.message).to.equal(
          `A message could not be published on 'books' at 127.0.0.1:${proxy.port}. It is not retried; publish it again once the server can be reached.`,
        );
        expect((error.cause as CacheError).code).to.equal('CACHE_REMOTE_CONNECT_FAILED');
      }
      proxy.heal();
      expect(await messages.publish('books', 'x')).to.equal(0);
    });

    it('fails when the link swallows the message, and takes another link for the next', async () => {
      const messages = publisher(viaProxy());
      await messages.publish('books', '1');
      proxy.blackhole();
      const error = await failure(messages.publish('books', '2'));
      expect(error.code).to.equal('TOPIC_PUBLISH_FAILED');
      proxy.heal();
      expect(await messages.publish('books', '3')).to.equal(0);
      expect(proxy.accepted).to.equal(2);
    });

    it('fails for a user who may not publish, and names the reason', async () => {
      await server.cli('ACL', 'SETUSER', 'eve', 'reset', 'on', '>hunter2', '+@all', '-publish', '~*', '&*');
      const error = await failure(publisher(`redis://eve:hunter2@127.0.0.1:${server.port}`).publish('books', 'x'));
      await server.cli('ACL', 'DELUSER', 'eve');
      expect((error.cause as Error).message).to.match(/^NOPERM /);
      expect(inspect(error, { depth: 10, showHidden: true })).not.to.include('hunter2');
    });
  });
});

async function failure(promise: Promise<unknown>): Promise<CacheError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!CacheError.is(error)) throw new Error('Expected a rejection with a CacheError.', { cause: error });
  return error;
}
