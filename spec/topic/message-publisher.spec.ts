import { expect } from 'chai';
import sinon from 'sinon';
import { TopicError } from '../../lib/errors/index.js';
import {
  ChannelTopic,
  InProcessTransport,
  MessageListenerContainer,
  MessagePublisher,
  PatternTopic,
  type Message,
} from '../../lib/topic/index.js';

describe(MessagePublisher.name, () => {
  let transport: InProcessTransport;
  let container: MessageListenerContainer;
  let publisher: MessagePublisher;
  let seen: Message[];

  beforeEach(async () => {
    seen = [];
    container = new MessageListenerContainer(new InProcessTransport('publisher'));
    await container.addMessageListener((message) => void seen.push(message), ChannelTopic.of('a'));
    await container.start();
    transport = new InProcessTransport('publisher');
    publisher = new MessagePublisher(transport);
  });

  afterEach(async () => {
    sinon.restore();
    await container.stop();
    await transport.close();
  });

  describe('publish', () => {
    it('takes a topic or a channel name, and tells how many it reached', async () => {
      expect(await publisher.publish(ChannelTopic.of('a'), '1')).to.equal(1);
      expect(await publisher.publish('a', '2')).to.equal(1);
      expect(await publisher.publish('b', '3')).to.equal(0);
      expect(seen).to.deep.equal([
        { channel: 'a', body: '1' },
        { channel: 'a', body: '2' },
      ]);
    });

    it('sends a string as it is and an object as JSON', async () => {
      await publisher.publish('a', '"text"');
      await publisher.publish('a', { n: 1, list: ['x'] });
      await publisher.publish('a', []);
      expect(seen.map(({ body }) => body)).to.deep.equal(['"text"', '{"n":1,"list":["x"]}', '[]']);
    });

    it('refuses what cannot be published on', async () => {
      for (const [wrong, got] of [
        [PatternTopic.of('a*'), "the pattern 'a*'"],
        ['', 'an empty string'],
        [undefined, '`undefined`'],
        [{ kind: 'channel' }, '`[object Object]`'],
      ] as const) {
        const error = await failure(publisher.publish(wrong as never, 'x'));
        expect([error.code, error.message]).to.deep.equal([
          'TOPIC_LISTENER_INVALID',
          `Expected a channel to publish on, got ${got}. Write ChannelTopic.of('book-channel').`,
        ]);
      }
    });

    it('refuses what is no message', async () => {
      for (const [wrong, got] of [
        [undefined, 'undefined'],
        [null, 'null'],
        [7, 'number'],
        [() => 0, 'function'],
      ] as const) {
        const error = await failure(publisher.publish('a', wrong as never));
        expect(error.code).to.equal('TOPIC_LISTENER_INVALID');
        expect(error.message).to.equal(`Expected the message for 'a' to be a string or an object, got ${got}.`);
      }
    });

    it('fails for an object that JSON cannot hold', async () => {
      const cycle: Record<string, unknown> = {};
      cycle['self'] = cycle;
      for (const wrong of [cycle, { n: 1n }, { toJSON: () => undefined }]) {
        const error = await failure(publisher.publish('a', wrong));
        expect([error.code, error.message]).to.deep.equal(['TOPIC_PUBLISH_FAILED', "The message for 'a' cannot be written as JSON."]);
        expect(error.cause).to.be.instanceOf(TypeError);
      }
      expect(seen).to.deep.equal([]);
    });

    it('names channel and broker when the transport fails, never the message', async () => {
      const cause = new Error('gone');
      sinon.stub(transport, 'publish').rejects(cause);
      const error = await failure(publisher.publish('a', 'secret'));
      expect(error).to.be.instanceOf(TopicError);
      expect([error.code, error.cause]).to.deep.equal(['TOPIC_PUBLISH_FAILED', cause]);
      expect(error.message).to.equal(
        "A message could not be published on 'a' at in-process:publisher. It is not retried; publish it again once the server can be reached.",
      );
    });

    it('waits no longer than its deadline, and leaves no timer behind', async () => {
      const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      const hang = sinon.stub(transport, 'publish').returns(new Promise(() => undefined));
      const publishing = failure(new MessagePublisher(transport, { publishTimeoutMs: 70 }).publish('a', 'x'));
      clock.tick(70);
      const error = await publishing;
      expect(error.code).to.equal('TOPIC_PUBLISH_FAILED');
      expect((error.cause as Error).message).to.equal('in-process:publisher did not answer within 70 ms.');
      hang.restore();
      await publisher.publish('a', 'y');
      expect(clock.countTimers()).to.equal(0);
    });
  });
});

async function failure(promise: Promise<unknown>): Promise<TopicError> {
  try {
    await promise;
  } catch (error) {
    return error as TopicError;
  }
  throw new Error('Expected a rejection.');
}
