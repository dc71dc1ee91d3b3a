/**
 * What a listener receives. Pub/sub keeps nothing: a listener never sees a message that was
 * published while it was away.
 */
export interface Message {
  /** The channel it was published on. */
  readonly channel: string;
  /** The text as published. The publisher turned an object into JSON. */
  readonly body: string;
  /** The pattern that matched, for a {@link PatternTopic}; `undefined` for a {@link ChannelTopic}. */
  readonly pattern?: string | undefined;
}
