import { expect } from 'chai';
import { MAXIMUM_TAGS_NOTED, TagClock } from '../../../lib/cache/index.js';
import { ANY_TAG } from '../../../lib/cache/tag/tag-clock.js';
import { momentOf, Tagged } from '../../../lib/cache/tag/tagged.js';
import { FakeClock } from '../../support/fake-clock.js';

describe(TagClock.name, () => {
  let clock: FakeClock;
  let tags: TagClock;

  beforeEach(() => {
    clock = new FakeClock();
    tags = new TagClock(clock);
    tags.holdLeaseUntil(clock.now() + 1_000);
  });

  /** The remote tier has told it. */
  const told = (names: string[], since: number, numbers: (number | undefined)[], floor: number | undefined = 1): boolean =>
    tags.told(names, since, { floor, numbers }, tags.version);

  it('tells what was evicted after a number, and nothing of other tags', () => {
    tags.evicted(['a', 'b'], 7);
    expect([tags.isOvertaken(['a'], 6), tags.isOvertaken(['a'], 7), tags.isOvertaken(['x', 'b'], 6)]).to.deep.equal([true, false, true]);
    expect([tags.isOvertaken(['c'], 0), tags.isOvertaken([], 0)]).to.deep.equal([false, false]);
  });

  it('keeps the greatest number of a tag, in whatever order it hears them', () => {
    tags.evicted(['a'], 9);
    tags.evicted(['a'], 7);
    told(['a'], 1, [8]);
    expect([tags.isOvertaken(['a'], 8), tags.isOvertaken(['a'], 9)]).to.deep.equal([true, false]);
  });

  it('knows of everything from the first number on that it has heard all messages up to', () => {
    expect([tags.knows(['a'], 1e15), tags.mayBeOvertaken(['a'], 1e15)]).to.deep.equal([false, true]);
    tags.heard(5);
    tags.heard(8);
    expect([4, 5, 6].map((since) => tags.knows(['a'], since))).to.deep.equal([false, true, true]);
    expect([4, 5, 6].map((since) => tags.mayBeOvertaken(['a'], since))).to.deep.equal([true, false, false]);
  });

  it('knows all there is to know of an entry without tags', () => {
    expect([tags.knows([], 0), tags.isOvertaken([], 0), tags.mayBeOvertaken([], 0)]).to.deep.equal([true, false, false]);
  });

  it('takes tags that are not known for any that was evicted', () => {
    tags.heard(5);
    expect([4, 5].map((since) => tags.mayBeOvertaken(ANY_TAG, since))).to.deep.equal([true, false]);
    tags.evicted(['a'], 7);
    expect([6, 7].map((since) => tags.mayBeOvertaken(ANY_TAG, since))).to.deep.equal([true, false]);
    // Only this very list stands for any; a tag may well be empty.
    expect(tags.mayBeOvertaken([''], 6)).to.equal(false);
  });

  it('trusts what it has heard until the end of its lease, and not after', () => {
    tags.heard(5);
    told(['b'], 1, [undefined]);
    clock.advance(1_000);
    expect([tags.knows(['a'], 5), tags.knows(['b'], 1)]).to.deep.equal([true, true]);
    clock.advance(1);
    expect([tags.knows(['a'], 5), tags.knows(['b'], 1), tags.knows([], 0)]).to.deep.equal([false, false, true]);
    tags.evicted(['a'], 6);
    expect(tags.isOvertaken(['a'], 5), 'what was evicted stays so').to.equal(true);
    tags.holdLeaseUntil(clock.now());
    expect(tags.knows(['a'], 6)).to.equal(true);
  });

  describe('numbers that somebody made up', () => {
    const far = 9e15;

    it('last until an echo shows that there is no such number', () => {
      tags.heard(5);
      tags.evicted(['a'], far);
      expect([tags.isOvertaken(['a'], 1e15), tags.mayBeOvertaken(ANY_TAG, 1e15)]).to.deep.equal([true, true]);
      tags.missed();
      tags.heard(7);
      expect([6, 7].map((since) => tags.isOvertaken(['a'], since))).to.deep.equal([true, false]);
      expect(tags.mayBeOvertaken(ANY_TAG, 7)).to.equal(false);
    });

    it('raise no floor beyond that', () => {
      for (let i = 0; i <= MAXIMUM_TAGS_NOTED; i += 1) tags.evicted([`tag ${i}`], far + i);
      expect(tags.isOvertaken(['x'], 1e15)).to.equal(true);
      tags.heard(7);
      expect([6, 7].map((since) => tags.isOvertaken(['x'], since))).to.deep.equal([true, false]);
    });

    it('do not include those of replies, whose messages may come later', () => {
      tags.evicted(['a'], 9, 'reply');
      told(['b'], 1, [8], 3);
      tags.evicted(['c'], far);
      tags.heard(5);
      expect([tags.isOvertaken(['a'], 8), tags.isOvertaken(['b'], 7), tags.isOvertaken(['c'], 8)]).to.deep.equal([true, true, true]);
      expect(tags.isOvertaken(['c'], 9)).to.equal(false);
    });

    it('are of no account for what was loaded without a number', () => {
      tags.evicted(['a'], far);
      const tagged = new Tagged(['a'], undefined, tags);
      expect(tagged.isOvertaken).to.equal(false);
      tags.evicted(['a'], 6);
      expect(tagged.isOvertaken).to.equal(true);
      const own = new Tagged(['a'], undefined, tags);
      tags.evicted(['a'], 7, 'reply');
      const afterReply = new Tagged(['a'], undefined, tags);
      tags.evicted(['a'], 7, 'own');
      expect([own.isOvertaken, afterReply.isOvertaken]).to.deep.equal([true, false]);
    });
  });

  describe('missed', () => {
    it('makes what is known incomplete, and forgets no number', () => {
      tags.heard(5);
      tags.evicted(['a'], 7);
      const { version, era } = tags;
      tags.missed();
      expect([tags.knows(['a'], 8), tags.mayBeOvertaken(['b'], 8), tags.isOvertaken(['a'], 6)]).to.deep.equal([false, true, true]);
      expect([tags.version > version, tags.era]).to.deep.equal([true, era]);
      tags.heard(9);
      expect([tags.knows(['a'], 8), tags.knows(['a'], 9)]).to.deep.equal([false, true]);
    });

    it('forgets what the remote tier has told is complete', () => {
      expect(told(['a'], 3, [undefined])).to.equal(true);
      expect(tags.knows(['a'], 3)).to.equal(true);
      tags.missed();
      expect(tags.knows(['a'], 3)).to.equal(false);
    });
  });

  describe('restart', () => {
    it('forgets everything, because numbers of two generations cannot be compared', () => {
      tags.heard(5);
      tags.evicted(['a'], 7);
      told(['b'], 6, [undefined], 6);
      const { version, era } = tags;
      tags.restart();
      expect([tags.isOvertaken(['a', 'b'], 1), tags.knows(['b'], 6), tags.knows(['a'], 8)]).to.deep.equal([false, false, false]);
      expect([tags.version > version, tags.era > era]).to.deep.equal([true, true]);
      tags.heard(2);
      expect(tags.mayBeOvertaken(ANY_TAG, 2)).to.equal(false);
    });
  });

  describe('told', () => {
    it('judges by the floor and the numbers of the remote tier', () => {
      expect([told(['a', 'b'], 5, [undefined, 5]), told(['a', 'b'], 5, [6, undefined])]).to.deep.equal([true, false]);
      expect([told(['c'], 5, [undefined], 5), told(['c'], 5, [undefined], 6)]).to.deep.equal([true, false]);
    });

    it('takes everything for evicted where the remote tier knows nothing, and remembers nothing', () => {
      expect(tags.told(['a'], 5, { floor: undefined, numbers: [undefined] }, tags.version)).to.equal(false);
      expect([tags.knows(['a'], 5), tags.isOvertaken(['a'], 5)]).to.deep.equal([false, false]);
    });

    it('knows what it has heard since it asked', () => {
      const { version } = tags;
      tags.evicted(['a'], 7);
      expect(tags.told(['a'], 6, { floor: 1, numbers: [5] }, version)).to.equal(false);
    });

    it('remembers what it was told: each tag, and the floor', () => {
      told(['a', 'b'], 5, [6, undefined], 3);
      expect([tags.knows(['a', 'b'], 1), tags.knows(['a', 'c'], 1)]).to.deep.equal([true, false]);
      expect([tags.isOvertaken(['a'], 5), tags.isOvertaken(['b'], 3), tags.isOvertaken(['b'], 2)]).to.deep.equal([true, false, true]);
    });

    it('does not remember what it was told when messages were missed meanwhile', () => {
      const { version } = tags;
      tags.missed();
      expect(tags.told(['a'], 5, { floor: 4, numbers: [undefined] }, version)).to.equal(true);
      expect([tags.knows(['a'], 5), tags.isOvertaken(['a'], 3)]).to.deep.equal([false, false]);
    });
  });

  describe(`beyond ${MAXIMUM_TAGS_NOTED} tags`, () => {
    const evictMany = (count: number): void => {
      for (let i = 1; i <= count; i += 1) tags.evicted([`tag ${i}`], i);
    };

    it('forgets those that were evicted first, and takes what is older for evicted', () => {
      evictMany(MAXIMUM_TAGS_NOTED);
      expect([tags.isOvertaken(['tag 1'], 0), tags.isOvertaken(['tag 1'], 1), tags.isOvertaken(['x'], 0)]).to.deep.equal([
        true,
        false,
        false,
      ]);
      tags.evicted(['tag 1'], MAXIMUM_TAGS_NOTED + 1); // It is the newest now.
      tags.evicted(['one more'], MAXIMUM_TAGS_NOTED + 2);
      const floor = MAXIMUM_TAGS_NOTED / 10 + 2; // The second is the oldest, and one more has come.
      expect([tags.isOvertaken(['x'], floor - 1), tags.isOvertaken(['x'], floor)]).to.deep.equal([true, false]);
      expect(tags.isOvertaken(['tag 1'], MAXIMUM_TAGS_NOTED)).to.equal(true);
      expect(tags.isOvertaken([], 0), 'without tags nothing is').to.equal(false);
      for (let i = 1; i <= MAXIMUM_TAGS_NOTED; i += 1) expect(tags.isOvertaken([`tag ${i}`], i - 1), `tag ${i}`).to.equal(true);
    });

    it('is not misled by what it was told of tags that were evicted long ago', () => {
      for (let i = 1; i <= 90; i += 1) tags.evicted([`new ${i}`], 1e6 + i);
      for (let i = 0; i < 2 * MAXIMUM_TAGS_NOTED; i += 1) told([`old ${i}`], 50, [i % 40]);
      for (let i = 1; i <= 90; i += 1) expect(tags.isOvertaken([`new ${i}`], 1e6 + i - 1)).to.equal(true);
      expect(tags.isOvertaken(['x'], 50), 'a tag that was never evicted').to.equal(false);
    });

    it('asks the remote tier again, too', () => {
      for (let i = 0; i < MAXIMUM_TAGS_NOTED; i += 1) told([`tag ${i}`], 1, [undefined]);
      expect(tags.knows(['tag 0'], 1)).to.equal(true);
      told(['one more'], 1, [undefined]);
      expect([tags.knows(['tag 0'], 1), tags.knows(['one more'], 1)]).to.deep.equal([false, true]);
    });
  });

  describe('where the number of the last eviction can be read at any time', () => {
    let number: number;

    beforeEach(() => {
      number = 5;
      tags = new TagClock(clock, () => number);
      tags.holdLeaseUntil(Infinity);
    });

    it('is complete from the start, and from each restart', () => {
      expect([tags.knows(['a'], 5), tags.knows(['a'], 4)]).to.deep.equal([true, false]);
      number = 9;
      expect(tags.knows(['a'], 5)).to.equal(true);
      tags.missed();
      expect([tags.knows(['a'], 8), tags.knows(['a'], 9)]).to.deep.equal([false, true]);
    });
  });
});

describe(Tagged.name, () => {
  let tags: TagClock;

  beforeEach(() => {
    tags = new TagClock(new FakeClock());
    tags.heard(5);
  });

  it('is overtaken once a tag of it was evicted with a higher number', () => {
    const tagged = new Tagged(['a', 'b'], 6, tags);
    tags.evicted(['a', 'b'], 6);
    tags.evicted(['c'], 7);
    expect([tagged.isOvertaken, tagged.mayBeOvertaken]).to.deep.equal([false, false]);
    tags.evicted(['b'], 8);
    expect([tagged.isOvertaken, tagged.mayBeOvertaken]).to.deep.equal([true, true]);
  });

  it('may be overtaken when messages may have been missed', () => {
    const tagged = new Tagged(['a'], 6, tags);
    tags.missed();
    expect([tagged.isOvertaken, tagged.mayBeOvertaken]).to.deep.equal([false, true]);
  });

  it('is overtaken in any other generation, whatever its numbers and tags', () => {
    const [tagged, untagged, later] = [new Tagged(['a'], 9, tags), new Tagged([], 9, tags), new Tagged(['a'], 9, tags, momentOf(tags))];
    const before = momentOf(tags);
    tags.restart();
    tags.heard(1);
    const read = new Tagged(['a'], 9, tags, before);
    for (const each of [tagged, untagged, later, read]) expect([each.isOvertaken, each.mayBeOvertaken]).to.deep.equal([true, true]);
    const now = new Tagged(['a'], 1, tags);
    expect([now.isOvertaken, now.mayBeOvertaken]).to.deep.equal([false, false]);
  });
});
