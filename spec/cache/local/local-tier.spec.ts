import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { LocalCache, TagClock, TagIndex } from '../../../lib/cache/index.js';
import { LocalTier } from '../../../lib/cache/local/local-tier.js';
import { ReadTickets } from '../../../lib/cache/local/read-tickets.js';
import { Tagged } from '../../../lib/cache/tag/tagged.js';
import { CacheCounters } from '../../../lib/event/index.js';
import { FakeClock } from '../../support/fake-clock.js';

describe(LocalTier.name, () => {
  describe('drops by tag', () => {
    let tier: LocalTier;
    let tags: TagClock;

    beforeEach(() => {
      const [clock, counters] = [new FakeClock(), new CacheCounters()];
      tags = new TagClock(clock);
      const entries = new LocalCache({ maximumSize: 20_000, clock, counters, tags: new TagIndex() });
      tier = new LocalTier({ entries, tickets: new ReadTickets(), clock, counters, localTtlMs: 0, isUsed: true, isAlwaysServed: true });
    });

    const keep = (tag: string, count: number): void => {
      for (let i = 0; i < count; i += 1) {
        const key = `${tag} ${i}`;
        const ticket = tier.begin(key);
        tier.keep(key, ticket, { value: i, endsAt: Infinity, tagged: new Tagged([tag], 1, tags) });
        tier.end(key, ticket);
      }
    };
    const left = (): boolean[] => ['many 0', 'few 0'].map((key) => tier.get(key) !== undefined);

    for (const [how, drop] of [
      ['an own eviction', () => tier.fenceOf({ tags: ['many'] })],
      ['a message', () => tier.dropOvertaken(['many'], 'remote')],
    ] as const) {
      it(`one by one, and spares the others (${how})`, () => {
        keep('many', 4_999);
        keep('few', 10);
        tags.evicted(['many'], 2);
        drop();
        expect([left(), tier.size]).to.deep.equal([[false, true], 10]);
      });

      it(`everything at once where most of a large tier carries the tag (${how})`, () => {
        keep('many', 5_000);
        keep('few', 4_999);
        tags.evicted(['many'], 2);
        drop();
        expect([left(), tier.size]).to.deep.equal([[false, false], 0]);
      });

      it(`one by one where most of it does not (${how})`, () => {
        keep('many', 5_000);
        keep('few', 5_001);
        tags.evicted(['many'], 2);
        drop();
        expect([left(), tier.size]).to.deep.equal([[false, true], 5_001]);
      });
    }

    it('nothing that was loaded after the eviction', () => {
      tags.evicted(['many'], 1);
      keep('many', 3);
      tier.dropOvertaken(['many'], 'remote');
      expect(tier.size).to.equal(3);
    });
  });

  describe('memory', () => {
    it('keeps the times of an entry in little of it', () => {
      setFlagsFromString('--expose-gc');
      const collect = runInNewContext('gc') as () => void;
      const [clock, counters, count] = [new FakeClock(), new CacheCounters(), 50_000];
      const keys = Array.from({ length: count }, (_, i) => `k${i}`);
      collect();
      const before = process.memoryUsage().heapUsed;
      const entries = new LocalCache({ maximumSize: count, clock, counters });
      const tier = new LocalTier({
        entries,
        tickets: new ReadTickets(),
        clock,
        counters,
        localTtlMs: 0,
        isUsed: true,
        isAlwaysServed: true,
      });
      keys.forEach((key, i) => {
        const [ticket, writtenAt] = [tier.begin(key), i + 0.1];
        tier.keep(key, ticket, {
          value: i,
          endsAt: 1e9 + writtenAt,
          times: { writtenAt, dueAt: 1e6 + writtenAt, retryAt: -Infinity, keptUntil: 1e9 + writtenAt },
        });
        tier.end(key, ticket);
      });
      collect();
      const bytes = (process.memoryUsage().heapUsed - before) / count;
      expect(tier.held('k0', clock.now())?.times).to.have.keys('writtenAt', 'freshUntil', 'dueAt', 'retryAt', 'keptUntil');
      expect(tier.size).to.equal(count);
      expect(bytes, 'about 200, of which 128 are for the times').to.be.lessThan(280);
    });
  });
});
