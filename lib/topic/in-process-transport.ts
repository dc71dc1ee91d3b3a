import { TopicError } from '../errors/index.js';
import { type HubMember, InProcessHub } from './in-process-hub.js';
import type { PubSubObserver, PubSubTransport } from './pub-sub-transport.js';
import type { Topic } from './topic.js';

/**
 * Pub/sub between the transports of one hub in one process, without a server: for tests, samples and a
 * single instance. Delivery is synchronous and in order, and the link is never lost. Counts and
 * patterns are those of Redis.
 */
export class InProcessTransport implements PubSubTransport {
  readonly endpoint: string;
  readonly #hub: string;
  #member: HubMember | undefined;
  #closed = false;

  /** @param hub - transports of the same hub hear each other. Default: `'default'`. */
  constructor(hub: string = 'default') {
    this.#hub = hub;
    this.endpoint = `in-process:${hub}`;
  }

  connect(observer: PubSubObserver): Promise<void> {
    if (this.#member !== undefined) {
      return Promise.reject(new TopicError('TOPIC_SUBSCRIBE_FAILED', `The transport of ${this.endpoint} is connected already.`));
    }
    this.#closed = false;
    this.#member = InProcessHub.join(this.#hub, observer);
    observer.onReady();
    return Promise.resolve();
  }

  async subscribe(topics: readonly Topic[]): Promise<void> {
    const member = this.#connected();
    for (const { kind, name } of topics) InProcessHub.subscribe(member, kind, name);
  }

  async unsubscribe(topics: readonly Topic[]): Promise<void> {
    const member = this.#connected();
    for (const { kind, name } of topics) (kind === 'channel' ? member.channels : member.patterns).delete(name);
  }

  async publish(channel: string, body: string): Promise<number> {
    if (this.#closed) throw new TopicError('TOPIC_PUBLISH_FAILED', `The transport of ${this.endpoint} is closed.`);
    return InProcessHub.publish(this.#hub, channel, body);
  }

  reconnect(reason?: unknown): void {
    const member = this.#member;
    if (member === undefined) return;
    this.#leave();
    member.observer.onLost(reason);
    if (!this.#closed && this.#member === undefined) void this.connect(member.observer);
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#leave();
    return Promise.resolve();
  }

  #leave(): void {
    if (this.#member !== undefined) InProcessHub.leave(this.#hub, this.#member);
    this.#member = undefined;
  }

  #connected(): HubMember {
    if (this.#member === undefined) throw new TopicError('TOPIC_SUBSCRIBE_FAILED', `The transport of ${this.endpoint} is not connected.`);
    return this.#member;
  }
}
