import { LocalTier, type LocalTierOptions } from '../../lib/cache/local/local-tier.js';
import type { Joinable } from '../../lib/cache/local/read-tickets.js';
import type { FillLeaseReply } from '../../lib/cache/remote/remote-cache.js';
import { Refreshes, type RefreshesOptions } from '../../lib/cache/two-tier/refreshes.js';
import { StaleReads } from '../../lib/cache/two-tier/stale-reads.js';
import { FakeRedis } from '../../lib/testing/simulation/fake-redis.js';
import type { Mutant } from './mutants.js';
import { DUE, ENDED, ENDED_AND_SLOW, ENDED_AND_TAGGED, ENDED_OFFLINE } from './profiles.js';

/** The token of a refresh that has no lease. */
const UNLEASED = 'unleased';

class TakingUnleasedFills extends FakeRedis {
  protected override mayFill(...[current, generation, held, token]: [string | undefined, string, string | null, string]): boolean {
    return super.mayFill(current, generation, token === UNLEASED ? token : held, token);
  }
}

/** Fills whatever was evicted meanwhile. */
class RefreshingWithoutLease extends Refreshes {
  readonly #options: RefreshesOptions;

  constructor(options: RefreshesOptions) {
    super(options);
    this.#options = options;
  }

  protected override lease(): Promise<FillLeaseReply> {
    return Promise.resolve({ kind: 'granted', token: `0/${this.#options.remote.generation}/${UNLEASED}`, since: 0, old: undefined });
  }
}

class CountingEndedEntries extends FakeRedis {
  protected override counts(raw: string, ageMs?: number): boolean {
    return ageMs === undefined || super.counts(raw, ageMs);
  }
}

class LeavingEndedEntries extends FakeRedis {
  protected override evicted(data: readonly string[], leases: readonly string[]): readonly string[] {
    const isFresh = (key: string): boolean => {
      const raw = this.get(key);
      return raw === null || this.counts(raw);
    };
    return super.evicted(data.filter(isFresh), leases);
  }
}

/** An eviction takes fresh values away, and those that answer for a method that failed stay. */
class KeepingOldValues<L extends Joinable> extends LocalTier<L> {
  readonly #options: LocalTierOptions<L>;

  constructor(options: LocalTierOptions<L>) {
    super(options);
    this.#options = options;
  }

  override fence(...[keys, cause]: Parameters<LocalTier['fence']>): void {
    const { entries, clock } = this.#options;
    const now = clock.now();
    const old = keys
      .map((key) => ({ key, held: entries.held(key, now) }))
      .filter(({ held }) => held !== undefined && held.times.freshUntil <= now);
    super.fence(keys, cause);
    for (const { key, held } of old) if (held !== undefined) entries.set(key, held.value, held.times.keptUntil, { times: held.times });
  }
}

/** What keeps the promises for values whose life has ended, and for those that are refreshed before. */
export const FRESH_MUTANTS: readonly Mutant[] = [
  {
    without: 'the ticket of a read that serves an old value',
    breaks: /^C9: a read.*(settled|bound)/,
    script: ENDED,
    flaws: {
      kinds: {
        StaleReads: class extends StaleReads {
          protected override stands(): boolean {
            return true;
          }
        },
      },
    },
  },
  {
    without: 'the ticket of a read that reads an old value again',
    breaks: /^C9: a read.*(settled|bound)|^C5/,
    script: ENDED,
    flaws: {
      kinds: {
        StaleReads: class extends StaleReads {
          protected override standsAgain(): boolean {
            return true;
          }
        },
      },
    },
  },
  {
    without: 'a read lease at the moment when an old value is served',
    breaks: /^C9: a read.*(bound|lease)/,
    script: ENDED_AND_SLOW,
    flaws: {
      kinds: {
        StaleReads: class extends StaleReads {
          protected override hasLease(): boolean {
            return true;
          }
        },
      },
    },
  },
  {
    without: 'dropping an old value that is kept until the next attempt',
    breaks: /^C5: L1|^C9: a read/,
    script: ENDED,
    flaws: { kinds: { LocalTier: KeepingOldValues } },
  },
  {
    without: 'keeping fresh values when an old one is served',
    breaks: /^C9: in L1/,
    script: ENDED_OFFLINE,
    flaws: {
      kinds: {
        StaleReads: class extends StaleReads {
          protected override fresh(): undefined {
            return undefined;
          }
          protected override mayKeep(): boolean {
            return true;
          }
        },
      },
    },
  },
  {
    without: 'keeping doubtful keys from being read again',
    breaks: /^C/,
    script: ENDED_OFFLINE,
    flaws: {
      kinds: {
        StaleReads: class extends StaleReads {
          protected override mayReadAgain(): boolean {
            return true;
          }
        },
      },
    },
  },
  {
    without: 'the fill lease of a refresh',
    breaks: /^C5|^C9/,
    script: DUE,
    flaws: {
      server: TakingUnleasedFills,
      kinds: { Refreshes: RefreshingWithoutLease },
    },
  },
  {
    without: 'asking whether tags were evicted since an old value was found',
    breaks: /^C/,
    script: ENDED_AND_TAGGED,
    flaws: {
      kinds: {
        StaleReads: class extends StaleReads {
          protected override isOvertaken(): boolean {
            return false;
          }
        },
      },
    },
  },
  {
    without: 'taking entries for absent whose life has ended, when a fill lease is asked for',
    breaks: /^C9.*asked|^C9.*failed/,
    script: ENDED,
    flaws: { server: CountingEndedEntries },
  },
  { without: 'evicting entries whose life has ended', breaks: /^C/, script: ENDED, flaws: { server: LeavingEndedEntries } },
];
