import { expect } from 'chai';
import { bucketTags, slotOf, SLOTS } from '../../lib/eviction/cluster-slots.js';
import { bucketOf } from '../../lib/eviction/index.js';

describe(slotOf.name, () => {
  it('is what the specification of Redis Cluster gives, and Redis answers', () => {
    expect(slotOf('123456789')).to.equal(0x31c3);
    expect(slotOf('')).to.equal(0);
    expect(slotOf('foo')).to.equal(12_182); // redis-cli: CLUSTER KEYSLOT foo
    expect(slotOf('\u{1f4da}')).to.equal(9_230);
  });
});

describe(bucketOf.name, () => {
  it('never changes: entries must be found by instances of every version', () => {
    expect(['', 'Dune', 'Emma', '1', '~n1', '\u00e9'].map((key) => bucketOf(key, 8))).to.deep.equal([0, 3, 2, 2, 6, 4]);
  });

  it('spreads keys evenly', () => {
    const counts = new Array<number>(8).fill(0);
    for (let i = 0; i < 8_000; i += 1) counts[bucketOf(`isbn:${i}`, 8)]! += 1;
    expect(Math.min(...counts)).to.be.greaterThan(850);
    expect(Math.max(...counts)).to.be.lessThan(1_150);
  });
});

describe(bucketTags.name, () => {
  it('gives each bucket a slot in a stretch of its own, but for the first', () => {
    for (const count of [1, 2, 3, 8, 64]) {
      const tags = bucketTags('app', count);
      expect(tags).to.have.length(count);
      for (const [bucket, tag] of tags.entries()) {
        expect(tag).to.match(new RegExp(`^app:${bucket}(\\.\\d+)?$`));
        if (bucket > 0) expect(Math.floor((slotOf(tag) * count) / SLOTS)).to.equal(bucket);
      }
      expect(new Set(tags).size).to.equal(count);
    }
  });

  it('gives the first the same whatever their number, for there it is written down', () => {
    expect(new Set([1, 2, 8, 64].map((count) => bucketTags('app', count)[0]))).to.deep.equal(new Set(['app:0']));
  });

  it('never changes, as the buckets do not', () => {
    expect(bucketTags('cache', 8)).to.deep.equal([
      'cache:0',
      'cache:1.3',
      'cache:2',
      'cache:3.41',
      'cache:4.3',
      'cache:5.40',
      'cache:6.40',
      'cache:7.3',
    ]);
  });
});
