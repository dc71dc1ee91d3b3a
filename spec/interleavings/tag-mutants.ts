import { RemoteCache, TagClock, TagIndex } from '../../lib/cache/index.js';
import { LocalTier } from '../../lib/cache/local/local-tier.js';
import { Loads } from '../../lib/cache/two-tier/loads.js';
import { PendingEvictions } from '../../lib/cache/two-tier/pending-evictions.js';
import { RedisEvictionLog, type RedisEvictionLogOptions } from '../../lib/eviction/redis-eviction-log.js';
import { FakeRedis } from '../../lib/testing/simulation/fake-redis.js';
import type { Mark } from '../../lib/testing/simulation/fake-tags.js';
import type { Mutant } from './mutants.js';
import {
  TAGGED,
  TAGGED_AND_CUT,
  TAGGED_AND_FORGED,
  TAGGED_AND_FORGOTTEN,
  TAGGED_AND_LOST,
  TAGGED_AND_MIXED,
  TAGGED_AND_SLOW,
  TAGGED_OFFLINE,
} from './profiles.js';

class StampingFills extends FakeRedis {
  protected override stored(raw: string, seq: string | undefined): string {
    return raw.replace(/"since":\d+/, `"since":${seq}`);
  }
}

class RecreatingRecords extends FakeRedis {
  protected override floorOf(floor: number | undefined): number | undefined {
    return floor ?? 0;
  }
}

class LeavingMarks extends FakeRedis {
  protected override markOf(mark: Mark): Mark {
    return mark;
  }
}

/** Where no reply names a number, the highest in any message stands for it. */
class BelievingMessages extends TagClock {
  #latest = 0;

  override get moment(): number {
    return this.#latest;
  }

  override evicted(...[tags, number, source]: Parameters<TagClock['evicted']>): void {
    this.#latest = Math.max(this.#latest, number);
    super.evicted(tags, number, source);
  }

  override heard(number: number): void {
    this.#latest = Math.max(this.#latest, number);
    super.heard(number);
  }

  override isEvictedAfter(tags: readonly string[], moment: number): boolean {
    return this.mayBeOvertaken(tags, moment);
  }
}

/** What it evicts is told to a clock that nobody looks at. */
class TellingNobody extends RedisEvictionLog {
  constructor(options: RedisEvictionLogOptions) {
    super({ ...options, tags: options.tags && new TagClock({ now: () => 0 }) });
  }
}

/**
 * What keeps the promises for evictions of tags. One rule is not among them: that an index forgets entries which are gone. Without it, the
 * index only grows, and names keys that need not be dropped.
 */
export const TAG_MUTANTS: readonly Mutant[] = [
  {
    without: 'noting the number of the last eviction before a load, rather than after it',
    breaks: /^C/,
    script: TAGGED,
    flaws: { server: StampingFills },
  },
  {
    without: 'asking the server about what was evicted before every message was heard',
    breaks: /^C/,
    script: TAGGED_AND_CUT,
    flaws: {
      kinds: {
        TagClock: class extends TagClock {
          protected override isComplete(): boolean {
            return true;
          }
        },
      },
    },
  },
  {
    without: 'noticing that messages about tags may have been missed',
    breaks: /^C/,
    script: TAGGED_AND_CUT,
    flaws: {
      kinds: {
        TagClock: class extends TagClock {
          override missed(): void {
            if (this.version === 0) super.missed(); // In the beginning.
          }
        },
      },
    },
  },
  {
    without: 'asking the server about tags while there is no lease',
    breaks: /^C/,
    script: TAGGED_AND_SLOW,
    flaws: {
      kinds: {
        TagClock: class extends TagClock {
          override holdLeaseUntil(): void {
            super.holdLeaseUntil(Infinity);
          }
        },
      },
    },
  },
  {
    without: 'looking at the clock of the tags before a value is kept',
    breaks: /^C/,
    script: TAGGED,
    flaws: {
      kinds: {
        LocalTier: class extends LocalTier {
          protected override isOvertaken(): boolean {
            return false;
          }
        } as typeof LocalTier,
      },
    },
  },
  {
    without: 'noting which entries carry a tag',
    breaks: /^C/,
    script: TAGGED,
    flaws: {
      kinds: {
        TagIndex: class extends TagIndex {
          override set(): void {}
        },
      },
    },
  },
  {
    without: 'a new generation when the record of the tags is lost',
    breaks: /^C/,
    script: TAGGED_AND_FORGOTTEN,
    flaws: { server: RecreatingRecords },
  },
  {
    without: 'noticing that an instance without tags may have stored something',
    breaks: /^C/,
    script: TAGGED_AND_MIXED,
    flaws: { server: LeavingMarks },
  },
  {
    without: 'a new load for those who joined one that an eviction of a tag has overtaken',
    breaks: /^C/,
    script: TAGGED,
    flaws: {
      kinds: {
        Loads: class extends Loads {
          protected override mayBeOvertaken(): boolean {
            return false;
          }
        },
      },
    },
  },
  {
    without: 'keeping what carries a doubtful tag out of both tiers',
    breaks: /^C/,
    script: TAGGED_OFFLINE,
    flaws: {
      kinds: {
        PendingEvictions: class extends PendingEvictions {
          override hasDoubtful(): boolean {
            return false;
          }
        },
      },
    },
  },
  {
    without: 'telling the clock of the tags what the reply to an own eviction says',
    breaks: /^C1/,
    script: TAGGED_AND_SLOW,
    flaws: { kinds: { RedisEvictionLog: TellingNobody } },
  },
  {
    without: 'judging loads without a fill lease by what was heard since',
    breaks: /^C/,
    script: TAGGED_AND_FORGED,
    flaws: { kinds: { TagClock: BelievingMessages } },
  },
  {
    without: 'comparing numbers of one generation only',
    breaks: /^C/,
    script: TAGGED_AND_LOST,
    flaws: {
      kinds: {
        RemoteCache: class extends RemoteCache {
          protected override isOfNow(): boolean {
            return true;
          }
        },
      },
    },
  },
];
