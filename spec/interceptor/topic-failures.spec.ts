import { expect } from 'chai';
import { Container } from 'inversify';
import sinon from 'sinon';
import {
  CacheErrorHandler,
  CacheManager,
  ChannelTopic,
  enableCaching,
  FailOpenCacheErrorHandler,
  MessageListenerContainer,
  MessagePublisher,
  SimpleCacheErrorHandler,
} from '../../lib/index.js';
import { InProcessTransport } from '../../lib/topic/index.js';
import { inboxOf } from '../../lib/eviction/remote-keys.js';
import { waitFor } from '../support/wait.js';

const namespace = 'topic-failures';
const boom = new Error('boom');

describe('what fails around topics', () => {
  let container: Container;
  let handler: sinon.SinonStubbedInstance<FailOpenCacheErrorHandler>;

  beforeEach(async () => {
    container = new Container();
    await enableCaching(container, { namespace, caches: { book: {} } });
    handler = sinon.stub(new FailOpenCacheErrorHandler());
    container.rebind(CacheErrorHandler).toConstantValue(handler);
  });

  afterEach(async () => {
    sinon.restore();
    await container.unbindAllAsync();
  });

  const publish = (body: string): Promise<number> => container.get(MessagePublisher).publish(`${namespace}:book-channel`, body);

  it('is told to the error handler: a message that nobody understands', async () => {
    await publish('no eviction at all');
    await waitFor(() => handler.handleReceiveError.callCount === 1, { what: 'the handler to be told' });
    const [error, topic] = handler.handleReceiveError.firstCall.args as unknown as [Error & { code: string }, string];
    expect([topic, error.code, error.message]).to.deep.equal([
      `${namespace}:book-channel`,
      'TOPIC_MESSAGE_MALFORMED',
      `A message on '${namespace}:book-channel' was ignored: unknown head. Others like it are ignored without another word. Look for who else publishes there.`,
    ]);
  });

  it('is told to the error handler: a listener that throws', async () => {
    const fail = (): never => {
      throw boom;
    };
    await container.get(MessageListenerContainer).addMessageListener(fail, ChannelTopic.of('news'));
    await container.get(MessagePublisher).publish('news', 'hello');
    await waitFor(() => handler.handleReceiveError.callCount === 1, { what: 'the handler to be told' });
    expect(handler.handleReceiveError.args).to.deep.equal([[boom, 'news']]);
  });

  it('is told to the error handler: an acknowledgement that cannot be published', async () => {
    const origin = 'other~0123456789ab';
    const inbox = inboxOf(namespace, origin);
    const really = InProcessTransport.prototype.publish;
    sinon.stub(InProcessTransport.prototype, 'publish').callsFake(async function (this: InProcessTransport, channel: string, body: string) {
      if (channel === inbox) throw boom;
      return really.call(this, channel, body);
    });
    await publish(
      JSON.stringify({
        v: 2,
        cache: 'book',
        seq: 1,
        gen: '1',
        op: 'evict',
        keys: ['Dune'],
        origin,
        ns: namespace,
        ack: true,
      }),
    );
    await waitFor(() => handler.handlePublishError.callCount === 1, { what: 'the handler to be told' });
    expect(handler.handlePublishError.args).to.deep.equal([[boom, inbox]]);
  });

  it('disturbs nothing, even if the handler throws', async () => {
    container.rebind(CacheErrorHandler).toConstantValue(new SimpleCacheErrorHandler());
    await publish('no eviction at all');
    const cache = container.get(CacheManager).getCache('book');
    await cache?.put('Dune', 1);
    expect(await cache?.get('Dune')).to.deep.equal({ value: 1 });
  });
});
