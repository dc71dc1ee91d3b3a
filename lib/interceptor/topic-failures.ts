import { TopicError } from '../errors/index.js';
import type { CacheEvents } from '../event/index.js';
import type { CacheErrorHandler } from './cache-error-handler.js';

/**
 * Passes failures around topics to the error handler: messages that could not be published in the background,
 * messages that a listener did not take, messages that cannot be understood. No caller waits for them, so
 * what the handler throws ends here. Listeners of the event hear of it in any case.
 */
export function handleTopicFailures(
  events: CacheEvents,
  handler: () => Pick<CacheErrorHandler, 'handlePublishError' | 'handleReceiveError'>,
): void {
  events.on('error', ({ error, topic }) => {
    if (topic?.verb === 'publish') handler().handlePublishError(error, topic.name);
    else if (topic?.verb === 'receive') handler().handleReceiveError(error, topic.name);
  });
  events.on('malformed', ({ topic, reason }) => {
    const error = new TopicError('TOPIC_MESSAGE_MALFORMED', `A message on '${topic}' was ignored: ${reason}.`, {
      hint: 'Others like it are ignored without another word. Look for who else publishes there.',
    });
    handler().handleReceiveError(error, topic);
  });
}
