import { FakeRedis } from './fake-redis.js';
import type { Patch } from './library.js';
import {
  ACKED,
  CLEARED,
  CUT,
  DAMAGED,
  FORGED,
  FORGOTTEN,
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
import type { Flaws } from './world.js';

/** The library, or the server's scripts, with one mechanism left out. */
export interface Mutant {
  /** What is left out, as it completes "without …". */
  readonly without: string;
  /** Which promise breaks then: what the violation begins with. */
  readonly breaks: RegExp;
  readonly patches?: readonly Patch[];
  readonly flaws?: Flaws;
  /** What makes the counter-example likelier. */
  readonly script?: ScriptConstraints;
}

const TWO_TIER = 'cache/two-tier-cache.js';
const REMOTE = 'cache/remote-cache.js';
const READS = 'cache/reads.js';
const PENDING = 'cache/pending-evictions.js';
const LEASE = 'eviction/read-lease.js';

class TakingEveryFill extends FakeRedis {
  protected override mayFill(current: string | null, generation: string): boolean {
    return current === generation;
  }
}

class LeavingLeases extends FakeRedis {
  protected override evicted(data: readonly string[]): readonly string[] {
    return data;
  }
}

class TakingForeignGenerations extends FakeRedis {
  protected override isForeign(): boolean {
    return false;
  }

  protected override isAnotherTime(rid: string | null, gen: string | null, known: number): boolean {
    return rid?.startsWith(`${this.runId}:`) !== true || gen === null || known > Number(gen);
  }
}

class KeepingDamage extends TakingForeignGenerations {
  protected override isDamaged(): boolean {
    return false;
  }
}

class IgnoringRunIds extends FakeRedis {
  protected override isAnotherTime(_rid: string | null, gen: string | null, known: number): boolean {
    return gen === null || known > Number(gen);
  }
}

class NoticingNoSteps extends FakeRedis {
  protected override hasStepped(): boolean {
    return false;
  }
}

/** Each must be found out. */
export const MUTANTS: readonly Mutant[] = [
  {
    without: 'read tickets',
    breaks: /^C5: L1/,
    patches: [{ file: READS, from: 'return read.isCancelled || read.version !== this.#version;', to: 'return false;' }],
  },
  { without: 'the token check of a fill', breaks: /^C5/, flaws: { server: TakingEveryFill } },
  { without: 'removing the fill leases with the data', breaks: /^C5/, flaws: { server: LeavingLeases } },
  {
    without: 'the second fence of an eviction',
    breaks: /^C1|^C5: L1/,
    script: OFFLINE,
    patches: [{ file: PENDING, from: 'this.#options.fence(keys); return receipt;', to: 'return receipt;' }],
  },
  {
    without: 'detaching the loads that an eviction overtakes',
    breaks: /^C/,
    patches: [{ file: READS, from: 'read.isCancelled = true; this.#newest.remove(key);', to: 'read.isCancelled = true;' }],
  },
  {
    without: 'emptying the local tier when the subscription is confirmed',
    breaks: /^C/,
    script: CUT,
    patches: [
      {
        file: LEASE,
        from: "followed.cache.applyClear('coherence'); followed.applied = followed.unproven = undefined;",
        to: 'followed.applied = followed.unproven = undefined;',
      },
    ],
  },
  {
    without: 'counting the lease from when the heartbeat was sent',
    breaks: /^C2/,
    script: LATE,
    patches: [{ file: LEASE, from: 'const until = beat.sentAt + this.#boundMs;', to: 'const until = this.#clock.now() + this.#boundMs;' }],
  },
  {
    without: 'an end of the lease',
    breaks: /^C/,
    script: SLOW_SUBSCRIBER,
    patches: [{ file: LEASE, from: 'const until = beat.sentAt + this.#boundMs;', to: 'const until = Infinity;' }],
  },
  {
    without: 'noticing a gap between messages',
    breaks: /^C/,
    script: SWALLOWING,
    patches: [{ file: LEASE, from: 'const isNext = applied === undefined || seq === applied + 1;', to: 'const isNext = true;' }],
  },
  {
    without: 'noticing a gap from an echo',
    breaks: /^C/,
    script: SWALLOWING,
    patches: [{ file: LEASE, from: 'if (followed.applied !== seq) this.#skipTo(followed, seq);', to: 'followed.applied ??= seq;' }],
  },
  {
    without: 'asking for a lease of those who join a load',
    breaks: /^C/,
    script: SLOW_SUBSCRIBER,
    patches: [
      { file: TWO_TIER, from: 'const mayJoin = isServing && options.join !== false;', to: 'const mayJoin = options.join !== false;' },
    ],
  },
  {
    without: 'checking the generation in bypass',
    breaks: /^C/,
    script: FROZEN,
    patches: [{ file: TWO_TIER, from: 'if (this.isServing(now)) return this.#remote.get(key);', to: 'return this.#remote.get(key);' }],
  },
  {
    without: 'keeping doubtful keys out of both tiers',
    breaks: /^C/,
    script: OFFLINE,
    patches: [
      {
        file: PENDING,
        from: 'return this.#allDoubtful !== 0 || (this.#doubtful.size !== 0 && this.#doubtful.has(key));',
        to: 'return false;',
      },
    ],
  },
  {
    without: 'the fence of keys that come into doubt',
    breaks: /^C/,
    script: OFFLINE,
    patches: [
      {
        file: PENDING,
        from: "this.#options.fence(keys); this.#options.events.emit('evictPending'",
        to: "this.#options.events.emit('evictPending'",
      },
    ],
  },
  {
    without: 'repeating evictions in doubt',
    breaks: /^C/,
    script: OFFLINE,
    patches: [{ file: PENDING, from: 'await this.#options.execute(keys, false);', to: '' }],
  },
  {
    without: 'waiting for acknowledgements',
    breaks: /^C4/,
    script: ACKED,
    patches: [
      { file: 'eviction/acknowledgements.js', from: 'const acknowledged = missing.size === 0 ?', to: 'const acknowledged = true ?' },
    ],
  },
  {
    without: 'waiting for a young list of members to grow old',
    breaks: /^C4/,
    script: FORGOTTEN,
    patches: [
      {
        file: 'eviction/acknowledgements.js',
        from: 'const youthMs = Math.min(longestMs, Math.max(0, (1 + UNNOTICED_STEP) * longestMs - Math.max(0, ageMs)));',
        to: 'const youthMs = 0;',
      },
    ],
  },
  {
    without: 'noticing that the clock was set',
    breaks: /^C4/,
    script: RESET,
    flaws: { server: NoticingNoSteps },
  },
  {
    without: 'keeping generations from going back',
    breaks: /^C/,
    script: CLEARED,
    patches: [{ file: REMOTE, from: '(Number(generation) < Number(before) && !isReplacement)', to: 'false' }],
  },
  {
    without: 'reading the generation along with the value while a rumour is unsettled',
    breaks: /^C/,
    script: FORGED,
    patches: [
      {
        file: REMOTE,
        from: 'if (this.#rumoured !== undefined) return this.getAllCurrent([key], waitMs).then(([entry]) => entry);',
        to: '',
      },
    ],
  },
  {
    without: 'emptying the local tier for a rumour',
    breaks: /^C/,
    script: FORGED,
    patches: [
      {
        file: TWO_TIER,
        from: 'this.#remote.doubtGeneration(generation); this.applyGeneration(cause);',
        to: 'this.#remote.doubtGeneration(generation);',
      },
    ],
  },
  {
    without: 'waiting for the reply to a beat that was sent after a rumour',
    breaks: /^C/,
    script: FORGED,
    patches: [
      {
        file: LEASE,
        from: 'if (followed.rumour !== undefined && number > followed.rumouredAt) {',
        to: 'if (followed.rumour !== undefined) {',
      },
    ],
  },
  {
    without: 'replacing a generation that cannot be one',
    breaks: /^C/,
    script: DAMAGED,
    flaws: { server: KeepingDamage },
  },
  { without: 'noticing another server by its run id', breaks: /^C/, script: RESTORED, flaws: { server: IgnoringRunIds } },
  { without: 'a heartbeat before a new command connection is used', breaks: /^C/, script: RESTORED, flaws: { verifies: false } },
  {
    without: 'noticing that heartbeats reach nobody',
    breaks: /^C6.*does not serve/,
    script: MOVED,
    patches: [{ file: LEASE, from: 'if (reached > 0) return this.#heard();', to: 'return this.#heard();' }],
  },
  {
    without: 'applying own messages while their writes are unanswered',
    breaks: /^C/,
    script: OFFLINE,
    patches: [
      {
        file: TWO_TIER,
        from: 'this.#fence(own ? keys.filter((key) => this.#unanswered.has(key)) : keys);',
        to: 'if (!own) this.#fence(keys);',
      },
    ],
  },
  {
    without: 'emptying the local tier for a new generation',
    breaks: /^C/,
    script: CLEARED,
    patches: [
      {
        file: TWO_TIER,
        from: 'if (this.#remote.useGeneration(generation, isReplacement)) this.applyGeneration();',
        to: 'this.#remote.useGeneration(generation, isReplacement);',
      },
    ],
  },
];
