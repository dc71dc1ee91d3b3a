import { TopicError } from '../errors/index.js';
import type { Milliseconds } from '../time/index.js';
import type { TopicSubscription } from './subscription-registry.js';

/** The server answered SUBSCRIBE with an error. */
export function subscriptionRefused(endpoint: string, subscriptions: readonly TopicSubscription[], cause: unknown): TopicError {
  return new TopicError('TOPIC_SUBSCRIBE_FAILED', `${endpoint} refused to subscribe ${quote(subscriptions)}.`, {
    hint: `Check that its user may read these channels (in Redis: ACL SETUSER … &channel).`,
    cause,
  });
}

/** The server did not confirm in time. */
export function subscriptionLate(endpoint: string, subscriptions: readonly TopicSubscription[], timeoutMs: Milliseconds): TopicError {
  return new TopicError('TOPIC_SUBSCRIBE_FAILED', `${endpoint} did not confirm ${quote(subscriptions)} within ${timeoutMs} ms.`, {
    hint: `The listener stays; it is subscribed as soon as the server can be reached.`,
  });
}

/** The container was stopped, or the listener removed, before the server confirmed. */
export function subscriptionGivenUp(endpoint: string, cause?: unknown): TopicError {
  return new TopicError(
    'TOPIC_SUBSCRIBE_FAILED',
    `The subscription at ${endpoint} was given up before it was confirmed: the container was stopped, or the listener removed.`,
    { cause },
  );
}

const quote = (subscriptions: readonly TopicSubscription[]): string => subscriptions.map(({ topic }) => `'${topic.name}'`).join(', ');
