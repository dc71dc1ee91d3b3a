import { shown, TopicError } from '../errors/index.js';
import type { ChannelTopic } from './channel-topic.js';
import type { PatternTopic } from './pattern-topic.js';

/**
 * Where messages are published and listened to: one channel, or every channel that a pattern
 * matches. Spring's `Topic`.
 */
export type Topic = ChannelTopic | PatternTopic;

/**
 * `topics` as a list without repetitions.
 *
 * @throws {TopicError} `TOPIC_LISTENER_INVALID` when it is neither a topic nor a list of at least one.
 */
export function checkTopics(topics: Topic | readonly Topic[]): readonly Topic[] {
  const list: readonly unknown[] = Array.isArray(topics) ? topics : [topics];
  const wrong = list.findIndex((topic) => !isTopic(topic));
  if (list.length === 0 || wrong >= 0) {
    const got = list.length === 0 ? 'an empty list' : typeof list[wrong] === 'string' ? 'a string' : shown(list[wrong]);
    throw new TopicError('TOPIC_LISTENER_INVALID', `Expected a topic or a list of topics, got ${got}.`, {
      hint: `Write ChannelTopic.of('book-channel') or PatternTopic.of('book-*').`,
    });
  }
  return [...new Map((list as readonly Topic[]).map((topic) => [topicId(topic), topic])).values()];
}

/** A string that tells a channel from a pattern of the same name. */
function topicId(topic: Topic): string {
  return `${topic.kind}:${topic.name}`;
}

/** Checks the shape and not the class, so that topics from a second installed copy pass too. */
function isTopic(topic: unknown): topic is Topic {
  if (typeof topic !== 'object' || topic === null) return false;
  const { kind, name } = topic as Partial<Topic>;
  return (kind === 'channel' || kind === 'pattern') && typeof name === 'string' && name !== '';
}
