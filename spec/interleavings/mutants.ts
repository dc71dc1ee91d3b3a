import { type Eviction, Generation, type GenerationCause } from '../../lib/cache/index.js';
import { ReadTickets } from '../../lib/cache/local/read-tickets.js';
import type { SharedLoad } from '../../lib/cache/two-tier/shared-load.js';
import { Loads } from '../../lib/cache/two-tier/loads.js';
import { OwnWrites } from '../../lib/cache/two-tier/own-writes.js';
import { PendingEvictions } from '../../lib/cache/two-tier/pending-evictions.js';
import { RemoteReads } from '../../lib/cache/two-tier/remote-reads.js';
import { Acknowledgements } from '../../lib/eviction/acknowledgements.js';
import type { CacheState } from '../../lib/eviction/cache-state.js';
import { ReadLease } from '../../lib/eviction/read-lease.js';
import { RemoteKeys } from '../../lib/eviction/remote-keys.js';
import type { Milliseconds } from '../../lib/time/index.js';
import { FakeRedis, type Request } from '../../lib/testing/simulation/fake-redis.js';
import type { FakeState } from '../../lib/testing/simulation/fake-store.js';
import { BATCH_MUTANTS } from './batch-mutants.js';
import { FRESH_MUTANTS } from './fresh-mutants.js';
import { CACHE, NAMESPACE, TIMES } from './instance.js';
import {
  ACKED,
  CLEARED,
  CRASHED,
  CRASHED_AND_CLEARED,
  CRASHED_AND_LOST,
  CRASHED_AND_PUT,
  CRASHED_LONG_AGO,
  CRASHED_TOGETHER,
  CUT,
  FORGED,
  FORGED_AND_CUT,
  FORGOTTEN,
  FORGOTTEN_HOSTS,
  RESET,
  FROZEN,
  LATE,
  MOVED,
  OFFLINE,
  RESTORED,
  SLOW_SUBSCRIBER,
  SWALLOWING,
} from './profiles.js';
import type { ScriptConstraints } from './step.js';
import { TAG_MUTANTS } from './tag-mutants.js';
import type { Flaws } from './world.js';

/** The library, or the server's scripts, with one mechanism left out. */
export interface Mutant {
  /** What is left out, as it completes "without …". */
  readonly without: string;
  /** Which promise breaks then: what the violation begins with. */
  readonly breaks: RegExp;
  readonly flaws?: Flaws;
  /** What makes the counter-example likelier. */
  readonly script?: ScriptConstraints;
}

class TakingEveryFill extends FakeRedis {
  protected override mayFill(current: string | undefined, generation: string): boolean {
    return current === generation;
  }
}

class LeavingLeases extends FakeRedis {
  protected override evicted(data: readonly string[]): readonly string[] {
    return data;
  }
}

class IgnoringRunIds extends FakeRedis {
  protected override isAnotherTime(state: FakeState | undefined, known: number): boolean {
    return state === undefined || known > Number(state.gen);
  }
}

class ListingOnlyWhoSays extends FakeRedis {
  protected override isHost(caches: readonly string[] | undefined, cache: string): boolean {
    return caches?.includes(cache) === true;
  }
}

class NoticingNoSteps extends FakeRedis {
  protected override hasStepped(): boolean {
    return false;
  }
}

/** Writers evict after their commit only. */
class BeginningNothing extends FakeRedis {
  protected override begins(): boolean {
    return false;
  }
}

class LettingLoadsStore extends FakeRedis {
  protected override withholds(step: 'load' | 'put', intents: readonly string[]): boolean {
    return step !== 'load' && super.withholds(step, intents);
  }
}

class LettingPutsStore extends FakeRedis {
  protected override withholds(step: 'load' | 'put', intents: readonly string[]): boolean {
    return step !== 'put' && super.withholds(step, intents);
  }
}

class ClearingIntents extends FakeRedis {
  protected override cleared(sets: readonly string[]): readonly string[] {
    return sets.filter((key) => key.includes(':intent'));
  }
}

class EndingEveryIntent extends FakeRedis {
  protected override ended(intents: readonly string[]): readonly string[] {
    return intents;
  }
}

class RenewingLostIntents extends FakeRedis {
  protected override mayRenew(): boolean {
    return true;
  }
}

/** An intent ends when its holder is no longer on the list of the living. */
class EndingIntentsWithHeartbeats extends FakeRedis {
  /** Who holds an intent, by token. */
  readonly #holders = new Map<string, string>();

  override execute(request: Request): ReturnType<FakeRedis['execute']> {
    if (request.kind === 'script' && request.name === 'evict' && request.args[8] !== undefined) {
      this.#holders.set(request.args[8], /"origin":"([^"]+)"/.exec(request.args.join(''))?.[1] as string);
    }
    return super.execute(request);
  }

  protected override isAlive(_endsAt: Milliseconds, token: string): boolean {
    const members = [...(this.memory.sets.get(MEMBERS) ?? [])];
    const holder = `${this.#holders.get(token)}:`;
    return members.some(([member, until]) => member.startsWith(holder) && super.isAlive(until, token));
  }
}

const MEMBERS = new RemoteKeys(NAMESPACE, CACHE).members;

/** Changes of the generation empty the local tier, rumours do not. */
class HearingNoRumours extends Generation {
  #isRumour = false;
  override doubt(generation: string, cause: 'remote' | 'coherence'): void {
    this.#isRumour = true;
    super.doubt(generation, cause);
    this.#isRumour = false;
  }
  protected override tell(cause: GenerationCause): void {
    super.tell(this.#isRumour ? 'expected' : cause);
  }
}

/** Rumours empty the local tier, changes do not. */
class EmptyingForRumoursOnly extends Generation {
  #isChange = false;
  override follow(newer: string, isReplacement?: boolean): void {
    this.#isChange = true;
    super.follow(newer, isReplacement);
    this.#isChange = false;
  }
  protected override tell(cause: GenerationCause): void {
    super.tell(this.#isChange ? 'expected' : cause);
  }
}

/** Each must be found out. */
export const MUTANTS: readonly Mutant[] = [
  {
    without: 'read tickets',
    breaks: /^C5: L1/,
    flaws: {
      kinds: {
        ReadTickets: class extends ReadTickets<SharedLoad> {
          override isValid(): boolean {
            return true;
          }
        },
      },
    },
  },
  { without: 'the token check of a fill', breaks: /^C5/, flaws: { server: TakingEveryFill } },
  { without: 'removing the fill leases with the data', breaks: /^C5/, flaws: { server: LeavingLeases } },
  {
    without: 'the second fence of an eviction',
    breaks: /^C1|^C5: L1/,
    script: OFFLINE,
    flaws: {
      kinds: {
        PendingEvictions: class extends PendingEvictions {
          protected override fenceAgain(): void {}
        },
      },
    },
  },
  {
    without: 'detaching the loads that an eviction overtakes',
    breaks: /^C/,
    flaws: {
      kinds: {
        ReadTickets: class extends ReadTickets<SharedLoad> {
          protected override detach(): void {}
        },
      },
    },
  },
  {
    without: 'comparing the first echo after a loss with the last one before',
    breaks: /^C/,
    script: CUT,
    flaws: {
      kinds: {
        ReadLease: class extends ReadLease {
          protected override isUnchanged(): boolean {
            return true;
          }
        },
      },
    },
  },
  {
    without: 'comparing that echo with an echo, rather than with what was applied',
    breaks: /^C/,
    script: FORGED_AND_CUT,
    flaws: {
      kinds: {
        ReadLease: class extends ReadLease {
          protected override isUnchanged(state: CacheState, { applied }: { readonly applied: number | undefined }): boolean {
            return state.seq === applied;
          }
        },
      },
    },
  },
  {
    without: 'counting the lease from when the heartbeat was sent',
    breaks: /^C2/,
    script: LATE,
    flaws: {
      kinds: {
        ReadLease: class extends ReadLease {
          readonly #own: ConstructorParameters<typeof ReadLease>[0];

          constructor(options: ConstructorParameters<typeof ReadLease>[0]) {
            super(options);
            this.#own = options;
          }

          protected override leaseEndOf(): number {
            return this.#own.clock.now() + TIMES.boundMs;
          }
        },
      },
    },
  },
  {
    without: 'an end of the lease',
    breaks: /^C/,
    script: SLOW_SUBSCRIBER,
    flaws: {
      kinds: {
        ReadLease: class extends ReadLease {
          protected override leaseEndOf(): number {
            return Infinity;
          }
        },
      },
    },
  },
  {
    without: 'noticing a gap between messages',
    breaks: /^C/,
    script: SWALLOWING,
    flaws: {
      kinds: {
        ReadLease: class extends ReadLease {
          protected override isNext(): boolean {
            return true;
          }
        },
      },
    },
  },
  {
    without: 'noticing a gap from an echo',
    breaks: /^C/,
    script: SWALLOWING,
    flaws: {
      kinds: {
        ReadLease: class extends ReadLease {
          protected override isBehind(applied: number | undefined): boolean {
            return applied === undefined;
          }
        },
      },
    },
  },
  {
    without: 'asking for a lease of those who join a load',
    breaks: /^C/,
    script: SLOW_SUBSCRIBER,
    flaws: {
      kinds: {
        Loads: class extends Loads {
          protected override mayJoin(): boolean {
            return true;
          }
        },
      },
    },
  },
  {
    without: 'checking the generation in bypass',
    breaks: /^C/,
    script: FROZEN,
    flaws: {
      kinds: {
        RemoteReads: class extends RemoteReads {
          protected override mayTrust(): boolean {
            return true;
          }
        },
      },
    },
  },
  {
    without: 'keeping doubtful keys out of both tiers',
    breaks: /^C/,
    script: OFFLINE,
    flaws: {
      kinds: {
        PendingEvictions: class extends PendingEvictions {
          override isDoubtful(): boolean {
            return false;
          }
        },
      },
    },
  },
  {
    without: 'the fence of keys that come into doubt',
    breaks: /^C/,
    script: OFFLINE,
    flaws: {
      kinds: {
        PendingEvictions: class extends PendingEvictions {
          protected override fenceDoubtful(): void {}
        },
      },
    },
  },
  {
    without: 'repeating evictions in doubt',
    breaks: /^C/,
    script: OFFLINE,
    flaws: {
      kinds: {
        PendingEvictions: class extends PendingEvictions {
          protected override async repeat(eviction: Eviction): Promise<void> {
            this.fenceAgain(eviction);
          }
        },
      },
    },
  },
  {
    without: 'waiting for acknowledgements',
    breaks: /^C4/,
    script: ACKED,
    flaws: {
      kinds: {
        Acknowledgements: class extends Acknowledgements {
          protected override allOf(): Promise<void> {
            return Promise.resolve();
          }
        },
      },
    },
  },
  {
    without: 'waiting for a young list of members to grow old',
    breaks: /^C4/,
    script: FORGOTTEN,
    flaws: {
      kinds: {
        Acknowledgements: class extends Acknowledgements {
          protected override youthOf(): number {
            return 0;
          }
        },
      },
    },
  },
  { without: 'noticing that the clock was set', breaks: /^C4/, script: RESET, flaws: { server: NoticingNoSteps } },
  {
    without: 'keeping generations from going back',
    breaks: /^C/,
    script: CLEARED,
    flaws: {
      kinds: {
        Generation: class extends Generation {
          protected override isOlder(): boolean {
            return false;
          }
        },
      },
    },
  },
  {
    without: 'reading the generation along with the value while a rumour is unsettled',
    breaks: /^C/,
    script: FORGED,
    flaws: {
      kinds: {
        Generation: class extends Generation {
          override get isDoubted(): boolean {
            return false;
          }
        },
      },
    },
  },
  { without: 'emptying the local tier for a rumour', breaks: /^C/, script: FORGED, flaws: { kinds: { Generation: HearingNoRumours } } },
  {
    without: 'waiting for the reply to a beat that was sent after a rumour',
    breaks: /^C/,
    script: FORGED,
    flaws: {
      kinds: {
        ReadLease: class extends ReadLease {
          protected override settles(): boolean {
            return true;
          }
        },
      },
    },
  },
  {
    without: 'waiting for instances that do not say which caches they have',
    breaks: /^C4/,
    script: FORGOTTEN_HOSTS,
    flaws: { server: ListingOnlyWhoSays },
  },
  { without: 'noticing another server by its run id', breaks: /^C/, script: RESTORED, flaws: { server: IgnoringRunIds } },
  { without: 'a heartbeat before a new command connection is used', breaks: /^C/, script: RESTORED, flaws: { verifies: false } },
  {
    without: 'noticing that heartbeats reach nobody',
    breaks: /^C6.*does not serve/,
    script: MOVED,
    flaws: {
      kinds: {
        ReadLease: class extends ReadLease {
          protected override hasReached(): boolean {
            return true;
          }
        },
      },
    },
  },
  {
    without: 'applying own messages while their writes are unanswered',
    breaks: /^C/,
    script: OFFLINE,
    flaws: {
      kinds: {
        OwnWrites: class extends OwnWrites {
          override toApply(): readonly string[] {
            return [];
          }
        },
      },
    },
  },
  {
    without: 'emptying the local tier for a new generation',
    breaks: /^C/,
    script: CLEARED,
    flaws: { kinds: { Generation: EmptyingForRumoursOnly } },
  },
  { without: 'the eviction before a crash-safe write', breaks: /^Crash/, script: CRASHED, flaws: { server: BeginningNothing } },
  { without: 'refusing loads while a write is under way', breaks: /^Crash/, script: CRASHED, flaws: { server: LettingLoadsStore } },
  { without: 'refusing puts while a write is under way', breaks: /^Crash/, script: CRASHED_AND_PUT, flaws: { server: LettingPutsStore } },
  {
    without: 'keeping write intents when the cache is cleared',
    breaks: /^Crash|^C6/, // Of a commit that was excused, the eviction before it is what is owed.
    script: CRASHED_AND_CLEARED,
    flaws: { server: ClearingIntents },
  },
  {
    without: 'keeping write intents when their writer is silent',
    breaks: /^Crash/,
    script: CRASHED_LONG_AGO,
    flaws: { server: EndingIntentsWithHeartbeats },
  },
  { without: 'keeping the write intents of others', breaks: /^Crash/, script: CRASHED_TOGETHER, flaws: { server: EndingEveryIntent } },
  {
    without: 'evicting again when a write intent was lost',
    breaks: /^Crash/,
    script: CRASHED_AND_LOST,
    flaws: { server: RenewingLostIntents },
  },
  ...TAG_MUTANTS,
  ...FRESH_MUTANTS,
  ...BATCH_MUTANTS,
];
