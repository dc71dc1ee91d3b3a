import { expect } from 'chai';
import { TopicError } from '../../lib/errors/index.js';
import { ChannelTopic, PatternTopic } from '../../lib/topic/index.js';

for (const { type, kind, what } of [
  { type: ChannelTopic, kind: 'channel', what: 'name of a channel' },
  { type: PatternTopic, kind: 'pattern', what: 'pattern of a topic' },
]) {
  describe(type.name, () => {
    describe('of', () => {
      it('takes the name as it is', () => {
        const topic = type.of('book-*');
        expect([topic.kind, topic.name, `${topic}`]).to.deep.equal([kind, 'book-*', 'book-*']);
        expect(Object.isFrozen(topic)).to.equal(true);
      });

      it('refuses what is no name', () => {
        for (const [wrong, got] of [
          ['', 'an empty string'],
          [undefined, '`undefined` (undefined)'],
          [7, '`7` (number)'],
        ] as const) {
          expect(() => type.of(wrong as never))
            .to.throw(TopicError, new RegExp(`^Expected the ${what} to be a non-empty string, got ${got.replace(/[()]/g, '\\$&')}\\.$`))
            .with.property('code', 'TOPIC_LISTENER_INVALID');
        }
      });
    });
  });
}
