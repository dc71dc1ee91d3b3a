import { shown, TopicError } from '../errors/index.js';
import { type Milliseconds, systemTimers, type Timers, withDeadline } from '../time/index.js';
import type { PubSubTransport } from './pub-sub-transport.js';
import type { Topic } from './topic.js';

/** How a {@link MessagePublisher} is set up. */
export interface MessagePublisherOptions {
  /** How long one `publish` may take, in milliseconds. Default: {@link DEFAULT_PUBLISH_TIMEOUT_MS}. */
  readonly publishTimeoutMs?: Milliseconds | undefined;
  /** @internal Default: Node's. */
  readonly timers?: Timers | undefined;
}

/** Default of {@link MessagePublisherOptions#publishTimeoutMs}. */
export const DEFAULT_PUBLISH_TIMEOUT_MS: Milliseconds = 2_000;

/** Publishes messages on topics. Messages of one publisher arrive in the order of its calls. */
export class MessagePublisher {
  readonly #transport: PubSubTransport;
  readonly #publishTimeoutMs: Milliseconds;
  readonly #timers: Timers;

  /** @internal Made by the caching module. */
  constructor(transport: PubSubTransport, options: MessagePublisherOptions = {}) {
    this.#transport = transport;
    this.#publishTimeoutMs = options.publishTimeoutMs ?? DEFAULT_PUBLISH_TIMEOUT_MS;
    this.#timers = options.timers ?? systemTimers;
  }

  /**
   * Publishes `message` on the channel `topic`.
   *
   * @param topic - a {@link ChannelTopic}, or the name of a channel.
   * @param message - a string is sent as it is, an object as JSON.
   * @returns how many subscriptions it was delivered to: `0` means that nobody listens now. A Redis Cluster
   *   counts those of one node only.
   * @throws {TopicError} `TOPIC_LISTENER_INVALID` for a pattern or another wrong argument.
   *   `TOPIC_PUBLISH_FAILED` when the message cannot be written as JSON, or the broker refuses it or does not
   *   answer in time. In the last case the message may have been delivered, or may be later.
   */
  async publish(topic: Topic | string, message: string | object): Promise<number> {
    const channel = channelOf(topic);
    const body = bodyOf(channel, message);
    try {
      return await withDeadline(
        this.#transport.publish(channel, body),
        this.#publishTimeoutMs,
        () => new Error(`${this.#transport.endpoint} did not answer within ${this.#publishTimeoutMs} ms.`),
        this.#timers,
      );
    } catch (cause) {
      throw new TopicError('TOPIC_PUBLISH_FAILED', `A message could not be published on '${channel}' at ${this.#transport.endpoint}.`, {
        hint: `It is not retried; publish it again once the server can be reached.`,
        cause,
      });
    }
  }
}

function channelOf(topic: Topic | string): string {
  const [kind, name] =
    typeof topic === 'string' ? ['channel', topic] : [(topic as Topic | undefined)?.kind, (topic as Topic | undefined)?.name];
  if (kind === 'channel' && typeof name === 'string' && name !== '') return name;
  const got = kind === 'pattern' ? `the pattern '${shown(name)}'` : typeof topic === 'string' ? 'an empty string' : `\`${shown(topic)}\``;
  throw new TopicError('TOPIC_LISTENER_INVALID', `Expected a channel to publish on, got ${got}.`, {
    hint: `Write ChannelTopic.of('book-channel').`,
  });
}

function bodyOf(channel: string, message: string | object): string {
  if (typeof message === 'string') return message;
  if (typeof message !== 'object' || (message as unknown) === null) {
    throw new TopicError(
      'TOPIC_LISTENER_INVALID',
      `Expected the message for '${channel}' to be a string or an object, got ${message === null ? 'null' : typeof message}.`,
    );
  }
  try {
    const body = JSON.stringify(message) as string | undefined;
    if (body === undefined) throw new TypeError('toJSON() returned undefined.');
    return body;
  } catch (cause) {
    throw new TopicError('TOPIC_PUBLISH_FAILED', `The message for '${channel}' cannot be written as JSON.`, { cause });
  }
}
