/**
 * Seen on a busy machine: a sample did not start, and a subscriber was given up, on a healthy Redis. ioredis
 * measures the silence of a connection with a timer, and timers come before sockets: after a blocked event loop
 * the answer lies in the socket, unread, and the timer fires first.
 *
 * The link now measures silence itself, and gives the event loop its turn to read before it decides.
 */
import { expect } from 'chai';
import { faultyRedis } from '../../lib/testing/index.js';
import { ChannelTopic, MessageListenerContainer } from '../../lib/topic/index.js';
import { RedisTransport } from '../../lib/topic/redis/index.js';
import { turn } from '../support/promises.js';
import { ownNamespace, sharedRedis } from '../support/shared-redis.js';
import { waitFor } from '../support/wait.js';

const QUIET_MS = 300;
const PING_MS = 50;

function block(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until;);
}

describe('Issue 2: a subscriber in a busy process', () => {
  it('keeps its connection while the event loop stands still for longer than a silence may last', async () => {
    const { url } = await sharedRedis();
    const container = new MessageListenerContainer(new RedisTransport(url, { pingIntervalMs: PING_MS, socketTimeoutMs: QUIET_MS }));
    const lost: number[] = [];
    container.addSubscriptionListener({ onSubscribed: () => undefined, onLost: (epoch) => void lost.push(epoch) });
    const heard: string[] = [];
    const topic = ChannelTopic.of(`${ownNamespace('busy')}-channel`);
    await container.addMessageListener(({ body }) => void heard.push(body), topic);
    await container.start();
    try {
      const { epoch } = container;
      let blocks = 0;
      // It comes right behind the PING of the link, and stops the event loop before the answer can be read.
      const busy = setInterval(() => {
        setImmediate(() => {
          block(3 * QUIET_MS);
          blocks += 1;
        });
      }, PING_MS);
      await waitFor(() => blocks >= 8, { what: 'the loop to stand still' });
      clearInterval(busy);
      for (let i = 0; i < 5; i += 1) await turn();
      expect([lost, container.epoch, container.isListening]).to.deep.equal([[], epoch, true]);
    } finally {
      await container.stop();
    }
  });

  it('gives a connection up whose server says nothing, once it has said so for long enough', async () => {
    const proxy = await faultyRedis((await sharedRedis()).url);
    const container = new MessageListenerContainer(new RedisTransport(proxy.url, { pingIntervalMs: PING_MS, socketTimeoutMs: QUIET_MS }));
    const lost: number[] = [];
    container.addSubscriptionListener({ onSubscribed: () => undefined, onLost: (epoch) => void lost.push(epoch) });
    await container.addMessageListener(() => undefined, ChannelTopic.of(`${ownNamespace('deaf')}-channel`));
    await container.start();
    try {
      proxy.blackhole();
      await waitFor(() => lost.length > 0, { what: 'the silence to be noticed' });
    } finally {
      await container.stop();
      await proxy.stop();
    }
  });
});
