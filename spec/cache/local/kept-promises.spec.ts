import { expect } from 'chai';
import { KeptPromises } from '../../../lib/cache/local/kept-promises.js';

describe(KeptPromises.name, () => {
  function setUp(slots: number) {
    const kept = new KeptPromises();
    kept.grow(slots);
    return {
      kept,
      /** A hit: what is kept, or a new promise, offered. Whether it was kept before. */
      hit(slot: number): boolean {
        if (kept.bySlot[slot] !== undefined) return true;
        kept.offer(slot, Promise.resolve(slot));
        return false;
      },
      count: () => kept.bySlot.filter((promise) => promise !== undefined).length,
    };
  }

  it('keeps every promise of a small table, and through its growth', () => {
    const { kept, hit, count } = setUp(16);
    for (let slot = 0; slot < 16; slot += 1) hit(slot);
    kept.grow(1_000);
    for (let slot = 0; slot < 1_000; slot += 1) hit(slot);
    expect(count()).to.equal(1_000);
  });

  it('keeps those of a sixteenth of the slots of a large one, however often all are hit', () => {
    const { hit, count } = setUp(64_000);
    for (let round = 0; round < 3; round += 1) for (let slot = 0; slot < 64_000; slot += 1) hit(slot);
    expect(count()).to.be.within(3_000, 4_000);
  });

  it('has those of the slots that are hit again and again, among many that are hit now and then', () => {
    const { hit } = setUp(64_000);
    for (let slot = 0; slot < 64_000; slot += 1) hit(slot); // Whoever comes first takes the places.
    let wereKept = 0;
    for (let i = 0; i < 100_000; i += 1) {
      hit((i * 7_919) % 64_000);
      if (hit(60_000 + (i % 100)) && i >= 50_000) wereKept += 1;
    }
    expect(wereKept / 50_000).to.be.greaterThan(0.9);
  });

  it('forgets what was dropped', () => {
    const { kept, hit } = setUp(16);
    hit(3);
    kept.drop(3);
    expect(kept.bySlot[3]).to.equal(undefined);
    expect(hit(3)).to.equal(false);
    expect(hit(3)).to.equal(true);
  });

  it('keeps no more when slots are dropped and come back', () => {
    const { kept, hit, count } = setUp(32_000);
    for (let i = 0; i < 200_000; i += 1) {
      const slot = (i * 31) % 32_000;
      kept.drop(slot);
      hit(slot);
    }
    expect(count()).to.be.within(1, 2_000);
  });
});
