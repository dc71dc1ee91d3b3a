/** What a listener receives. Pub/sub keeps nothing: a message published while a listener is away is never seen by it. */
export interface Message {
  /** The channel it was published on. */
  readonly channel: string;
  /** The text as published; an object was turned into JSON by the publisher. */
  readonly body: string;
  /** The pattern that matched, when a {@link PatternTopic} led here; `undefined` for a {@link ChannelTopic}. */
  readonly pattern?: string;
}
