import { ChannelTopic, type Message, type MessageListenerContainer } from '../topic/index.js';
import type { FleetTopics } from './fleet-message.js';
import type { FleetPort } from './fleet-watch.js';

/**
 * Reaches the fleet over its two topics.
 *
 * @param publish - resolves with the number of subscriptions that got the message.
 */
export function topicPort(
  listeners: MessageListenerContainer,
  publish: (channel: string, message: string) => Promise<number>,
  topics: FleetTopics,
): FleetPort {
  return {
    ask: (message) => publish(topics.ask, message),
    async listen(heard) {
      const topic = ChannelTopic.of(topics.answer);
      const listener = ({ body }: Message): void => heard(body);
      await listeners.addMessageListener(listener, topic);
      return () => listeners.removeMessageListener(listener, topic);
    },
  };
}
