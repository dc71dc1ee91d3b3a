import { expect } from 'chai';
import { LocalCache, TagClock, TagIndex, ValueCodec } from '../../../lib/cache/index.js';
import { Tagged } from '../../../lib/cache/tag/tagged.js';
import { CacheCounters } from '../../../lib/event/index.js';
import { FakeClock } from '../../support/fake-clock.js';

describe(TagIndex.name, () => {
  let clock: FakeClock;
  let tagClock: TagClock;
  let index: TagIndex;

  beforeEach(() => {
    clock = new FakeClock();
    tagClock = new TagClock(clock);
    index = new TagIndex();
  });

  const tagged = (...tags: string[]): Tagged => new Tagged(tags, 1, tagClock);

  it('finds the keys that carry a tag, each once', () => {
    index.set('Dune', tagged('herbert', 'novel'));
    index.set('Emma', tagged('austen', 'novel'));
    index.set('Emma', tagged('austen', 'novel'));
    expect(index.keysOf(['novel'])).to.have.members(['Dune', 'Emma']);
    expect(index.keysOf(['novel', 'herbert', 'none']).length).to.equal(2);
    expect([index.keysOf(['herbert']), index.keysOf(['none']), index.keysOf([])]).to.deep.equal([['Dune'], [], []]);
  });

  it('says what an entry carries; nothing of one without tags', () => {
    const of = tagged('herbert');
    index.set('Dune', of);
    index.set('Emma', tagged());
    index.set('Kim', undefined);
    expect([index.of('Dune'), index.of('Emma'), index.of('Kim'), index.of('none')]).to.deep.equal([of, undefined, undefined, undefined]);
  });

  it('follows an entry that has other tags now, or none', () => {
    index.set('Dune', tagged('old', 'both'));
    index.set('Dune', tagged('new', 'both'));
    expect([index.keysOf(['old']), index.keysOf(['both']), index.keysOf(['new'])]).to.deep.equal([[], ['Dune'], ['Dune']]);
    index.set('Dune', undefined);
    expect([index.keysOf(['new', 'both']), index.of('Dune')]).to.deep.equal([[], undefined]);
  });

  it('forgets those that are gone, and leaves the others with the same tag', () => {
    for (const key of ['a', 'b', 'c']) index.set(key, tagged('t', key, key));
    index.delete('b');
    index.delete('b');
    index.delete('none');
    expect(index.keysOf(['t'])).to.have.members(['a', 'c']);
    for (const key of ['a', 'c']) index.delete(key);
    expect(index.keysOf(['t', 'a', 'b', 'c'])).to.deep.equal([]);
    index.set('a', tagged('t'));
    index.clear();
    expect([index.keysOf(['t']), index.of('a')]).to.deep.equal([[], undefined]);
  });

  describe('of a local cache', () => {
    let counters: CacheCounters;
    let cache: LocalCache;

    beforeEach(() => {
      counters = new CacheCounters();
      cache = new LocalCache({ maximumSize: 10, clock, counters, tags: index });
    });

    const set = (key: string, lifeMs = Infinity, ...tags: string[]): void =>
      cache.set(key, 1, clock.now() + lifeMs, { tagged: tags.length === 0 ? tagged('t', key) : tagged(...tags) });
    /** The keys that the index knows of must be those that are held. */
    const expectHeld = (...keys: string[]): void => {
      expect(index.keysOf(['t'])).to.have.members(keys);
      for (const key of Array.from({ length: 40 }, (_, i) => `${i}`)) expect(index.of(key) !== undefined, key).to.equal(keys.includes(key));
    };

    it('holds nothing of what has no room any more', () => {
      for (let i = 0; i < 40; i += 1) set(`${i}`);
      expect([cache.size, counters.sizeRemovals]).to.deep.equal([10, 30]);
      expectHeld(...cache.keys());
    });

    it('holds nothing of what has ended, whether a read, a write or a sweep finds it', () => {
      for (const key of ['1', '2', '3', '4']) set(key, 10);
      clock.advance(10);
      expect(cache.get('1', clock.now())).to.equal(undefined);
      expect(cache.hitNow('2', clock.now())).to.equal(undefined);
      set('3', 0);
      expectHeld('4');
      set('5');
      set('6');
      expectHeld('5', '6');
    });

    it('holds nothing of what was deleted or cleared, or was never held', () => {
      for (const key of ['1', '2', '3']) set(key);
      cache.delete('1');
      set('2', 0);
      set('9', -1);
      expectHeld('3');
      cache.clear();
      expectHeld();
    });

    it('holds the tags of the last value of a key', () => {
      set('1');
      set('1', Infinity, 'other');
      expectHeldBy('other', '1');
      expectHeldBy('t');
      cache.set('1', 1, Infinity);
      expectHeldBy('other');
    });

    const expectHeldBy = (tag: string, ...keys: string[]): void => expect(index.keysOf([tag])).to.deep.equal(keys) as unknown as void;

    it('holds nothing of a value that cannot be copied', () => {
      cache = new LocalCache({ maximumSize: 10, clock, counters, tags: index, copies: new ValueCodec() });
      set('1');
      expect(() => cache.set('1', () => 1, Infinity, { tagged: tagged('t') })).to.throw();
      expectHeld();
    });
  });
});
