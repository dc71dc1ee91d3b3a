import { expect } from 'chai';
import { ChannelTopic, PatternTopic, type Message, type PubSubObserver, type PubSubTransport } from '../../lib/topic/index.js';
import { waitFor } from '../support/wait.js';
import { cacheErrorOf } from './rejection.js';

/** Notes what a transport tells, in order. */
export class RecordingObserver implements PubSubObserver {
  readonly messages: Message[] = [];
  readonly told: string[] = [];

  onMessage(message: Message): void {
    this.messages.push(message);
  }

  onReady(): void {
    this.told.push('ready');
  }

  onLost(): void {
    this.told.push('lost');
  }

  get bodies(): string[] {
    return this.messages.map(({ body }) => body);
  }

  /** Resolves once `count` messages came. More are seen by whoever looks afterwards. */
  received(count: number): Promise<void> {
    return waitFor(() => this.messages.length >= count, { what: `${count} messages, got ${this.messages.length}` });
  }
}

/**
 * What every {@link PubSubTransport} owes its listener container. Run for each implementation, so that the in-process one is proven to
 * behave as Redis does.
 *
 * @param makeTransport - a new transport; those of one `makeTransport` hear each other.
 * @param prefix - begins every channel, so that a shared broker is not disturbed. Asked before each test; must hold no wildcard.
 */
export function describeTransportContract(name: string, makeTransport: () => PubSubTransport, prefix: () => string): void {
  describe(`${name} as a PubSubTransport`, () => {
    const transports: PubSubTransport[] = [];
    let p: string;

    beforeEach(() => (p = prefix()));
    afterEach(async () => {
      await Promise.all(transports.splice(0).map((transport) => transport.close()));
    });

    const make = (): PubSubTransport => {
      const transport = makeTransport();
      transports.push(transport);
      return transport;
    };

    const connected = async (): Promise<{ transport: PubSubTransport; observer: RecordingObserver }> => {
      const transport = make();
      const observer = new RecordingObserver();
      await transport.connect(observer);
      return { transport, observer };
    };

    /** Everything published before it has been delivered when this resolves: one connection, one order. */
    const settled = async (
      { transport, observer }: { transport: PubSubTransport; observer: RecordingObserver },
      publisher: PubSubTransport,
    ): Promise<void> => {
      const marker = `${p}marker-${Math.random()}`;
      await transport.subscribe([ChannelTopic.of(marker)]);
      await publisher.publish(marker, 'marker');
      await waitFor(() => observer.messages.some(({ channel }) => channel === marker), { what: 'the marker' });
      observer.messages.splice(
        observer.messages.findIndex(({ channel }) => channel === marker),
        1,
      );
    };

    describe('connect', () => {
      it('tells that it is ready, once, before it resolves', async () => {
        const { observer } = await connected();
        expect(observer.told).to.deep.equal(['ready']);
      });

      it('refuses a second observer', async () => {
        const { transport } = await connected();
        const error = await cacheErrorOf(transport.connect(new RecordingObserver()));
        expect(error.code).to.equal('TOPIC_SUBSCRIBE_FAILED');
        expect(error.message).to.equal(`The transport of ${transport.endpoint} is connected already.`);
      });

      it('works again after close, and begins without subscriptions', async () => {
        const { transport, observer } = await connected();
        await transport.subscribe([ChannelTopic.of(`${p}a`)]);
        await transport.close();
        const again = new RecordingObserver();
        await transport.connect(again);
        expect(await transport.publish(`${p}a`, 'unheard')).to.equal(0);
        await transport.subscribe([ChannelTopic.of(`${p}a`)]);
        expect(await transport.publish(`${p}a`, 'heard')).to.equal(1);
        await again.received(1);
        expect(again.messages).to.deep.equal([{ channel: `${p}a`, body: 'heard' }]);
        expect(observer.messages).to.deep.equal([]);
      });
    });

    describe('subscribe', () => {
      it('delivers from the moment it resolves', async () => {
        const { transport, observer } = await connected();
        await transport.subscribe([ChannelTopic.of(`${p}a`), ChannelTopic.of(`${p}b`)]);
        await make().publish(`${p}b`, 'hello');
        await observer.received(1);
        expect(observer.messages).to.deep.equal([{ channel: `${p}b`, body: 'hello' }]);
      });

      it('keeps the order of 1000 messages', async () => {
        const { transport, observer } = await connected();
        const publisher = make();
        await transport.subscribe([ChannelTopic.of(`${p}a`), PatternTopic.of(`${p}b*`)]);
        const expected = Array.from({ length: 1000 }, (_, i) => `${i}`);
        await Promise.all(expected.map((body, i) => publisher.publish(i % 3 === 0 ? `${p}b${i}` : `${p}a`, body)));
        await observer.received(1000);
        expect(observer.bodies).to.deep.equal(expected);
      });

      it('delivers to every subscriber', async () => {
        const subscribers = await Promise.all([connected(), connected(), connected()]);
        for (const { transport } of subscribers) await transport.subscribe([ChannelTopic.of(`${p}a`)]);
        expect(await make().publish(`${p}a`, 'hello')).to.equal(3);
        for (const { observer } of subscribers) await observer.received(1);
        expect(subscribers.map(({ observer }) => observer.bodies)).to.deep.equal([['hello'], ['hello'], ['hello']]);
      });

      it('delivers once for the channel and once for each pattern that matches, and names the pattern', async () => {
        const { transport, observer } = await connected();
        await transport.subscribe([
          ChannelTopic.of(`${p}a`),
          PatternTopic.of(`${p}*`),
          PatternTopic.of(`${p}?`),
          PatternTopic.of(`${p}b*`),
        ]);
        expect(await make().publish(`${p}a`, 'hello')).to.equal(3);
        await observer.received(3);
        const [first, ...others] = observer.messages;
        expect(first).to.deep.equal({ channel: `${p}a`, body: 'hello' });
        expect(others).to.have.deep.members([
          { channel: `${p}a`, body: 'hello', pattern: `${p}*` },
          { channel: `${p}a`, body: 'hello', pattern: `${p}?` },
        ]);
      });

      it('takes nothing in a channel for a wildcard', async () => {
        const { transport } = await connected();
        await transport.subscribe([ChannelTopic.of(`${p}*`)]);
        expect([await transport.publish(`${p}a`, ''), await transport.publish(`${p}*`, '')]).to.deep.equal([0, 1]);
      });

      it('fails without a connection', async () => {
        const transport = make();
        const error = await cacheErrorOf(transport.subscribe([ChannelTopic.of(`${p}a`)]));
        expect(error.code).to.equal('TOPIC_SUBSCRIBE_FAILED');
        expect(error.message).to.equal(`The transport of ${transport.endpoint} is not connected.`);
      });

      // Every pattern here against every text: the answers are Redis', which the run on Redis proves.
      const texts = [
        '',
        'a',
        'b',
        'ab',
        'abc',
        'a.c',
        'a*c',
        'a]c',
        '[a]',
        'a-c',
        '^',
        '\\',
        'a\\c',
        'book:1',
        'line\nbreak',
        '-',
        ']',
        '*',
        'z',
      ];
      const globs: Readonly<Record<string, readonly string[]>> = {
        '*': texts,
        'a*': ['a', 'ab', 'abc', 'a.c', 'a*c', 'a]c', 'a-c', 'a\\c'],
        '*c': ['abc', 'a.c', 'a*c', 'a]c', 'a-c', 'a\\c'],
        '**b**': ['b', 'ab', 'abc', 'book:1', 'line\nbreak'],
        'a?c': ['abc', 'a.c', 'a*c', 'a]c', 'a-c', 'a\\c'],
        'a.c': ['a.c'],
        'a\\*c': ['a*c'],
        '[ab]': ['a', 'b'],
        '[^a]': ['b', '^', '\\', '-', ']', '*', 'z'],
        '[a-y]': ['a', 'b'],
        '[y-a]': ['a', 'b'],
        'a[-]c': ['a-c'],
        'a[\\]]c': ['a]c'],
        '[]': [],
        '[a': ['a'],
        '[^': ['a', 'b', '^', '\\', '-', ']', '*', 'z'],
        '\\[a]': ['[a]'],
        'line?break': ['line\nbreak'],
        '\\': ['\\'],
        'a\\\\c': ['a\\c'],
        'book:[0-9]': ['book:1'],
      };
      for (const [glob, expected] of Object.entries(globs)) {
        it(`matches the pattern ${JSON.stringify(glob)} as Redis does`, async () => {
          const { transport } = await connected();
          await transport.subscribe([PatternTopic.of(p + glob)]);
          const matched: string[] = [];
          for (const text of texts) if ((await transport.publish(p + text, '')) === 1) matched.push(text);
          expect(matched).to.deep.equal(expected);
        });
      }
    });

    describe('unsubscribe', () => {
      it('ends delivery for these topics only', async () => {
        const subscriber = await connected();
        const { transport, observer } = subscriber;
        await transport.subscribe([
          ChannelTopic.of(`${p}a`),
          ChannelTopic.of(`${p}b`),
          PatternTopic.of(`${p}c*`),
          PatternTopic.of(`${p}d*`),
        ]);
        await transport.unsubscribe([ChannelTopic.of(`${p}a`), PatternTopic.of(`${p}c*`)]);
        for (const channel of ['a', 'b', 'c1', 'd1']) await transport.publish(p + channel, channel);
        await settled(subscriber, transport);
        expect(observer.bodies).to.deep.equal(['b', 'd1']);
      });
    });

    describe('publish', () => {
      it('tells how many subscriptions it reached, and needs no connect', async () => {
        const [one, two] = await Promise.all([connected(), connected()]);
        await one.transport.subscribe([ChannelTopic.of(`${p}a`)]);
        await two.transport.subscribe([ChannelTopic.of(`${p}a`), PatternTopic.of(`${p}a*`)]);
        const publisher = make();
        expect([await publisher.publish(`${p}a`, ''), await publisher.publish(`${p}none`, '')]).to.deep.equal([3, 0]);
      });

      it('keeps the order of what is published from inside a delivery', async () => {
        const [talker, hearer] = [make(), await connected()];
        const publisher = make();
        const published: Promise<number>[] = [];
        await talker.connect({
          onMessage: ({ body }) => {
            if (body.length < 4) published.push(talker.publish(`${p}a`, `${body}+`));
          },
          onReady: () => undefined,
          onLost: () => undefined,
        });
        await talker.subscribe([ChannelTopic.of(`${p}a`)]);
        await hearer.transport.subscribe([ChannelTopic.of(`${p}a`)]);
        await publisher.publish(`${p}a`, 'x');
        await hearer.observer.received(4);
        expect(hearer.observer.bodies).to.deep.equal(['x', 'x+', 'x++', 'x+++']);
        expect(await Promise.all(published)).to.deep.equal([2, 2, 2]);
      });

      it('delivers any text unchanged', async () => {
        const { transport, observer } = await connected();
        const bodies = ['', ' ', 'line\nbreak\r\n', '"quoted"', 'zażółć 💾', '\0', 'x'.repeat(100_000)];
        await transport.subscribe([ChannelTopic.of(`${p}ż 💾`)]);
        for (const body of bodies) await transport.publish(`${p}ż 💾`, body);
        await observer.received(bodies.length);
        expect(observer.messages).to.deep.equal(bodies.map((body) => ({ channel: `${p}ż 💾`, body })));
      });

      it('fails after close', async () => {
        const { transport } = await connected();
        await transport.close();
        const error = await cacheErrorOf(transport.publish(`${p}a`, ''));
        expect(error.code).to.equal('TOPIC_PUBLISH_FAILED');
        expect(error.message).to.equal(`The transport of ${transport.endpoint} is closed.`);
      });
    });

    describe('reconnect', () => {
      it('tells the loss before it returns, and opens a link without subscriptions', async () => {
        const { transport, observer } = await connected();
        await transport.subscribe([ChannelTopic.of(`${p}a`)]);
        transport.reconnect();
        expect(observer.told.slice(0, 2)).to.deep.equal(['ready', 'lost']);
        await waitFor(() => observer.told.at(-1) === 'ready' && observer.told.length > 2, { what: 'the new link' });
        expect(observer.told.filter((what) => what !== 'failed')).to.deep.equal(['ready', 'lost', 'ready']);
        expect(await transport.publish(`${p}a`, 'unheard')).to.equal(0);
        await transport.subscribe([ChannelTopic.of(`${p}a`)]);
        expect(await transport.publish(`${p}a`, 'heard')).to.equal(1);
        await observer.received(1);
        expect(observer.bodies).to.deep.equal(['heard']);
      });

      it('does nothing without a link', async () => {
        const { transport, observer } = await connected();
        await transport.close();
        transport.reconnect();
        expect(observer.told).to.deep.equal(['ready']);
      });
    });

    describe('close', () => {
      it('delivers nothing from the moment of the call', async () => {
        const { transport, observer } = await connected();
        const publisher = make();
        await transport.subscribe([ChannelTopic.of(`${p}a`)]);
        await publisher.publish(`${p}a`, 'before');
        await observer.received(1);
        const closing = transport.close();
        await publisher.publish(`${p}a`, 'during');
        await closing;
        expect(await publisher.publish(`${p}a`, 'after')).to.equal(0);
        expect(observer.bodies).to.deep.equal(['before']);
        expect(observer.told).to.deep.equal(['ready']);
      });

      it('delivers nothing further when called from inside a delivery', async () => {
        const [closer, hearer] = [make(), await connected()];
        const seen: string[] = [];
        await closer.connect({
          onMessage: ({ body }) => {
            seen.push(body);
            void closer.close();
          },
          onReady: () => undefined,
          onLost: () => undefined,
        });
        await closer.subscribe([ChannelTopic.of(`${p}a`)]);
        await hearer.transport.subscribe([ChannelTopic.of(`${p}a`)]);
        const publisher = make();
        await Promise.all([publisher.publish(`${p}a`, '1'), publisher.publish(`${p}a`, '2'), publisher.publish(`${p}a`, '3')]);
        await hearer.observer.received(3);
        await settled(hearer, publisher);
        expect(seen).to.deep.equal(['1']);
      });

      it('may be called twice, and without a connection', async () => {
        const { transport } = await connected();
        await Promise.all([transport.close(), transport.close()]);
        await transport.close();
        await make().close();
      });
    });
  });
}
