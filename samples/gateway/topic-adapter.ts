import type { Namespace } from 'socket.io';
import { ClusterAdapter, type ClusterMessage, type ClusterResponse } from 'socket.io-adapter';
import type { ChannelTopic, Message, MessageListenerContainer, MessagePublisher } from '../../lib/index.js';

/** The way from one Socket.IO server to the others. */
export interface TopicAdapterOptions {
  readonly topic: ChannelTopic;
  readonly publisher: MessagePublisher;
  readonly listeners: MessageListenerContainer;
}

/**
 * Relays what Socket.IO servers tell each other over a topic of this library, as JSON: no binary data. The gateways use it where there is no
 * Redis and the topic lives in their process. On Redis they use Socket.IO's own adapter, though this one would do there as well.
 */
export class TopicAdapter extends ClusterAdapter {
  /** Settles once messages of others arrive. */
  readonly subscribed: Promise<void>;
  readonly #options: TopicAdapterOptions;
  readonly #listener = ({ body }: Message): void => this.onMessage(JSON.parse(body) as ClusterMessage); // It passes over its own.

  constructor(namespace: Namespace, options: TopicAdapterOptions) {
    super(namespace);
    this.#options = options;
    this.subscribed = options.listeners.addMessageListener(this.#listener, options.topic);
    this.subscribed.catch(() => undefined); // For whoever waits for it.
  }

  override async close(): Promise<void> {
    const { listeners, topic } = this.#options;
    await listeners.removeMessageListener(this.#listener, topic);
  }

  /** There is no offset: a client that comes back is not told what it missed. */
  protected async doPublish(message: ClusterMessage): Promise<string> {
    const { publisher, topic } = this.#options;
    await publisher.publish(topic, message);
    return '';
  }

  protected async doPublishResponse(_to: string, response: ClusterResponse): Promise<void> {
    const { publisher, topic } = this.#options;
    await publisher.publish(topic, response);
  }
}
