import { ChannelTopic, checkTopics, type Message, type MessageListener as TopicMessageListener, type Topic } from '../topic/index.js';
import { listening } from './listener-methods.js';

/** What a listener container takes (Spring's interface). The decorator of the same name is beside it. */
export type MessageListener = TopicMessageListener;

/**
 * A decorator of methods that take a message, or nothing. It can be called in the legacy form
 * and in the standard one.
 */
export interface MessageListenerDecorator {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- any class will do
  (value: (this: any, message: Message) => unknown, context: ClassMethodDecoratorContext<any, any>): void;
  <M extends (message: Message) => unknown>(target: object, method: string | symbol, descriptor: TypedPropertyDescriptor<M>): void;
}

/**
 * Calls the method with every message of these topics: it is registered with the container's
 * `MessageListenerContainer`.
 *
 * ```ts
 * @MessageListener('orders')
 * onOrder({ body }: Message): void { … }
 * ```
 *
 * {@link EventListener} tells when the object begins and ends to listen, and what happens to its errors.
 * Resolving the object opens no connection: `enableCaching` has opened one, and with `cachingModule` it comes
 * with `CacheManager.start()` or the first use of a cache. The event `subscribed` reports the subscription,
 * `error` reports what prevented it. Pub/sub delivers at most once.
 *
 * @param topics - the name of a channel, a `ChannelTopic`, a `PatternTopic`, or a list of them.
 * @throws {TopicError} `TOPIC_LISTENER_INVALID` at decoration, for anything else.
 * @throws {CacheConfigurationError} `CACHE_OPERATION_INVALID` at decoration, for anything but a method.
 * @see Spring for Apache Kafka's `@KafkaListener`, and its kin
 */
export function MessageListener(topics: string | Topic | readonly (string | Topic)[]): MessageListenerDecorator {
  const list = Array.isArray(topics) ? (topics as readonly (string | Topic)[]) : [topics as string | Topic];
  const checked = checkTopics(list.map((topic) => (typeof topic === 'string' ? ChannelTopic.of(topic) : topic)));
  return listening('@MessageListener', { kind: 'message', topics: checked });
}
