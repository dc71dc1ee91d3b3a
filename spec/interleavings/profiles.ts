import { type Lives, type ScriptConstraints, UNDISTURBED } from './step.js';

const FEW: ScriptConstraints = { tiers: ['both'], instances: 2, keys: 1, warm: true };

/** Messages and echoes come late. */
export const SLOW_SUBSCRIBER: ScriptConstraints = {
  ...FEW,
  weights: { ...UNDISTURBED, read: 12, update: 4, clear: 0, pass: 8, holdSubscriber: 4, resume: 4 },
  updates: ['evict'],
  passes: [250, 600, 1_100],
};

/** The same, with hardly a step between the end of the silence and the next read. */
export const LATE: ScriptConstraints = {
  ...SLOW_SUBSCRIBER,
  weights: { ...UNDISTURBED, read: 10, update: 5, clear: 0, finishLoads: 0, pass: 6, holdSubscriber: 6, resume: 6, settle: 1 },
  passes: [250, 1_100],
};

/** Instances hear nothing, and are not heard, for longer than the bound. */
export const FROZEN: ScriptConstraints = {
  ...FEW,
  weights: { ...UNDISTURBED, update: 1, clear: 5, pass: 5, holdBoth: 5, resume: 4 },
  passes: [30, 1_100],
};

/** Evictions find nobody for so long that they come into doubt. */
export const OFFLINE: ScriptConstraints = {
  ...FEW,
  weights: { ...UNDISTURBED, update: 5, clear: 0, pass: 8, holdCommand: 4, cutCommand: 4, resume: 5, settle: 5 },
  updates: ['evict'],
  passes: [100, 250, 1_100],
};

/** The same with clears. */
const CLEARED_OFFLINE: ScriptConstraints = { ...OFFLINE, weights: { ...OFFLINE.weights, update: 1, clear: 5 } };

/** Somebody waits for acknowledgements. */
export const ACKED: ScriptConstraints = {
  ...FEW,
  weights: { ...UNDISTURBED, update: 6, clear: 0, pass: 2, holdSubscriber: 3, holdBoth: 2, resume: 2, settle: 5 },
  updates: ['evictAcked'],
  passes: [30, 250],
};

/** The same, and the server forgets who is alive. */
export const FORGOTTEN: ScriptConstraints = {
  ...ACKED,
  weights: { ...ACKED.weights, pass: 6, flush: 2 },
  updates: ['evict', 'evictAcked'],
};

/** The same, and somebody sets the server's clock. */
export const RESET: ScriptConstraints = {
  ...ACKED,
  weights: { ...ACKED.weights, pass: 6, setClock: 2 },
  updates: ['evict', 'evictAcked'],
};

/** Messages vanish, and no connection with them. */
export const SWALLOWING: ScriptConstraints = { ...FEW, weights: { ...UNDISTURBED, update: 8, pass: 1, swallow: 4 }, keys: 2, passes: [30] };

/** Subscribers are cut off again and again. */
export const CUT: ScriptConstraints = { ...FEW, weights: { ...UNDISTURBED, update: 8, pass: 1, cutSubscriber: 4 }, keys: 2, passes: [30] };

/** Generations come and go. */
export const CLEARED: ScriptConstraints = { ...FEW, weights: { ...UNDISTURBED, update: 1, clear: 5, pass: 5 }, passes: [250] };

/** The server forgets what it had acknowledged. */
export const RESTORED: ScriptConstraints = {
  ...FEW,
  weights: { ...UNDISTURBED, pass: 1, snapshot: 3, restart: 4, clear: 0, settle: 5 },
  passes: [30],
};

/** The address leads to other servers, and those before live. */
export const MOVED: ScriptConstraints = {
  ...FEW,
  weights: { ...UNDISTURBED, update: 5, pass: 5, cutSubscriber: 1, move: 3 },
  passes: [30, 250, 1_100],
};

/** Somebody else publishes on the topic, while generations come and go. */
export const FORGED: ScriptConstraints = {
  ...FEW,
  weights: { ...UNDISTURBED, update: 4, clear: 3, pass: 3, holdCommand: 2, resume: 3, forge: 5 },
  passes: [30, 250],
};

/** The same while subscribers are cut off: what is made up may have the number of what they miss. */
export const FORGED_AND_CUT: ScriptConstraints = {
  ...FEW,
  weights: { ...UNDISTURBED, update: 8, pass: 3, cutSubscriber: 4, forge: 4 },
  updates: ['evict'],
  passes: [30, 250],
};

/** The number of messages gets lost while subscribers are cut off. */
const LOST_AND_CUT: ScriptConstraints = {
  ...FEW,
  weights: { ...UNDISTURBED, update: 8, pass: 3, cutSubscriber: 4, damage: 4 },
  updates: ['evict'],
  passes: [30, 250],
};

/** Somebody waits for acknowledgements, and the server forgets who has the cache, or who is alive. */
export const FORGOTTEN_HOSTS: ScriptConstraints = {
  ...ACKED,
  weights: { ...ACKED.weights, pass: 4, damage: 4 },
};

/** Somebody else writes over the bookkeeping, or it gets lost piece by piece. */
const DAMAGED: ScriptConstraints = {
  ...FEW,
  weights: { ...UNDISTURBED, update: 6, clear: 2, pass: 5, damage: 5 },
  passes: [30, 250],
};

/** Writers die in the middle of crash-safe writes. */
export const CRASHED: ScriptConstraints = {
  ...FEW,
  tiers: ['both', 'both', 'remote'],
  instances: 3,
  weights: { ...UNDISTURBED, update: 2, pass: 6, settle: 4, evictAround: 8, die: 3, putSame: 2 },
  updates: ['evict'],
  passes: [30, 250, 600, 1_100],
};

/** The same, and others clear the cache meanwhile. */
export const CRASHED_AND_CLEARED: ScriptConstraints = {
  ...CRASHED,
  weights: { ...UNDISTURBED, read: 8, update: 0, clear: 3, finishLoads: 4, pass: 1, settle: 5, evictAround: 3, die: 3 },
  passes: [30, 250],
};

/** The same, and others put what the database has. */
export const CRASHED_AND_PUT: ScriptConstraints = {
  ...CRASHED_AND_CLEARED,
  weights: { ...CRASHED_AND_CLEARED.weights, read: 3, clear: 0, putSame: 6 },
};

/** Several writers are in the middle of a crash-safe write. */
export const CRASHED_TOGETHER: ScriptConstraints = {
  ...CRASHED_AND_CLEARED,
  weights: { ...CRASHED_AND_CLEARED.weights, clear: 0, finishLoads: 3, evictAround: 5 },
};

/** Commits land long after their writers have died. */
export const CRASHED_LONG_AGO: ScriptConstraints = {
  ...CRASHED,
  weights: { ...UNDISTURBED, read: 6, update: 0, clear: 0, finishLoads: 1, pass: 4, settle: 6, evictAround: 3, die: 3 },
  passes: [1_100],
};

/** The server loses the intents of writers before they die. */
export const CRASHED_AND_LOST: ScriptConstraints = {
  ...CRASHED,
  tiers: ['remote'],
  warm: false,
  weights: { ...UNDISTURBED, read: 6, update: 0, clear: 0, finishLoads: 0, pass: 4, settle: 6, loseIntents: 3, evictAround: 2, die: 2 },
  passes: [600],
};

/** All of it, while connections are cut, and the server loses what it knew. */
const CRASHED_AND_CUT: ScriptConstraints = {
  ...CRASHED,
  weights: { ...CRASHED.weights, holdCommand: 1, resume: 1, cutCommand: 2, cutSubscriber: 1, snapshot: 1, restart: 1, move: 1, flush: 2 },
};

/** Values are evicted by their tags. */
export const TAGGED: ScriptConstraints = {
  ...FEW,
  tags: 'all',
  tiers: ['both', 'both', 'both', 'remote', 'local'],
  weights: { ...UNDISTURBED, update: 2, updateTagged: 8, pass: 3 },
  keys: 2,
  passes: [30, 250],
};

/** The same, and messages come late, so that only the own replies tell. */
export const TAGGED_AND_SLOW: ScriptConstraints = {
  ...TAGGED,
  weights: { ...TAGGED.weights, update: 0, pass: 6, holdSubscriber: 4, resume: 4 },
  passes: [250, 600, 1_100],
};

/** The same, while subscribers are cut off, and messages get lost. */
export const TAGGED_AND_CUT: ScriptConstraints = {
  ...TAGGED,
  weights: { ...TAGGED.weights, update: 1, cutSubscriber: 4, cutCommand: 1, swallow: 1 },
  passes: [30, 250, 1_100],
};

/** Messages vanish, and no connection with them. */
const TAGGED_AND_SWALLOWED: ScriptConstraints = {
  ...TAGGED,
  tiers: ['both', 'remote'],
  weights: { ...TAGGED.weights, update: 2, updateTagged: 10, swallow: 4, settle: 4, holdSubscriber: 2, resume: 3 },
  passes: [30],
};

/** Some of the instances have no tags. */
export const TAGGED_AND_MIXED: ScriptConstraints = {
  ...TAGGED,
  tags: 'mixed',
  tiers: ['both', 'both', 'remote'],
  weights: { ...TAGGED.weights, pass: 6 },
  passes: [30, 250, 1_100],
};

/** The server forgets when tags were evicted, or everything. */
export const TAGGED_AND_LOST: ScriptConstraints = {
  ...TAGGED,
  tiers: ['both', 'remote'],
  weights: { ...TAGGED.weights, update: 1, cutSubscriber: 2, damage: 5, snapshot: 1, restart: 1, move: 1, flush: 1 },
  losses: ['tags', 'tags', 'tags', 'state'],
  passes: [30, 250, 1_100],
};

/** The record of the tags gets lost, and nothing else. */
export const TAGGED_AND_FORGOTTEN: ScriptConstraints = {
  ...TAGGED,
  tiers: ['both', 'remote'],
  weights: { ...TAGGED.weights, read: 14, update: 1, clear: 0, holdSubscriber: 2, cutSubscriber: 4, damage: 8 },
  losses: ['tags'],
  passes: [30, 250, 1_100],
};

/** Evictions of tags find nobody for so long that they come into doubt. */
export const TAGGED_OFFLINE: ScriptConstraints = {
  ...TAGGED,
  weights: { ...UNDISTURBED, update: 1, updateTagged: 6, clear: 0, pass: 8, holdCommand: 4, cutCommand: 4, resume: 5, settle: 5 },
  passes: [100, 250, 1_100],
};

/** Generations come and go. */
const TAGGED_AND_CLEARED: ScriptConstraints = {
  ...TAGGED,
  weights: { ...TAGGED.weights, clear: 4, pass: 5, holdCommand: 1, resume: 2 },
};

/** Somebody else publishes on the topic. */
export const TAGGED_AND_FORGED: ScriptConstraints = {
  ...TAGGED,
  tiers: ['local', 'both'],
  weights: { ...TAGGED.weights, clear: 1, cutSubscriber: 2, holdCommand: 1, resume: 2, forge: 5 },
};

/** All of it, in a fleet where some have no tags. */
const TAGGED_AND_DISTURBED: ScriptConstraints = { tags: 'mixed', instances: 3, weights: { updateTagged: 10, update: 4 } };

/** Values end soon, and answer for methods that fail. */
const ENDING: Lives = { ttlMs: 600, staleMs: 30_000, retryAfterMs: 400, refreshAfterMs: 0, loadTimeoutMs: 0 };

/** They are refreshed, too. */
const REFRESHED: Lives = { ...ENDING, ttlMs: 1_500, refreshAfterMs: 200 };

/** Methods that fail, many of them late. */
const FAILING = ['quick', 'slow', 'failing', 'failing', 'slowFailing', 'slowFailing', 'slowFailing'] as const;

/** Values end, and methods fail. */
export const ENDED: ScriptConstraints = {
  ...FEW,
  tiers: ['both', 'both', 'remote', 'local'],
  weights: { ...UNDISTURBED, read: 14, update: 4, pass: 6, finishLoads: 4, settle: 4 },
  lives: [ENDING, ENDING, { ...ENDING, loadTimeoutMs: 300 }],
  loads: FAILING,
  passes: [30, 250, 600, 1_100],
};

/** The same, and messages come late. */
export const ENDED_AND_SLOW: ScriptConstraints = {
  ...ENDED,
  tiers: ['both', 'remote'],
  weights: { ...ENDED.weights, read: 10, update: 5, clear: 0, pass: 5, holdSubscriber: 5, resume: 2 },
  lives: [ENDING],
  loads: ['quick', 'failing', 'slowFailing', 'slowFailing'],
  updates: ['evict'],
  passes: [250, 1_100],
};

/** The same, and evictions find nobody for so long that they come into doubt. */
export const ENDED_OFFLINE: ScriptConstraints = {
  ...ENDED,
  tiers: ['both', 'remote'],
  weights: { ...ENDED.weights, clear: 0, holdCommand: 3, cutCommand: 3, resume: 5 },
  updates: ['evict'],
  passes: [100, 600, 1_100],
};

/** The same, and the connections of subscribers are lost, or messages. */
const ENDED_AND_CUT: ScriptConstraints = {
  ...ENDED,
  weights: { ...ENDED.weights, cutSubscriber: 3, swallow: 2, restart: 1, snapshot: 1, move: 1 },
};

/** The same by tags. */
export const ENDED_AND_TAGGED: ScriptConstraints = {
  ...ENDED,
  tags: 'all',
  weights: { ...ENDED.weights, update: 1, updateTagged: 5, holdSubscriber: 2, resume: 2 },
};

/** Values are refreshed before they end. */
export const DUE: ScriptConstraints = {
  ...ENDED,
  weights: { ...ENDED.weights, read: 16, update: 6 },
  lives: [REFRESHED],
  loads: ['quick', 'quick', 'slow', 'slow', 'slow', 'failing'],
  passes: [30, 250, 250, 600],
};

/** The same, and evictions find nobody for so long that they come into doubt. */
const DUE_OFFLINE: ScriptConstraints = {
  ...DUE,
  tiers: ['both', 'remote'],
  weights: { ...ENDED_OFFLINE.weights },
  lives: [{ ...REFRESHED, ttlMs: 6_000 }],
  updates: ['evict'],
  passes: [100, 250, 600, 1_100],
};

/** All of it, among instances of which one is asked for nothing. */
const DUE_AND_MIXED: ScriptConstraints = {
  ...DUE,
  mixed: true,
  instances: 3,
  weights: { ...DUE.weights, holdSubscriber: 2, cutCommand: 1, resume: 2 },
  lives: [REFRESHED, { ...REFRESHED, loadTimeoutMs: 300 }, ENDING],
  loads: [...FAILING, 'quick', 'slow'],
};

/** All of it, whatever fails. */
const DUE_AND_DISTURBED: ScriptConstraints = { lives: [REFRESHED, { ...REFRESHED, loadTimeoutMs: 300 }, ENDING], loads: FAILING };

/** Several keys are read at once, and nothing that waits for another is ended by a time. */
export const BATCHED: ScriptConstraints = {
  ...FEW,
  tiers: ['both', 'both', 'both', 'remote', 'local'],
  keys: 3,
  warm: false,
  weights: { ...UNDISTURBED, read: 5, readAll: 12, update: 4, clear: 1, pass: 3, finishLoads: 3 },
  passes: [30, 250],
  patience: 'endless',
};

/** The same, and methods read other keys. */
export const BATCHED_AND_NEEDING: ScriptConstraints = {
  ...BATCHED,
  tiers: ['both', 'both', 'remote', 'local'],
  weights: { ...BATCHED.weights, update: 3, finishLoads: 5 },
  needs: true,
};

/** What others load is not stored, so leases are given back while others ask for them. */
export const BATCHED_IN_VAIN: ScriptConstraints = {
  ...BATCHED,
  tiers: ['both', 'remote'],
  weights: { ...BATCHED.weights, read: 4, readAll: 14, update: 3, clear: 0, pass: 5, finishLoads: 4 },
  loads: ['quick', 'slow', 'failing', 'slowFailing'],
  loadsOfAll: ['slow', 'slow', 'slowFailing', 'slowFailing', 'failing', 'leavingOut', 'slowLeavingOut', 'slowLeavingOut'],
};

/** A third instance holds the leases of both keys, and they come free one by one. */
export const BATCHED_AMONG_THREE: ScriptConstraints = {
  ...BATCHED_IN_VAIN,
  instances: 3,
  keys: 2,
  weights: { ...UNDISTURBED, read: 8, readAll: 12, update: 2, clear: 0, pass: 8, finishLoads: 2, settle: 6 },
  passes: [30],
  loads: ['slowFailing'],
  loadsOfAll: ['slow', 'slowFailing', 'slowLeavingOut'],
};

/** Loads and their leases run out. */
const BATCHED_AND_LATE: ScriptConstraints = {
  ...BATCHED,
  tiers: ['both', 'both', 'remote', 'local'],
  weights: { ...BATCHED.weights, pass: 6, finishLoads: 2 },
  loadsOfAll: ['quick', 'slow', 'slow', 'slow', 'slowFailing', 'slowLeavingOut'],
  passes: [30, 250, 600],
  needs: true,
  patience: 'short',
};

/** Messages come late. */
export const BATCHED_AND_SLOW: ScriptConstraints = {
  ...BATCHED,
  tiers: ['both'],
  weights: { ...BATCHED.weights, clear: 0, pass: 8, holdSubscriber: 4, resume: 4 },
  updates: ['evict'],
  passes: [250, 600, 1_100],
  patience: 'usual',
};

/** Evictions find nobody for so long that they come into doubt. */
const BATCHED_OFFLINE: ScriptConstraints = {
  ...OFFLINE,
  keys: 3,
  weights: { ...OFFLINE.weights, read: 4, readAll: 10 },
};

/** Values are evicted by their tags. */
const BATCHED_AND_TAGGED: ScriptConstraints = {
  ...BATCHED,
  tags: 'all',
  weights: { ...BATCHED.weights, update: 1, updateTagged: 7 },
};

/** Values end, and methods fail. */
const BATCHED_AND_ENDED: ScriptConstraints = {
  ...ENDED,
  keys: 3,
  weights: { ...ENDED.weights, read: 4, readAll: 12 },
  lives: [ENDING, { ...ENDING, loadTimeoutMs: 300 }, REFRESHED],
};

/** Writers die in the middle of crash-safe writes. */
const BATCHED_AND_CRASHED: ScriptConstraints = {
  ...CRASHED,
  keys: 2,
  weights: { ...CRASHED.weights, read: 4, readAll: 10 },
};

/** All of it, whatever fails. */
const BATCHED_AND_DISTURBED: ScriptConstraints = {
  keys: 3,
  tags: 'mixed',
  weights: { read: 5, readAll: 12, updateTagged: 5, update: 5 },
  lives: [REFRESHED, { ...REFRESHED, ttlMs: 60_000 }, ENDING],
  needs: true,
};

/** By name: all of them but those that aim at one rule of crash-safe writes. */
export const PROFILES: Readonly<Record<string, ScriptConstraints>> = {
  SLOW_SUBSCRIBER,
  LATE,
  FROZEN,
  OFFLINE,
  CLEARED_OFFLINE,
  ACKED,
  FORGOTTEN,
  RESET,
  SWALLOWING,
  CUT,
  CLEARED,
  RESTORED,
  MOVED,
  FORGED,
  FORGED_AND_CUT,
  LOST_AND_CUT,
  FORGOTTEN_HOSTS,
  DAMAGED,
  CRASHED,
  CRASHED_AND_LOST,
  CRASHED_AND_CUT,
  TAGGED,
  TAGGED_AND_SLOW,
  TAGGED_AND_CUT,
  TAGGED_AND_SWALLOWED,
  TAGGED_AND_MIXED,
  TAGGED_AND_LOST,
  TAGGED_AND_FORGOTTEN,
  TAGGED_OFFLINE,
  TAGGED_AND_CLEARED,
  TAGGED_AND_FORGED,
  TAGGED_AND_DISTURBED,
  ENDED,
  ENDED_AND_SLOW,
  ENDED_OFFLINE,
  ENDED_AND_CUT,
  ENDED_AND_TAGGED,
  DUE,
  DUE_OFFLINE,
  DUE_AND_MIXED,
  DUE_AND_DISTURBED,
  BATCHED,
  BATCHED_AND_NEEDING,
  BATCHED_IN_VAIN,
  BATCHED_AND_LATE,
  BATCHED_AND_SLOW,
  BATCHED_OFFLINE,
  BATCHED_AND_TAGGED,
  BATCHED_AND_ENDED,
  BATCHED_AND_CRASHED,
  BATCHED_AND_DISTURBED,
};
