import { shownWithType, TopicError } from '../errors/index.js';

/** The topic of exactly one channel. Spring's `ChannelTopic`. */
export class ChannelTopic {
  readonly kind = 'channel';
  /** The channel, character for character. */
  readonly name: string;

  private constructor(name: string) {
    this.name = name;
    Object.freeze(this);
  }

  /**
   * The topic of the channel `name`. Nothing in it is a wildcard.
   *
   * @throws {TopicError} `TOPIC_LISTENER_INVALID` when `name` is not a string or is empty.
   */
  static of(name: string): ChannelTopic {
    if (typeof name !== 'string' || name === '') {
      throw new TopicError(
        'TOPIC_LISTENER_INVALID',
        `Expected the name of a channel to be a non-empty string, got ${shownWithType(name)}.`,
      );
    }
    return new ChannelTopic(name);
  }

  /** The name. */
  toString(): string {
    return this.name;
  }
}
