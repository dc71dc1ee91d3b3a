import { shownWithType, TopicError } from '../errors/index.js';

/** The topic of every channel that a glob matches. Spring's `PatternTopic`. */
export class PatternTopic {
  readonly kind = 'pattern';
  /** The glob as given. */
  readonly name: string;

  private constructor(name: string) {
    this.name = name;
    Object.freeze(this);
  }

  /**
   * The topic of all channels that `glob` matches, in Redis' dialect: `*` any run of characters, `?` one
   * character, `[abc]`, `[a-z]` and `[^a]` one of a set, `\` takes the next character literally.
   *
   * @throws {TopicError} `TOPIC_LISTENER_INVALID` when `glob` is not a string or is empty.
   * @see https://redis.io/docs/latest/commands/psubscribe/
   */
  static of(glob: string): PatternTopic {
    if (typeof glob !== 'string' || glob === '') {
      throw new TopicError(
        'TOPIC_LISTENER_INVALID',
        `Expected the pattern of a topic to be a non-empty string, got ${shownWithType(glob)}.`,
      );
    }
    return new PatternTopic(glob);
  }

  /** The pattern. */
  toString(): string {
    return this.name;
  }
}
