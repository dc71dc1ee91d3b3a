import { expect } from 'chai';
import { ended, EntryCodec, stamped, TagClock, UNREADABLE, ValueCodec } from '../../../lib/cache/index.js';
import { FakeClock } from '../../support/fake-clock.js';
import { haveOneHiddenClass } from '../../support/hidden-class.js';

describe(EntryCodec.name, () => {
  const values = new ValueCodec();
  let clock: FakeClock;
  /** By how much the server's clock is ahead of ours; `undefined`: not known. */
  let aheadMs: number | undefined;
  let codec: EntryCodec;

  beforeEach(() => {
    clock = new FakeClock();
    aheadMs = 5_000_000;
    codec = new EntryCodec({
      codec: values,
      clock,
      time: { earliest: (epochMs) => (aheadMs === undefined ? undefined : epochMs - aheadMs) },
    });
  });

  const endsAt = (life: number | undefined, end?: number): number | undefined => {
    const raw = values.encode('Dune', { life: life === undefined ? undefined : { ttlMs: life, staleMs: 0 } });
    const entry = codec.read(end === undefined ? raw : ended(raw, end));
    if (typeof entry === 'symbol') throw new Error('Expected an entry.');
    expect(entry.value).to.equal('Dune');
    return entry.endsAt;
  };

  it('writes a life, and leaves its end to the server', () => {
    expect(codec.encode('Dune', { ttlMs: 60_000, staleMs: 0 })).to.equal('{"value":"Dune","life":60000}');
  });

  it("reads when a life is over on the instance's clock", () => {
    expect(endsAt(10_000, 5_001_000 + 10_000)).to.equal(11_000);
    expect(endsAt(10_000, 5_001_000 + 3_000)).to.equal(4_000);
    expect(endsAt(10_000, 5_001_000 - 3_000), 'in the past').to.equal(-2_000);
  });

  it("grants no more than the whole life from now on, however far the server's clock is set back or the estimate is off", () => {
    for (const end of [5_001_000 + 10_001, 5_001_000 + 3_600_000, Number.MAX_SAFE_INTEGER]) expect(endsAt(10_000, end)).to.equal(11_000);
    clock.advance(500);
    expect(endsAt(10_000, Number.MAX_SAFE_INTEGER)).to.equal(11_500);
  });

  it('knows no end where the entry has none, or where the clock of the server is not known', () => {
    expect([endsAt(undefined), endsAt(10_000)]).to.deep.equal([undefined, undefined]);
    aheadMs = undefined;
    expect(endsAt(10_000, 5_002_000)).to.equal(undefined);
  });

  describe('of a cache with tags', () => {
    let tags: TagClock;
    let tagging: EntryCodec;

    beforeEach(() => {
      tags = new TagClock(clock);
      tagging = new EntryCodec({ codec: values, clock, time: { earliest: (epochMs) => epochMs - 5_000_000 }, tags });
    });

    it('writes tags, and leaves their number to the caller', () => {
      expect(tagging.encode('Dune', { ttlMs: 60_000, staleMs: 0 }, ['herbert'])).to.equal(
        '{"entry":{"value":"Dune"},"tags":["herbert"],"life":60000}',
      );
      expect(tagging.encode('Dune', { ttlMs: 60_000, staleMs: 0 })).to.equal('{"entry":{"value":"Dune"},"tags":[],"life":60000}');
      expect(codec.encode('Dune', { ttlMs: 60_000, staleMs: 0 }, ['herbert']), 'without tags').to.equal('{"value":"Dune","life":60000}');
    });

    it('describes all entries by one hidden class, so that a hit is cheap', () => {
      const raw = ended(stamped(tagging.encode('Dune', { ttlMs: 10_000, staleMs: 0 }, ['herbert']), 5), 5_004_000);
      // More reads than V8 watches before it settles how it treats them.
      const [one, other] = Array.from({ length: 100 }, () => tagging.read(raw)).slice(-2) as [object, object];
      expect(haveOneHiddenClass(one, other)).to.equal(true);
    });

    it('reads tags, beside the clock that judges them', () => {
      const entry = tagging.read(ended(stamped(tagging.encode('Dune', { ttlMs: 10_000, staleMs: 0 }, ['herbert']), 5), 5_004_000));
      if (typeof entry === 'symbol') throw new Error('Expected an entry.');
      expect([entry.value, entry.endsAt, entry.tagged?.tags, entry.tagged?.since]).to.deep.equal(['Dune', 4_000, ['herbert'], 5]);
      expect(entry.tagged?.isOvertaken).to.equal(false);
      tags.evicted(['herbert'], 6);
      expect(entry.tagged?.isOvertaken).to.equal(true);
    });

    it('cannot read what says nothing of tags, and without tags what says something', () => {
      const tagged = stamped(tagging.encode('Dune', { ttlMs: 10_000, staleMs: 0 }, []), 5);
      const untagged = codec.encode('Dune', { ttlMs: 10_000, staleMs: 0 });
      expect([tagging.read(untagged), codec.read(tagged)]).to.deep.equal([UNREADABLE, UNREADABLE]);
      expect([tagging.read(tagged), codec.read(untagged)]).to.not.include(UNREADABLE);
    });
  });

  it('tells what cannot be read', () => {
    for (const raw of ['', 'garbage', '{"value":1,"life":-1,"end":1}', '{"value":1,"expires":1700000000000}']) {
      expect(codec.read(raw)).to.equal(UNREADABLE);
    }
  });
});
