import { ChannelTopic, type Message, type MessageListenerContainer } from '../topic/index.js';
import type { FleetTopics } from './fleet-message.js';
import type { FleetPort } from './fleet-watch.js';

/**
 * The fleet as it is reached over topics.
 *
 * @param publish - answers how many subscriptions the message was delivered to.
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
