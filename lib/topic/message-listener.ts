import { TopicError } from '../errors/index.js';
import type { Message } from './message.js';
import type { SubscriptionListener } from './subscription-listener.js';

/**
 * Receives every message of its topics: a function, or an object with `onMessage`.
 * Spring's `MessageListener`.
 *
 * It is called synchronously, in the order of arrival. The next message does not wait for a promise it
 * returns. If it throws or rejects, the error becomes an `error` event and the other listeners are not
 * affected. A listener that also has the callbacks of {@link SubscriptionListener} is told about the
 * subscriptions of its own topics.
 */
export type MessageListener = ((message: Message) => void | Promise<void>) | MessageListenerObject;

/** The object form of a {@link MessageListener}. */
export interface MessageListenerObject extends SubscriptionListener {
  /** Takes one message. */
  onMessage(message: Message): void | Promise<void>;
}

/**
 * @throws {TopicError} `TOPIC_LISTENER_INVALID` when `listener` is neither a function nor an
 *   object with `onMessage`.
 */
export function checkListener(listener: MessageListener): void {
  if (typeof listener === 'function') return;
  if (typeof listener === 'object' && (listener as unknown) !== null && typeof listener.onMessage === 'function') return;
  throw new TopicError(
    'TOPIC_LISTENER_INVALID',
    `Expected a message listener to be a function or an object with onMessage(), got ${describe(listener)}.`,
  );
}

function describe(value: unknown): string {
  return typeof value === 'object' && value !== null ? 'an object without it' : `\`${String(value)}\` (${typeof value})`;
}
