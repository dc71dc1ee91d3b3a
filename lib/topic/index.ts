/**
 * Plain publish and subscribe in the words of Spring Data Redis: topics, messages, listeners, a listener
 * container that keeps them subscribed, and a publisher. This room does not know about caches. It reaches a
 * broker through the port {@link PubSubTransport}: `InProcessTransport` is here, Redis is in `topic/redis`.
 * Touches time, event and errors.
 */
export { type Frame, parseFrame } from './frame.js';
export { globMatcher } from './glob.js';
export { ChannelTopic } from './channel-topic.js';
export { PatternTopic } from './pattern-topic.js';
export { checkTopics, type Topic } from './topic.js';
export type { Message } from './message.js';
export type { MessageListener, MessageListenerObject } from './message-listener.js';
export type { SubscriptionListener } from './subscription-listener.js';
export type { PubSubObserver, PubSubTransport } from './pub-sub-transport.js';
export { InProcessTransport } from './in-process-transport.js';
export type { ListenerContainerState } from './listener-container-state.js';
export { DEFAULT_SUBSCRIBE_TIMEOUT_MS, type MessageListenerContainerOptions } from './message-listener-container-options.js';
export { MessageListenerContainer } from './message-listener-container.js';
export { DEFAULT_PUBLISH_TIMEOUT_MS, MessagePublisher, type MessagePublisherOptions } from './message-publisher.js';
