import * as fc from 'fast-check';
import { LEAST_DAMAGED } from '../../lib/eviction/cache-state.js';
import type { Milliseconds } from '../../lib/time/index.js';

/** One thing that happens in a schedule; between two of them the network and the loaders go on. */
export type Step =
  | {
      readonly do: 'read';
      readonly in: number;
      readonly key: number;
      readonly by: 'load' | 'get' | 'getAll';
      readonly load: Loading;
    }
  /** A read of several keys at once, some of which may be named twice. */
  | { readonly do: 'readAll'; readonly in: number; readonly keys: readonly number[]; readonly load: LoadingAll; readonly shape: Shape }
  | { readonly do: 'update'; readonly in: number; readonly key: number; readonly then: 'evict' | 'evictAcked' | 'put' }
  /** An update of a key, or of all keys, whose eviction names a tag: one that only this key carries, or one that all carry. */
  | { readonly do: 'updateTagged'; readonly in: number; readonly key: number; readonly tag: 'own' | 'all'; readonly acks: boolean }
  | { readonly do: 'clear'; readonly in: number; readonly acks: boolean }
  | { readonly do: 'finishLoads' }
  /** Time passes; `blocked`: without the event loop turning meanwhile. */
  | { readonly do: 'pass'; readonly ms: Milliseconds; readonly blocked: boolean }
  /** Everything on its way arrives. */
  | { readonly do: 'settle' }
  | { readonly do: 'holdSubscriber'; readonly in: number }
  | { readonly do: 'holdCommand'; readonly in: number }
  /** Both links are silent. */
  | { readonly do: 'holdBoth'; readonly in: number }
  | { readonly do: 'resume'; readonly in: number }
  | { readonly do: 'cutSubscriber'; readonly in: number; readonly noticed: boolean }
  | { readonly do: 'cutCommand'; readonly in: number; readonly late: boolean }
  | { readonly do: 'swallow'; readonly in: number }
  | { readonly do: 'snapshot' }
  | { readonly do: 'restart'; readonly with: 'nothing' | 'snapshot' }
  /** The address leads to another server, empty or up to date, while the one before lives. */
  | { readonly do: 'move'; readonly to: 'nothing' | 'replica' }
  | { readonly do: 'flush' }
  /** Somebody who may publish on the topic makes a message up. */
  | {
      readonly do: 'forge';
      readonly op: 'evict' | 'clear' | 'evictTagged';
      readonly gen: 'current' | 'earlier' | 'later' | 'latest';
      readonly seq: 'next' | 'far' | 'first';
    }
  /** Somebody sets the server's clock. */
  | { readonly do: 'setClock'; readonly byMs: Milliseconds }
  /** Somebody who may write keys writes over the state of the cache, or removes it; or the server loses a list. */
  | { readonly do: 'damage'; readonly what: 'state' | 'members' | 'hosts' | 'tags'; readonly by: string | undefined }
  /**
   * A crash-safe write. `slowCommit`: its commit is on its way until a `finishLoads`. `slow`: the same, and it takes until one before
   * it sends the commit. `failing`: its commit lands, and it fails.
   */
  | {
      readonly do: 'evictAround';
      readonly in: number;
      readonly key: number;
      readonly work: 'quick' | 'slow' | 'slowCommit' | 'failing';
    }
  /** The process of an instance dies in the middle of a crash-safe write. `late`: what it has sent may be executed afterwards. */
  | { readonly do: 'die'; readonly in: number; readonly late: boolean }
  /** The server loses the write intents, and nothing else. */
  | { readonly do: 'loseIntents' }
  /** While a crash-safe write has not committed, another caller puts the value that the database has. */
  | { readonly do: 'putSame'; readonly in: number; readonly key: number };

/** How a method ends that a read runs. `slow…`: at a `finishLoads`. */
export type Loading = 'quick' | 'slow' | 'failing' | 'slowFailing';

/** How a method of several keys ends. `…leavingOut`: it has no value for the first of them. */
export type LoadingAll = Loading | 'leavingOut' | 'slowLeavingOut';

/** In what a method of several keys returns its values. */
export type Shape = 'map' | 'array';

/** How long values live, and what is served beside fresh ones. `0`: never, or as long as it takes. */
export interface Lives {
  readonly ttlMs: Milliseconds;
  readonly staleMs: Milliseconds;
  readonly retryAfterMs: Milliseconds;
  readonly refreshAfterMs: Milliseconds;
  readonly loadTimeoutMs: Milliseconds;
}

/** How often each step happens, relative to the others. */
export type Weights = Readonly<Record<Step['do'], number>>;

/** Everything happens, but for deaths of writers: what they leave behind is promised for crash-safe writes alone. */
const EVERYTHING: Weights = {
  read: 12,
  readAll: 0,
  update: 7,
  updateTagged: 0,
  clear: 1,
  finishLoads: 2,
  pass: 5,
  settle: 3,
  holdSubscriber: 1,
  holdCommand: 1,
  holdBoth: 1,
  resume: 3,
  cutSubscriber: 1,
  cutCommand: 1,
  swallow: 1,
  snapshot: 1,
  restart: 1,
  move: 1,
  flush: 1,
  forge: 1,
  setClock: 1,
  damage: 1,
  evictAround: 0,
  die: 0,
  putSame: 0,
  loseIntents: 0,
};

/** Reads and updates while nothing fails: to build upon. */
export const UNDISTURBED: Weights = {
  ...EVERYTHING,
  holdSubscriber: 0,
  holdCommand: 0,
  holdBoth: 0,
  resume: 0,
  cutSubscriber: 0,
  cutCommand: 0,
  swallow: 0,
  snapshot: 0,
  restart: 0,
  move: 0,
  flush: 0,
  forge: 0,
  setClock: 0,
  damage: 0,
};

/**
 * For how long steps, joined loads and fill leases are waited for. `usual`: as the defaults have it, but for fill leases short enough to
 * run out. `short`: loads that are joined run out, too. `endless`: longer than any schedule, so that a circle of waits never ends.
 */
export type Patience = 'usual' | 'short' | 'endless';

/** One schedule but for the order of its hops: who takes part, and what happens. */
export interface Script {
  readonly instances: number;
  readonly keys: number;
  readonly tiers: 'both' | 'local' | 'remote';
  /** Whether the fleet has been running for longer than the bound, and every instance has read every key, before it begins. */
  readonly warm: boolean;
  /** Whether the instances differ in their options: bounds, tiers, and what they do without a lease. */
  readonly mixed: boolean;
  /** Which instances have tags: none, all, or (`mixed`) some of those that share the cache. */
  readonly tags: 'none' | 'all' | 'mixed';
  /** Whether the methods of some keys read another key before they return. No key needs itself, not even through others. */
  readonly needs: boolean;
  readonly patience: Patience;
  /** Whether things that follow each other on a connection come in one packet. */
  readonly coalesces: boolean;
  /** `undefined`: no life ends. */
  readonly lives: Lives | undefined;
  readonly steps: readonly Step[];
}

type Update = Extract<Step, { do: 'update' }>['then'];

/** What an arbitrary script is limited to; the defaults allow everything. */
export interface ScriptConstraints {
  /** Where they differ from {@link EVERYTHING}. */
  readonly weights?: Partial<Weights>;
  readonly tiers?: readonly Script['tiers'][];
  readonly instances?: number;
  readonly keys?: number;
  readonly warm?: boolean;
  readonly mixed?: boolean;
  readonly tags?: Script['tags'];
  readonly updates?: readonly Update[];
  readonly passes?: readonly Milliseconds[];
  /** Default: all but those that fail late. */
  readonly loads?: readonly Loading[];
  /** The same of reads of several keys. Default: every way. */
  readonly loadsOfAll?: readonly LoadingAll[];
  readonly needs?: boolean;
  readonly patience?: Patience;
  /** Default: no life ends. */
  readonly lives?: readonly Lives[];
  /** Whether somebody waits for the acknowledgements of evictions by tag. Default: sometimes. */
  readonly acks?: boolean;
  /** What the step `damage` damages. Default: everything but what is known of tags. */
  readonly losses?: readonly Extract<Step, { do: 'damage' }>['what'][];
}

/**
 * Without what somebody makes up, where messages are lost on connections that stand: both together are more than an instance can notice
 * (`docs/coherence.md`, 9).
 */
const withinPromise = (steps: readonly Step[]): readonly Step[] =>
  steps.some((step) => step.do === 'swallow') ? steps.filter((step) => step.do !== 'forge') : steps;

/** Scripts for two or three instances and, by default, one or two keys. */
export function scripts(constraints: ScriptConstraints = {}): fc.Arbitrary<Script> {
  const { tiers = ['both', 'both', 'both', 'local', 'remote'], instances, keys, warm, mixed = false, tags = 'none', lives } = constraints;
  const { needs = false, patience = 'usual' } = constraints;
  return fc.record({
    instances: instances === undefined ? fc.integer({ min: 2, max: 3 }) : fc.constant(instances),
    keys: keys === undefined ? fc.integer({ min: 1, max: 2 }) : fc.constant(keys),
    tiers: fc.constantFrom(...tiers),
    warm: warm === undefined ? fc.boolean() : fc.constant(warm),
    mixed: fc.constant(mixed),
    tags: fc.constant(tags),
    needs: fc.constant(needs),
    patience: fc.constant(patience),
    coalesces: fc.boolean(),
    lives: lives === undefined ? fc.constant(undefined) : fc.constantFrom(...lives),
    steps: fc.array(steps(constraints), { minLength: 5, maxLength: 40, size: 'max' }).map(withinPromise),
  });
}

/** Several keys, seldom one of them twice. */
const someKeys = (key: fc.Arbitrary<number>): fc.Arbitrary<readonly number[]> =>
  fc.oneof(
    { weight: 5, arbitrary: fc.uniqueArray(key, { minLength: 2, maxLength: 3 }) },
    { weight: 1, arbitrary: fc.array(key, { minLength: 1, maxLength: 4 }) },
  );

function steps(constraints: ScriptConstraints): fc.Arbitrary<Step> {
  const { weights, updates, passes, loads, loadsOfAll, keys = 2, tags = 'none', acks, losses } = constraints;
  const where = fc.nat({ max: 2 });
  const key = fc.nat({ max: Math.max(keys, 2) - 1 });
  const of: { readonly [K in Step['do']]: fc.Arbitrary<Step> } = {
    read: fc.record({
      do: fc.constant('read' as const),
      in: where,
      key,
      by: fc.constantFrom('load', 'load', 'load', 'load', 'get', 'getAll'),
      load: fc.constantFrom(...(loads ?? (['quick', 'quick', 'quick', 'slow', 'slow', 'failing'] as const))),
    }),
    readAll: fc.record({
      do: fc.constant('readAll' as const),
      in: where,
      keys: someKeys(key),
      load: fc.constantFrom(
        ...(loadsOfAll ?? (['quick', 'quick', 'slow', 'slow', 'failing', 'slowFailing', 'leavingOut', 'slowLeavingOut'] as const)),
      ),
      shape: fc.constantFrom('map', 'array'),
    }),
    update: fc.record({
      do: fc.constant('update' as const),
      in: where,
      key,
      then: fc.constantFrom(...(updates ?? ['evict', 'evict', 'evictAcked', 'put'])),
    }),
    updateTagged: fc.record({
      do: fc.constant('updateTagged' as const),
      in: where,
      key,
      tag: fc.constantFrom('own', 'own', 'all'),
      acks: acks === undefined ? fc.boolean() : fc.constant(acks),
    }),
    clear: fc.record({ do: fc.constant('clear' as const), in: where, acks: fc.boolean() }),
    finishLoads: fc.constant({ do: 'finishLoads' }),
    pass: fc.record({
      do: fc.constant('pass' as const),
      ms: fc.constantFrom(...(passes ?? [1, 30, 100, 250, 250, 600, 1_100])),
      blocked: fc.boolean(),
    }),
    settle: fc.constant({ do: 'settle' }),
    holdSubscriber: fc.record({ do: fc.constant('holdSubscriber' as const), in: where }),
    holdCommand: fc.record({ do: fc.constant('holdCommand' as const), in: where }),
    holdBoth: fc.record({ do: fc.constant('holdBoth' as const), in: where }),
    resume: fc.record({ do: fc.constant('resume' as const), in: where }),
    cutSubscriber: fc.record({ do: fc.constant('cutSubscriber' as const), in: where, noticed: fc.boolean() }),
    cutCommand: fc.record({ do: fc.constant('cutCommand' as const), in: where, late: fc.boolean() }),
    swallow: fc.record({ do: fc.constant('swallow' as const), in: where }),
    snapshot: fc.constant({ do: 'snapshot' }),
    restart: fc.record({ do: fc.constant('restart' as const), with: fc.constantFrom('nothing', 'snapshot') }),
    move: fc.record({ do: fc.constant('move' as const), to: fc.constantFrom('nothing', 'replica') }),
    flush: fc.constant({ do: 'flush' }),
    forge: fc.record({
      do: fc.constant('forge' as const),
      op: tags === 'none' ? fc.constantFrom('evict', 'evict', 'clear') : fc.constantFrom('evict', 'evictTagged', 'clear'),
      gen: fc.constantFrom('current', 'earlier', 'later', 'latest'),
      seq: fc.constantFrom('next', 'next', 'far', 'first'),
    }),
    setClock: fc.record({ do: fc.constant('setClock' as const), byMs: fc.constantFrom(600_000, -600_000, 600, -600, 300) }),
    damage: fc.record({
      do: fc.constant('damage' as const),
      what: fc.constantFrom(...(losses ?? (['state', 'state', 'state', 'members', 'hosts'] as const))),
      by: fc.constantFrom(
        undefined,
        undefined,
        'x',
        '1:1:ff',
        `1:${LEAST_DAMAGED - 1}:ff`,
        `${LEAST_DAMAGED - 1}:5:ff`,
        `${2 ** 53}:5:ff`,
        '9'.repeat(20),
      ),
    }),
    evictAround: fc.record({
      do: fc.constant('evictAround' as const),
      in: where,
      key,
      work: fc.constantFrom('quick', 'slow', 'slow', 'slowCommit', 'slowCommit', 'slowCommit', 'failing'),
    }),
    die: fc.record({ do: fc.constant('die' as const), in: where, late: fc.boolean() }),
    putSame: fc.record({ do: fc.constant('putSame' as const), in: where, key }),
    loseIntents: fc.constant({ do: 'loseIntents' }),
  };
  const weight = { ...EVERYTHING, ...weights };
  return fc.oneof(...Object.entries(of).map(([name, arbitrary]) => ({ arbitrary, weight: weight[name as Step['do']] })));
}
