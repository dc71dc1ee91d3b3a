import type { Model } from './model-row.js';

const COHERENCE: Model = {
  name: 'coherence',
  about:
    'One instance that reads, beside a foreign writer, in one generation: read tickets, fill leases, numbers, echoes, and what becomes of L1 ' +
    'when the subscription is lost and confirmed again. Writes are evictions of the key that is read, or of another key.',
  without: 'Generations, clears, restarts and own evictions: the other models have them.',
  promises: {
    '(kept>=proven)': 'C2',
    '((stored==255)||(stored>=evicted))': 'C5',
    '((!(isReturning)||(itsNumber!=confirmed))||(kept==255))': 'the claim',
  },
  rows: [
    { faults: '1 cut, 1 lost message', flags: {} },
    { faults: '2 cuts, 1 lost message', flags: { CUTS: 2, BEATS: 3 } },
    { faults: '2 cuts, 1 forged message', flags: { CUTS: 2, DROPS: 0, FORGED: 1 } },
    { faults: '2 lost messages', flags: { CUTS: 0, DROPS: 2 } },
    {
      faults: '1 cut, 1 lost message',
      flags: { NEVER_WARM: true },
      change: 'a claim that must be false: nothing in L1 survives a reconnect',
      breaks: 'the claim',
    },
    { faults: '1 cut, 1 lost message', flags: { NO_TICKET: true }, change: 'without read tickets', breaks: 'C2' },
    { faults: '1 cut, 1 lost message', flags: { NO_FILL_LEASE: true }, change: 'without the token check of a fill', breaks: 'C5' },
    {
      faults: '1 cut, 1 lost message',
      flags: { EVICT_LEAVES_LEASE: true },
      change: 'without removing the fill leases with the data',
      breaks: 'C5',
    },
    { faults: '1 cut, 1 lost message', flags: { NO_GAP: true }, change: 'without noticing a gap between messages', breaks: 'C2' },
    { faults: '1 cut, 1 lost message', flags: { NO_NUMBER_IN_ECHO: true }, change: 'without noticing a gap from an echo', breaks: 'C2' },
    { faults: '2 cuts, 1 lost message', flags: { CUTS: 2, NO_EPOCH: true }, change: 'without the epoch of an echo' },
    {
      faults: '1 cut',
      flags: { DROPS: 0, KEEP_ALWAYS: true },
      change: 'without comparing the first echo after a loss with the last one before',
      breaks: 'C2',
    },
    {
      faults: '1 cut, 1 forged message',
      flags: { DROPS: 0, FORGED: 1, COMPARE_APPLIED: true },
      change: 'without comparing that echo with an echo, rather than with what was applied',
      breaks: 'C2',
    },
    {
      faults: '1 cut, 1 forged message',
      flags: { DROPS: 0, FORGED: 1, APPLIED_BEFORE: true },
      change: 'the same, but L1 is emptied if the last number applied before the loss was not confirmed',
      breaks: 'C2',
    },
    {
      faults: '1 cut, 1 lost message',
      flags: { KEEP_TICKETS: true },
      change: 'the first echo after a loss empties L1 and leaves the tickets',
      breaks: 'C2',
    },
    {
      faults: '1 cut, the number lost',
      flags: { DROPS: 0, LOSSES: 1 },
      change: 'a number of its own that begins again at 0',
      breaks: 'C2',
    },
    {
      faults: '1 lost and 1 forged message',
      flags: { CUTS: 0, FORGED: 1 },
      change: 'not promised: a forged message in the place of one that is lost on a connection that stands',
      breaks: 'C2',
    },
    { faults: '1 cut, 1 forged message', flags: { COLD: true, DROPS: 0, FORGED: 1 }, change: 'cold reconnect' },
    {
      faults: '1 cut, 1 lost message',
      flags: { COLD: true },
      change: 'cold reconnect; the message after a subscription counts as the next one',
      breaks: 'C2',
    },
    {
      faults: '1 cut, 1 lost message',
      flags: { COLD: true, COLD_GAP: true },
      change: 'cold reconnect; the message after a subscription counts as a gap',
    },
    {
      faults: '1 cut',
      flags: { COLD: true, DROPS: 0, COLD_KEEPS: true },
      change: 'cold reconnect without emptying L1 when the subscription is confirmed',
      breaks: 'C2',
    },
  ],
};

const GENERATIONS: Model = {
  name: 'generations',
  about:
    'One instance that reads, beside a foreign writer, while generations come and go: one string holds number, generation and run id and may be ' +
    'lost, the server restarts from a snapshot without its last writes, writers clear, and a forger names generations. Replies and ' +
    'messages come on two connections, in any order.',
  without: 'Bookkeeping that is damaged, a subscriber that stays with another server, own clears.',
  promises: { '(kept>=proven)': 'C2', '(found>=atLeast)': 'C2', '(found>=evicted)': 'C5', '(known==1)': 'the claim' },
  rows: [
    { faults: '1 cut, 1 lost message, clears', flags: { CUTS: 1, DROPS: 1, CLEARS: 1 } },
    { faults: '1 cut, state lost', flags: { CUTS: 1, LOSSES: 1 } },
    { faults: '1 lost message, state lost', flags: { DROPS: 1, LOSSES: 1 } },
    { faults: 'restart from a snapshot', flags: { RESTARTS: 1 } },
    { faults: 'restart from a snapshot, clears', flags: { RESTARTS: 1, CLEARS: 1 } },
    { faults: 'restart from an older snapshot', flags: { RESTARTS: 2 } },
    { faults: '1 forged message, clears', flags: { FORGED: 1, CLEARS: 1 } },
    { faults: '1 cut, 1 forged message', flags: { CUTS: 1, FORGED: 1 } },
    { faults: 'restart from a snapshot, 1 forged message', flags: { RESTARTS: 1, FORGED: 1 } },
    {
      faults: 'restart from a snapshot',
      flags: { RESTARTS: 1, NEVER_MOVED: true },
      change: 'a claim that must be false: L1 is served in the first generation only',
      breaks: 'the claim',
    },
    { faults: 'restart from a snapshot', flags: { RESTARTS: 1, COLD: true }, change: 'cold reconnect' },
    {
      faults: 'restart from a snapshot',
      flags: { RESTARTS: 1, NO_RUN_ID: true },
      change: 'without noticing another server by its run id',
      breaks: 'C2',
    },
    {
      faults: 'restart from a snapshot',
      flags: { RESTARTS: 1, NO_VERIFYING: true },
      change: 'without a heartbeat before a new command connection is used',
      breaks: 'C2',
    },
    {
      faults: 'restart from a snapshot',
      flags: { RESTARTS: 1, OPEN_WHEN_EXECUTED: true },
      change: 'a new command connection is used when its first heartbeat is executed, not when the reply is applied',
      breaks: 'C2',
    },
    {
      faults: 'restart from an older snapshot',
      flags: { RESTARTS: 2, RETURN_BY_NUMBER: true },
      change: 'without comparing the generations of the two echoes, too',
      breaks: 'C2',
    },
    {
      faults: 'clears',
      flags: { CLEARS: 1, PLAIN_IN_RUMOUR: true },
      change: 'without reading the generation along with the value while a rumour is unsettled',
      breaks: 'C2',
    },
    {
      faults: 'clears',
      flags: { CLEARS: 1, PLAIN_IN_BYPASS: true },
      change: 'without checking the generation in bypass',
      breaks: 'C2',
    },
    { faults: 'clears', flags: { CLEARS: 1, KEEP_IN_RUMOUR: true }, change: 'without emptying L1 for a rumour', breaks: 'C2' },
    { faults: 'clears', flags: { CLEARS: 1, GO_BACK: true }, change: 'without keeping generations from going back', breaks: 'C2' },
    {
      faults: '1 forged message, clears',
      flags: { FORGED: 1, CLEARS: 1, BELIEVE_MESSAGES: true },
      change: 'generations are taken from messages',
      breaks: 'C2',
    },
    {
      faults: '1 forged message, clears',
      flags: { FORGED: 1, CLEARS: 1, ANY_REPLY_SETTLES: true },
      change: 'without waiting for the reply to a beat that was sent after a rumour',
    },
    {
      faults: '1 forged message, clears',
      flags: { FORGED: 1, CLEARS: 1, UNNAMED_PROVES: true },
      change: 'an echo proves something before a reply has named its generation',
    },
    {
      faults: 'clears',
      flags: { CLEARS: 1, ANY_REPLY_SETTLES: true, UNNAMED_PROVES: true },
      change: 'both of these',
      breaks: 'C2',
    },
    {
      faults: '1 cut, the number lost',
      flags: { CUTS: 1, LOSSES: 1, NUMBER_ALONE: true },
      change: 'a number of its own that begins again at 1',
      breaks: 'C2',
    },
    {
      faults: '1 lost message, state lost',
      flags: { DROPS: 1, LOSSES: 1, NUMBERS_AGAIN: true },
      change: 'one string whose number begins again at 1',
    },
    {
      faults: '1 lost message, state lost',
      flags: { DROPS: 1, LOSSES: 1, KEEP_IN_CHANGE: true },
      change: 'without emptying L1 for a new generation',
    },
    {
      faults: '1 lost message, state lost',
      flags: { DROPS: 1, LOSSES: 1, NUMBERS_AGAIN: true, KEEP_IN_CHANGE: true },
      change: 'both of these',
      breaks: 'C2',
    },
  ],
};

const OWN_WRITES: Model = {
  name: 'own-writes',
  about:
    'One instance that reads and evicts, beside a foreign writer: the two fences of an eviction, own messages, keys in doubt while an ' +
    'eviction is repeated, and callers that join a load.',
  without: 'Lost messages and connections, generations.',
  promises: {
    '(kept>=proven)': 'C2',
    '(found>=atLeast)': 'C2',
    '(kept>=told)': 'C1 or C6',
    '(found>=toldBefore)': 'C1 or C6',
    '((stored==255)||(stored>=evicted))': 'C5',
    '(!(isJoined)||(found>=owed))': 'C5',
  },
  rows: [
    { faults: 'steps and replies lost', flags: {} },
    {
      faults: 'steps and replies lost',
      flags: { JOINS: 0, NO_SECOND_FENCE: true },
      change: 'without the second fence of an eviction',
      breaks: 'C1 or C6',
    },
    {
      faults: 'steps and replies lost',
      flags: { JOINS: 0, NO_FENCE_IN_DOUBT: true },
      change: 'without the fence of keys that come into doubt',
      breaks: 'C1 or C6',
    },
    {
      faults: 'steps and replies lost',
      flags: { JOINS: 0, READ_IN_DOUBT: true },
      change: 'without keeping doubtful keys out of both tiers',
      breaks: 'C1 or C6',
    },
    {
      faults: 'steps and replies lost',
      flags: { JOINS: 0, NO_REPEAT: true },
      change: 'without repeating evictions in doubt',
      breaks: 'C1 or C6',
    },
    {
      faults: 'steps and replies lost',
      flags: { JOINS: 0, IGNORE_OWN: true },
      change: 'without applying own messages while their writes are unanswered',
      breaks: 'C2',
    },
    {
      faults: 'steps and replies lost',
      flags: { JOIN_DETACHED: true },
      change: 'without detaching the loads that an eviction overtakes',
      breaks: 'C5',
    },
    {
      faults: 'steps and replies lost',
      flags: { JOIN_WITHOUT_LEASE: true },
      change: 'without asking for a lease of those who join a load',
      breaks: 'C5',
    },
  ],
};

const FILLING: Model = {
  name: 'filling',
  about: 'L2 alone, with two instances that load and one that evicts and puts. Loads take any time, and steps of a put arrive late.',
  without: 'L1, generations, two writers side by side (the order of racing puts is not promised).',
  promises: { '((stored==255)||(stored>=evicted))': 'C5' },
  rows: [
    { faults: 'late steps', flags: {} },
    { faults: 'late steps', flags: { NO_FILL_LEASE: true }, change: 'without the token check of a fill', breaks: 'C5' },
    { faults: 'late steps', flags: { EVICT_LEAVES_LEASE: true }, change: 'without removing the fill leases with the data', breaks: 'C5' },
    { faults: 'late steps', flags: { CLAIM_LEAVES_LEASE: true }, change: 'a put leaves the fill lease of a load', breaks: 'C5' },
    { faults: 'late steps', flags: { PUT_AT_ONCE: true }, change: 'a put that stores its value in one step', breaks: 'C5' },
  ],
};

const AUDIENCE: Model = {
  name: 'audience',
  about:
    "An eviction with `acks: 'all'`, beside two instances that may host its cache: who is waited for, when the list of the living, or who " +
    'hosts what, is lost, when an instance gets the cache late or leaves, and when a heartbeat is executed late.',
  without: "Steps of the server's clock, L2.",
  promises: { '(kept[me]>=resolved)': 'C4' },
  rows: [
    { faults: '1 lost message', flags: { EVICTIONS: 1, DROPS: 1 } },
    { faults: 'an instance gets the cache late', flags: { EVICTIONS: 2, JOINS: 1 } },
    { faults: 'an instance leaves', flags: { EVICTIONS: 1, LEAVES: 1 } },
    { faults: '`members` or `hosts` lost', flags: { EVICTIONS: 1, LOSSES: 1 } },
    { faults: '1 late heartbeat, an instance gets the cache late', flags: { EVICTIONS: 1, JOINS: 1, LATE_BEATS: 1 } },
    { faults: '1 late heartbeat, an instance leaves', flags: { EVICTIONS: 1, LEAVES: 1, LATE_BEATS: 1 } },
    {
      faults: '1 late heartbeat, an instance gets the cache late, `members` or `hosts` lost',
      flags: { EVICTIONS: 1, JOINS: 1, LATE_BEATS: 1, LOSSES: 1, ONE_IS_SILENT: true },
    },
    { faults: 'none', flags: { EVICTIONS: 1, NO_ACKS: true }, change: 'without waiting for acknowledgements', breaks: 'C4' },
    {
      faults: '`members` or `hosts` lost',
      flags: { EVICTIONS: 1, LOSSES: 1, NO_YOUTH: true },
      change: 'without waiting for a young list of members to grow old',
      breaks: 'C4',
    },
    {
      faults: '`members` or `hosts` lost',
      flags: { EVICTIONS: 1, LOSSES: 1, MISSING_IS_ABSENT: true },
      change: 'without waiting for instances that do not say which caches they have',
      breaks: 'C4',
    },
    {
      faults: '`members`, its age or `hosts` lost',
      flags: { EVICTIONS: 1, LOSSES: 1, BORN_APART: true },
      change: 'the age of the list in a key of its own',
      breaks: 'C4',
    },
    {
      faults: 'an instance gets the cache late',
      flags: { EVICTIONS: 1, JOINS: 1, HOSTS_APART: true },
      change: '`hosts` written by a command of its own',
      breaks: 'C4',
    },
    {
      faults: 'an instance gets the cache late',
      flags: { EVICTIONS: 1, JOINS: 1, EARLY_ECHO: true },
      change: 'an echo proves a cache that its beat did not name',
      breaks: 'C4',
    },
    {
      faults: '1 late heartbeat, an instance gets the cache late',
      flags: { EVICTIONS: 1, JOINS: 1, LATE_BEATS: 1, LATE_TAKES_NAMES: true },
      change: 'a heartbeat takes away names that a later one has written',
      breaks: 'C4',
    },
    {
      faults: '1 late heartbeat, an instance gets the cache late, `members` or `hosts` lost',
      flags: { EVICTIONS: 1, JOINS: 1, LATE_BEATS: 1, LOSSES: 1, ONE_IS_SILENT: true, LOSS_GOES_UNNOTICED: true },
      change: 'without taking the list for young when a heartbeat finds `hosts` lost',
      breaks: 'C4',
    },
  ],
};

const CRASH_SAFE_WRITES: Model = {
  name: 'crash-safe-writes',
  about:
    'L2 alone, with two instances that load and two that write between an intent and an eviction. One of the writers may die between any two ' +
    'steps, and what it has sent to the database may take effect after its death. Another instance clears, or puts a value that it ' +
    'computed before. When nothing moves any more, L2 holds nothing or what the database has.',
  without: 'L1, an intent that is lost right before the commit of a writer that dies at once (that is not promised), time.',
  promises: { '((stored==255)||(stored==database))': 'crash safety' },
  rows: [
    { faults: 'a writer dies', flags: {} },
    { faults: 'a writer dies, clears', flags: { CLEARS: 1 } },
    { faults: 'a writer dies, puts', flags: { PUTS: 1 } },
    { faults: 'a writer dies, its intent lost before', flags: { LOSSES: 1 } },
    { faults: 'a writer dies, its intent lost before, clears, puts', flags: { CLEARS: 1, PUTS: 1, LOSSES: 1 } },
    { faults: 'a writer dies', flags: { NO_INTENT: true }, change: 'writers evict after the commit only', breaks: 'crash safety' },
    { faults: 'a writer dies', flags: { ACQUIRE_IGNORES: true }, change: 'loads may store while an intent lives', breaks: 'crash safety' },
    {
      faults: 'a writer dies, puts',
      flags: { PUTS: 1, CLAIM_IGNORES: true },
      change: 'puts may store while an intent lives',
      breaks: 'crash safety',
    },
    {
      faults: 'a writer dies, clears',
      flags: { CLEARS: 1, UNDER_GENERATION: true },
      change: 'intents lie under the generation',
      breaks: 'crash safety',
    },
    {
      faults: 'a writer dies',
      flags: { ENDS_WITH_HEARTBEAT: true },
      change: "an intent ends with its writer's heartbeats",
      breaks: 'crash safety',
    },
    {
      faults: 'a writer dies',
      flags: { END_REMOVES_ALL: true },
      change: 'the eviction at the end removes the intents of others',
      breaks: 'crash safety',
    },
    {
      faults: 'a writer dies',
      flags: { LEAVES_LEASE: true },
      change: 'an intent leaves the fill lease of a load that is under way',
      breaks: 'crash safety',
    },
    {
      faults: 'a writer dies, its intent lost before',
      flags: { LOSSES: 1, RENEWS_QUIETLY: true },
      change: 'an intent that was lost is set again without an eviction',
      breaks: 'crash safety',
    },
  ],
};

const TAGS: Model = {
  name: 'tags',
  about:
    'One instance with tags that reads and evicts by tag, beside a foreign writer, in one key whose entries always carry the same tag: the ' +
    'clock of tags, since when it knows all, the record in Redis that is asked otherwise, what L1 keeps, and callers that join a read.',
  without: 'The loss of the record, instances without tags (`tag-record` has them), puts, rumours.',
  promises: {
    '(kept>=proven)': 'C2',
    '((found>=proven)||(found>=evictedBefore))': 'C2',
    '(found>=evictedBefore)': 'C2',
    '(kept>=told)': 'C1 or C6',
    '(found>=toldBefore)': 'C1 or C6',
    '(!(isJoined)||(found>=owed))': 'C5',
    isAsked: 'the claim',
  },
  rows: [
    { faults: '1 cut, 1 lost message', flags: { CUTS: 1, DROPS: 1, FOREIGN: 2 } },
    { faults: '1 cut, 1 lost message, evictions by key', flags: { CUTS: 1, DROPS: 1, FOREIGN: 2, KEYS: 1 } },
    { faults: '1 lost message, own evictions, joined reads', flags: { DROPS: 1, WRITES: 1, JOINS: 1, KEYS: 1 } },
    { faults: 'steps and replies lost, own evictions', flags: { WRITES: 1, DOUBTS: 1 } },
    { faults: 'a server with an older number, own evictions, joined reads', flags: { RESTARTS: 1, WRITES: 1, JOINS: 1 } },
    { faults: '1 lost message, late proofs', flags: { DROPS: 1, FOREIGN: 2, BEATS: 2, LATE: 1 } },
    { faults: '1 lost message, the clock forgets', flags: { DROPS: 1, FORGETS: 1, FOREIGN: 2 } },
    {
      faults: 'none',
      flags: { ALWAYS_ASKED: true },
      change: 'a claim that must be false: no entry of L2 is served without asking the record',
      breaks: 'the claim',
    },
    { faults: 'none', flags: { FOREIGN: 2, SINCE_LATE: true }, change: '`since` is the number at the end of the load', breaks: 'C2' },
    {
      faults: '1 lost message',
      flags: { DROPS: 1, FOREIGN: 2, NO_KNOWN_FROM: true },
      change: 'entries of any age are compared with the clock alone',
      breaks: 'C2',
    },
    {
      faults: '1 lost message',
      flags: { DROPS: 1, FOREIGN: 2, NO_RESET: true },
      change: 'a gap leaves since when the clock knows all',
      breaks: 'C2',
    },
    {
      faults: '1 lost message, late proofs',
      flags: { DROPS: 1, FOREIGN: 2, BEATS: 2, LATE: 1, KNOWN_FROM_ECHO: true },
      change: 'an echo that proves late says that the clock knows all since its number, and not since the last one applied',
      breaks: 'C2',
    },
    {
      faults: '1 lost message, own evictions',
      flags: { DROPS: 1, WRITES: 1, RESET_FORGETS: true },
      change: 'a gap forgets what own evictions were answered',
      breaks: 'C1 or C6',
    },
    { faults: 'none', flags: { KEEP_UNCOMPARED: true }, change: 'L1 keeps without comparing with the clock', breaks: 'C2' },
    { faults: 'none', flags: { NO_INDEX: true }, change: 'a message leaves the values of its tag in L1', breaks: 'C2' },
    {
      faults: '1 cut',
      flags: { CUTS: 1, NO_CLOCK_AFTER_ASKING: true },
      change: "the record's answer is used without looking at the clock again",
      breaks: 'C2',
    },
    {
      faults: '1 cut, 1 lost message',
      flags: { CUTS: 1, DROPS: 1, ASK_OVER_RESET: true },
      change: "the record's answer is remembered although a gap came meanwhile",
      breaks: 'C2',
    },
    {
      faults: 'the clock forgets',
      flags: { FORGETS: 1, FORGETS_QUIETLY: true },
      change: 'the clock forgets a tag, and its number as well',
      breaks: 'C2',
    },
    {
      faults: 'own evictions',
      flags: { WRITES: 1, NO_SECOND_FENCE: true },
      change: 'the reply to an own eviction sets no clock',
      breaks: 'C1 or C6',
    },
    {
      faults: 'steps and replies lost, own evictions',
      flags: { WRITES: 1, DOUBTS: 1, READ_IN_DOUBT: true },
      change: 'without keeping entries of doubtful tags out of both tiers',
      breaks: 'C1 or C6',
    },
    {
      faults: 'own evictions, joined reads',
      flags: { WRITES: 1, JOINS: 1, JOIN_OVERTAKEN: true },
      change: 'who has joined a read takes its value, whatever the clock says',
      breaks: 'C5',
    },
    {
      faults: '1 lost message, own evictions, joined reads',
      flags: { DROPS: 1, WRITES: 1, JOINS: 1, JOIN_UNKNOWN: true },
      change: 'who has joined a read takes its value, whatever the clock may lack',
    },
    {
      faults: 'a server with an older number, own evictions, joined reads',
      flags: { RESTARTS: 1, WRITES: 1, JOINS: 1, JOIN_ACROSS: true },
      change: 'who has joined a read takes its value although its generation is over',
      breaks: 'C5',
    },
    {
      faults: 'a server with an older number',
      flags: { RESTARTS: 1, JUDGE_ACROSS: true },
      change: 'an entry is compared with the clock although its generation is over',
      breaks: 'C2',
    },
  ],
};

/** Bounds of rows in which only the instance without tags reads. */
const WITHOUT_TAGS = { UNTAGGED_READS: 2, TAGGED_READS: 0, BEATS: 1 };

const TAG_RECORD: Model = {
  name: 'tag-record',
  about:
    'What Redis knows of tags, beside an instance with tags that asks it for everything, and an instance without tags on the same L2: the record ' +
    'of evictions by tag, which may be lost, its floor, and generations that are pure.',
  without: 'The clock, leases and L1 of the instance with tags (`tags` has them), cuts, rumours.',
  promises: {
    '(found>=evictedBefore)': 'C2',
    '(kept>=proven)': 'C2',
    '(found>=atLeast)': 'C2',
    '(!(isAlive)||(asked==1))': 'the claim',
  },
  rows: [
    { faults: 'record lost, clears, evictions by key', flags: { RECORD_LOSSES: 1, CLEARS: 1, KEYS: 1 } },
    { faults: 'record lost, state lost', flags: { RECORD_LOSSES: 1, LOSSES: 1, TAGGED_BEATS: 1 } },
    { faults: 'record trimmed', flags: { TRIMS: 1, WRITES: 3 } },
    { faults: 'restart from a snapshot, record lost', flags: { RESTARTS: 1, RECORD_LOSSES: 1, TAGGED_BEATS: 1 } },
    {
      faults: 'record lost',
      flags: { RECORD_LOSSES: 1, NEVER_MOVED: true },
      change: 'a claim that must be false: entries with tags are served in the first generation only',
      breaks: 'the claim',
    },
    {
      faults: 'record lost',
      flags: { RECORD_LOSSES: 1, NO_FLOOR: true },
      change: 'readers do not ask whether the floor is there',
      breaks: 'C2',
    },
    {
      faults: 'record lost',
      flags: { RECORD_LOSSES: 1, RECREATE_QUIETLY: true },
      change: 'an eviction by tag begins a lost record again in the same generation',
      breaks: 'C2',
    },
    {
      faults: 'record trimmed',
      flags: { TRIMS: 1, TRIM_LEAVES_FLOOR: true },
      change: 'the floor does not rise when numbers are removed',
      breaks: 'C2',
    },
    {
      faults: 'restart from a snapshot',
      flags: { RESTARTS: 1, ASK_AS_READ: true },
      change: 'the record is asked for the generation of the read, although the instance knows another one by then',
      breaks: 'C2',
    },
    {
      faults: 'restart from a snapshot',
      flags: { RESTARTS: 1, ASK_AS_KNOWN: true },
      change: 'the record is asked for the generation that the instance knows by then, although the read was of another one',
      breaks: 'C2',
    },
    {
      faults: 'restart from a snapshot, record lost',
      flags: { RESTARTS: 1, RECORD_LOSSES: 1, FLOOR_UNBOUND: true },
      change: 'the floor is not bound to its generation',
    },
    { faults: 'an instance without tags, 1 lost message', flags: { ...WITHOUT_TAGS, DROPS: 1 } },
    { faults: 'an instance without tags, clears, evictions by key', flags: { ...WITHOUT_TAGS, CLEARS: 1, KEYS: 1 } },
    { faults: 'an instance without tags, record lost, state lost', flags: { ...WITHOUT_TAGS, WRITES: 1, RECORD_LOSSES: 1, LOSSES: 1 } },
    { faults: 'an instance without tags, restart from a snapshot', flags: { ...WITHOUT_TAGS, WRITES: 1, RESTARTS: 1 } },
    { faults: 'an instance of either kind', flags: { ...WITHOUT_TAGS, TAGGED_READS: 1, WRITES: 1 } },
    { faults: 'an instance of either kind', flags: { ...WITHOUT_TAGS, UNTAGGED_READS: 1, TAGGED_READS: 2, WRITES: 1 } },
    {
      faults: 'an instance without tags',
      flags: { ...WITHOUT_TAGS, LEAVES_PURE: true },
      change: 'an instance without tags leaves the generation pure',
      breaks: 'C2',
    },
    {
      faults: 'an instance without tags',
      flags: { ...WITHOUT_TAGS, PURE_UNTIL_FILL: true },
      change: 'the generation is pure until an instance without tags stores',
      breaks: 'C2',
    },
    {
      faults: 'an instance without tags',
      flags: { ...WITHOUT_TAGS, EVICTS_IMPURE: true },
      change: 'an eviction by tag begins no generation if the present one is not pure',
      breaks: 'C2',
    },
    {
      faults: 'an instance without tags, clears',
      flags: { ...WITHOUT_TAGS, CLEARS: 1, ALWAYS_PURE: true },
      change: 'a generation that an instance without tags begins is pure, too, but has no floor',
    },
    {
      faults: 'an instance without tags, 1 lost message',
      flags: { ...WITHOUT_TAGS, DROPS: 1, UNTAGGED_KEEPS_L1: true },
      change: 'an eviction by tag leaves the L1 of an instance without tags',
    },
    {
      faults: 'an instance of either kind',
      flags: { ...WITHOUT_TAGS, UNTAGGED_READS: 1, TAGGED_READS: 2, WRITES: 1, UNTAGGED_READABLE: true },
      change: 'an instance with tags serves entries without tags',
    },
  ],
};

/** Bounds of rows in which only the instance itself evicts, and no lease is needed to see what breaks. */
const OWN_ALONE = { OWN: 1, FOREIGN: 0, BEATS: 0 };

const FRESHNESS: Model = {
  name: 'freshness',
  about:
    'Old values that are served when a load fails or runs into its time limit, and refreshes before a life ends: one instance that reads, ' +
    'refreshes and evicts, beside a foreign writer and another instance that loads. L2 keeps entries whose life has ended; L1 keeps for a ' +
    'while what was served so. The numbers of messages, echoes and reconnects are those of `coherence`.',
  without: 'Generations, tags, write intents, puts, callers that join a load, how long an old value may be served.',
  promises: {
    '(old>=proven)': 'C9',
    '(old>=atLeast)': 'C9',
    '(isLeased||(old>=evicted))': 'C9',
    '(!(isStale)||(kept>=proven))': 'C9',
    '(kept>=proven)': 'C2',
    '(kept>=told)': 'C1 or C6',
    '(old>=told)': 'C1 or C6',
    '(old>=toldBefore)': 'C1 or C6',
    '((stored==255)||(stored>=evicted))': 'C5',
    '(old==255)': 'the claim',
    '!(isStale)': 'the claim',
    '!(isMine)': 'the claim',
    '((!(isReadValid)||(kept==255))||(kept<=old))': 'the claim',
  },
  rows: [
    { faults: '1 cut, 1 lost message', flags: { CUTS: 1, DROPS: 1, FOREIGN: 2, BEATS: 2 } },
    { faults: '1 cut, 1 lost message, evictions of another key', flags: { CUTS: 1, DROPS: 1, OTHERS: 1, BEATS: 2 } },
    { faults: '1 cut, 1 lost message, another instance loads', flags: { CUTS: 1, DROPS: 1, LOADS: 1 } },
    { faults: '1 cut, 1 lost message, refreshes', flags: { CUTS: 1, DROPS: 1, REFRESHES: 1 } },
    { faults: 'fill leases run out, refreshes, another instance loads', flags: { RUN_OUT: 1, REFRESHES: 1, LOADS: 1 } },
    { faults: 'steps and replies lost, own evictions', flags: { OWN: 1, DOUBTS: 1 } },
    { faults: 'steps and replies lost, own evictions, refreshes', flags: { OWN: 1, DOUBTS: 1, FOREIGN: 0, REFRESHES: 1 } },
    {
      faults: 'none',
      flags: { NEVER_STALE: true },
      change: 'a claim that must be false: no old value is served when a load fails',
      breaks: 'the claim',
    },
    { faults: 'none', flags: { NEVER_KEPT: true }, change: 'a claim that must be false: L1 serves no old value', breaks: 'the claim' },
    {
      faults: 'none',
      flags: { NEVER_AGAIN: true },
      change: 'a claim that must be false: nothing is found when L2 is read again',
      breaks: 'the claim',
    },
    {
      faults: 'refreshes',
      flags: { REFRESHES: 1, NEVER_REFRESHED: true },
      change: 'a claim that must be false: no refresh is stored',
      breaks: 'the claim',
    },
    {
      faults: 'refreshes',
      flags: { REFRESHES: 1, NEVER_OLDER: true },
      change: 'not promised: what was served stale takes the place of nothing newer in L1',
      breaks: 'the claim',
    },
    {
      faults: 'none',
      flags: { NO_TICKET_AT_SERVING: true },
      change: 'the old value is served although the ticket of the read is cancelled',
      breaks: 'C9',
    },
    {
      faults: 'own evictions',
      flags: { ...OWN_ALONE, NO_TICKET_AT_SERVING: true },
      change: 'the old value is served although the ticket of the read is cancelled',
      breaks: 'C1 or C6',
    },
    { faults: 'none', flags: { NO_LEASE_AT_SERVING: true }, change: 'the old value is served without a read lease', breaks: 'C9' },
    {
      faults: '1 cut, 1 lost message',
      flags: { CUTS: 1, DROPS: 1, NO_LEASE_AT_SERVING: true, READ_BOUND: true },
      change: 'the same, with the bound counted from when the read began',
    },
    { faults: 'none', flags: { TICKET_AFTER_GET: true }, change: 'the read takes its ticket after its GET', breaks: 'C9' },
    { faults: 'none', flags: { KEEP_ON_FENCE: true }, change: 'an eviction leaves what L1 keeps stale', breaks: 'C9' },
    {
      faults: 'own evictions',
      flags: { ...OWN_ALONE, KEEP_ON_FENCE: true },
      change: 'an eviction leaves what L1 keeps stale',
      breaks: 'C1 or C6',
    },
    {
      faults: 'none',
      flags: { AGAIN_BEFORE: true },
      change: 'L2 is read again by a GET that began before the method failed',
      breaks: 'C9',
    },
    {
      faults: 'none',
      flags: { AGAIN_WITHOUT_TICKET: true },
      change: 'what was read again is kept in L1 without a ticket',
      breaks: 'C9',
    },
    {
      faults: 'steps and replies lost, own evictions',
      flags: { ...OWN_ALONE, DOUBTS: 1, AGAIN_IN_DOUBT: true },
      change: 'a key in doubt is read again',
      breaks: 'C1 or C6',
    },
    {
      faults: 'steps and replies lost, own evictions',
      flags: { ...OWN_ALONE, DOUBTS: 1, AGAIN_IN_DOUBT: true, READ_BOUND: true },
      change: 'the same, with the bound counted from when the read began',
      breaks: 'C1 or C6',
    },
    {
      faults: 'none',
      flags: { EVICT_LEAVES_ENDED: true },
      change: 'an eviction leaves an entry whose life has ended',
      breaks: 'C9',
    },
    {
      faults: 'refreshes',
      flags: { REFRESHES: 1, REFRESH_WITHOUT_LEASE: true },
      change: 'a refresh stores its value without a fill lease',
      breaks: 'C5',
    },
    {
      faults: 'refreshes',
      flags: { REFRESHES: 1, REFRESH_WITHOUT_TICKET: true },
      change: 'the value of a refresh is kept in L1 without a ticket',
      breaks: 'C2',
    },
    {
      faults: 'steps and replies lost, own evictions, refreshes',
      flags: { ...OWN_ALONE, DOUBTS: 1, REFRESHES: 1, REFRESH_IN_DOUBT: true },
      change: 'a key in doubt is refreshed',
      breaks: 'C1 or C6',
    },
    {
      faults: 'refreshes',
      flags: { REFRESHES: 1, REFRESH_KEEPS_REFUSED: true },
      change: 'L1 keeps the value of a refresh although L2 has refused it',
    },
    {
      faults: 'refreshes',
      flags: { REFRESHES: 1, REFRESH_TICKET_LATE: true },
      change: 'a refresh takes its ticket when its method has been run',
    },
    {
      faults: 'refreshes',
      flags: { REFRESHES: 1, REFRESH_KEEPS_REFUSED: true, REFRESH_TICKET_LATE: true },
      change: 'both of these',
      breaks: 'C2',
    },
    {
      faults: 'refreshes, another instance loads',
      flags: { REFRESHES: 1, LOADS: 1, LEASE_TO_ALL: true },
      change: 'a kept entry gives a fill lease to all who ask, until it is evicted',
    },
  ],
};

/** The ids of a read in `collections`, as its flags name them. */
const A = 1;
const AB = 3;
const C = 4;
const AC = 5;

/** What b needs is c, and what c needs is a: a run of a and b can wait for one of b and c, and the other way round. */
const NEEDS = { B_NEEDS: C, C_NEEDS: A };

/** Two reads of a and b in two instances, and a third one, in a third instance, that holds both leases. */
const SAME_IDS = { SECOND: AB, THIRD: AB, THIRD_IN: 2 };

const COLLECTIONS: Model = {
  name: 'collections',
  about:
    'Reads of many ids at once, each of which shares its steps and its runs of the method, in up to three instances, beside a writer. They ' +
    'join the loads of their instance and wait for the leases of others; a method may make a read for another id. *Progress*: every read ' +
    'ends, although nothing ends by a deadline. *Isolation*: a single read does not reject because a run for several ids did. No id needs ' +
    'itself, directly or through others.',
  without:
    'L1, generations, callers that an eviction overtakes, methods that ask for many ids at once or lose their context, the end of leases.',
  promises: {
    '(underWay==0)': 'progress',
    '((stored[1]==255)||(stored[1]>=evicted))': 'C5',
    '!(isRejected)': 'isolation',
    '(((loads[0]<=1)&&(loads[1]<=1))&&(loads[2]<=1))': 'the claim',
  },
  rows: [
    { faults: 'none, any three reads', flags: { ANY: 3 } },
    { faults: 'a run rejects, any three reads', flags: { ANY: 3, FAULTS: 1 } },
    { faults: 'nothing is stored, any three reads', flags: { ANY: 3, ABSENT: 7 } },
    { faults: 'none, any two reads with any needs', flags: { ANY: 2, ANY_NEEDS: true } },
    { faults: 'a run rejects, evictions, any two reads with any needs', flags: { ANY: 2, ANY_NEEDS: true, FAULTS: 1, WRITES: 1 } },
    {
      faults: 'a run rejects, a load is too old to be joined, any two reads with any needs',
      flags: { ANY: 2, ANY_NEEDS: true, FAULTS: 1, LATE: 1 },
    },
    { faults: 'a run rejects, a load is too old to be joined, evictions, any two reads', flags: { ANY: 2, FAULTS: 1, LATE: 1, WRITES: 2 } },
    { faults: 'deadlines, any two reads with any needs', flags: { ANY: 2, ANY_NEEDS: true, DEADLINE: true } },
    { faults: 'a run rejects, evictions, three reads with needs', flags: { ...NEEDS, THIRD: AC, THIRD_IN: 1, FAULTS: 1, WRITES: 1 } },
    { faults: 'none, any three reads', flags: { ANY: 3, ONCE: true }, change: 'a claim: no id is loaded twice' },
    { faults: 'none, a needs c', flags: { A_NEEDS: C, ONCE: true }, change: 'a claim: no id is loaded twice' },
    {
      faults: 'none, one read, a needs b',
      flags: { SECOND: 0, A_NEEDS: 2, ONCE: true },
      change: 'a claim that must be false: no id is loaded twice, although the method for a and b asks for b',
      breaks: 'the claim',
    },
    {
      faults: 'none',
      flags: { NO_POLL: true, ONCE: true },
      change: 'a load does not wait for the lease of another instance; no id is loaded twice',
      breaks: 'the claim',
    },
    { faults: 'evictions', flags: { WRITES: 1, NO_TOKEN: true }, change: 'without the token check of a fill', breaks: 'C5' },
    {
      faults: 'none, one instance, b needs c',
      flags: { SECOND_IN: 0, B_NEEDS: C, JOIN_WAITS_FOR_BATCH: true },
      change: 'who joins a load waits for its whole batch',
      breaks: 'progress',
    },
    {
      faults: 'none',
      flags: { SECOND: AB, WAIT_BEFORE_OWN: true },
      change: 'a batch waits for joined loads and for leases before its first run',
      breaks: 'progress',
    },
    {
      faults: 'none, two reads in one instance',
      flags: { SECOND_IN: 0, THIRD: AC, THIRD_IN: 1, ONE_SCRIPT: true, WAIT_BEFORE_OWN: true },
      change: 'the same; all leases of a batch are asked for in one step',
      breaks: 'progress',
    },
    {
      faults: 'none',
      flags: { SECOND: AB, RUNS_SETTLE_TOGETHER: true },
      change: 'the ids of the first run settle when the other loads of the batch have ended',
      breaks: 'progress',
    },
    {
      faults: 'a run rejects',
      flags: { ...SAME_IDS, FAULTS: 1, LATE_WAITS_FOR_LEASES: true },
      change: 'a load that gets its lease late waits until no load of its batch asks for one',
      breaks: 'progress',
    },
    {
      faults: 'a is not stored, evictions',
      flags: { ...SAME_IDS, ABSENT: A, WRITES: 1, ONE_SCRIPT: true, LATE_WAITS_FOR_LEASES: true },
      change: 'the same; all leases of a batch are asked for in one step',
      breaks: 'progress',
    },
    {
      faults: 'c is not stored, a needs c',
      flags: { FIRST: A, SECOND: AC, SECOND_IN: 0, THIRD: C, THIRD_IN: 1, A_NEEDS: C, ABSENT: C, LATE_WAITS_FOR_JOINS: true },
      change: 'a load that gets its lease late waits for all that its batch has joined',
      breaks: 'progress',
    },
    {
      faults: 'none, one read, a needs b',
      flags: { SECOND: 0, A_NEEDS: 2, NO_RUN_NODE: true },
      change: 'of the loads of a run, only the first is known to wait for it',
      breaks: 'progress',
    },
    {
      faults: 'none, one instance, b needs c, c needs a',
      flags: { ...NEEDS, SECOND_IN: 0, NO_RUN_NODE: true },
      change: 'of the loads of a run, only the first is known to wait for it',
      breaks: 'progress',
    },
    {
      faults: 'none, b needs c, c needs a',
      flags: { ...NEEDS, NO_POLL_CHECK: true },
      change: 'a load waits for a lease although the holder waits for the load',
      breaks: 'progress',
    },
    {
      faults: 'none, b needs c, c needs a',
      flags: { ...NEEDS, TWO_PROCESSES: true },
      change: 'not promised: between two processes, who waits for whom is not known, so only the deadline ends a circle',
      breaks: 'progress',
    },
    {
      faults: 'deadlines, any two reads with any needs',
      flags: { ANY: 2, ANY_NEEDS: true, TWO_PROCESSES: true, DEADLINE: true },
      change: 'two processes, with the deadline',
    },
    {
      faults: 'a run rejects, nothing is stored, any two reads with any needs',
      flags: { ANY: 2, ANY_NEEDS: true, TWO_PROCESSES: true, MANY_DO_NOT_POLL: true, FAULTS: 1, ABSENT: 7 },
      change: 'two processes; a load does not wait for a lease while a run for several ids waits for the load',
    },
    {
      faults: 'a run rejects, one instance',
      flags: { SECOND: 2, SECOND_IN: 0, FAULTS: 1, SINGLE_SHARES_FAILURE: true },
      change: 'a single read that has joined a load of a batch rejects with it',
      breaks: 'isolation',
    },
    {
      faults: 'two runs reject, one instance',
      flags: { SECOND: 2, SECOND_IN: 0, THIRD: 6, FAULTS: 2, SINGLE_TRIES_TWICE: true },
      change: 'the same, if it is the second time',
      breaks: 'isolation',
    },
    { faults: 'two runs reject, one instance', flags: { SECOND: 2, SECOND_IN: 0, THIRD: 6, FAULTS: 2 } },
  ],
};

/** All models, in the order of the page. */
export const MODELS: readonly Model[] = [
  COHERENCE,
  GENERATIONS,
  OWN_WRITES,
  FILLING,
  AUDIENCE,
  CRASH_SAFE_WRITES,
  TAGS,
  TAG_RECORD,
  FRESHNESS,
  COLLECTIONS,
];
