import { createAdapter } from '@socket.io/redis-adapter';
import type { Container } from 'inversify';
import type { Namespace, Server } from 'socket.io';
import { ChannelTopic, MessageListenerContainer, MessagePublisher } from '../../lib/index.js';
import type { RedisConnection } from './redis-connection.js';
import { TopicAdapter } from './topic-adapter.js';

/** What carries messages between the Socket.IO servers of the gateways. */
export interface RelayTransport {
  /** Joins a server to the others. Resolves once messages of others arrive. */
  join(server: Server): Promise<void>;
}

/** Over Redis, by Socket.IO's adapter. */
export class RedisRelayTransport implements RelayTransport {
  readonly #publisher: RedisConnection;
  readonly #subscriber: RedisConnection;

  constructor(publisher: RedisConnection, subscriber: RedisConnection) {
    this.#publisher = publisher;
    this.#subscriber = subscriber;
  }

  async join(server: Server): Promise<void> {
    server.adapter(createAdapter(this.#publisher, this.#subscriber, { key: 'gateway:relay' }));
    await this.#subscriber.ping(); // Redis answers in order: by then it has confirmed the subscriptions, which the adapter does not wait for.
  }
}

/** Over the topic of a container, which without Redis is one within the process. */
export class TopicRelayTransport implements RelayTransport {
  readonly #container: Container;

  constructor(container: Container) {
    this.#container = container;
  }

  async join(server: Server): Promise<void> {
    const options = {
      topic: ChannelTopic.of('gateway-relay'),
      publisher: this.#container.get(MessagePublisher),
      listeners: this.#container.get(MessageListenerContainer),
    };
    const adapters: TopicAdapter[] = [];
    // A function and no arrow: Socket.IO calls it with `new`.
    server.adapter(function (namespace: Namespace) {
      const adapter = new TopicAdapter(namespace, options);
      adapters.push(adapter);
      return adapter;
    });
    await Promise.all(adapters.map(({ subscribed }) => subscribed));
  }
}
