import { inspect } from 'node:util';
import type { EvictionMessage } from '../../eviction/index.js';
import type { Milliseconds } from '../../time/index.js';
import { Source, type SourceOf } from './source.js';

/** Everybody has followed an eviction that is older than this. */
const LONG_MS: Milliseconds = 60_000;

/** So many values of one key are remembered. An older one that comes back is not recognized. */
const MOST_SOURCES = 500;

/** So many removals of one cache are remembered. */
const MOST_REMOVALS = 1_000;

/** What an eviction, a put or a clear takes away: everything that began before it. */
interface Removal {
  /** Its place in the order of all that happened. */
  readonly index: number;
  readonly cache: string;
  /** `undefined`: all keys, or those with one of {@link tags}. */
  readonly keys: ReadonlySet<string> | undefined;
  readonly tags: readonly string[] | undefined;
  /** {@link keys} and {@link tags} as text. */
  readonly cover: string;
  /**
   * When the server executed it. `undefined`: it stands for a call of {@link by}, which may not have come so
   * far.
   */
  readonly executedAt: Milliseconds | undefined;
  /**
   * Instances that must not answer any more with what it takes away, and the clause of the contract that says
   * so.
   */
  readonly by: Map<string, string>;
  /** Whether that holds for all of them. */
  isEverywhere: boolean;
}

/** A removal that a read must have followed, and why. */
export interface Floor {
  readonly removal: Removal;
  readonly because: string;
}

/** How a put ended. `'failed'`: nobody knows whether it was executed. */
export type PutOutcome = 'stored' | 'not stored' | 'failed';

/** A place in the fleet: one key of one cache in one instance. */
export interface Place {
  readonly instance: string;
  readonly cache: string;
  readonly key: string;
}

/** What a call takes away, by the instance that makes it. */
export interface Call {
  readonly instance: string;
  readonly cache: string;
  /** `undefined`: all. */
  readonly keys?: readonly string[] | undefined;
  readonly tags?: readonly string[] | undefined;
}

/**
 * Holds what a fleet answers against what the cache promises (the contract in `docs/coherence.md`, C1 to C5).
 * It knows nothing of the database: a value counts as one that came from a load, or a put, and an answer is
 * wrong if each of its sources was taken away by an eviction that the instance must have followed.
 */
export class FleetOracle {
  readonly #boundOf: (instance: string) => Milliseconds;
  readonly #now: () => Milliseconds;
  readonly #sources = new Map<string, Source[]>();
  readonly #removals = new Map<string, Removal[]>();
  /** Those under way, and those that failed, by place. */
  readonly #puts = new Map<string, Map<Source, 'under way' | 'failed'>>();
  #index = 0;

  constructor(boundOf: (instance: string) => Milliseconds, now: () => Milliseconds) {
    this.#boundOf = boundOf;
    this.#now = now;
  }

  /** One step in the order of all that happens. */
  step(): number {
    return (this.#index += 1);
  }

  /** A load that began at `begun` has ended with a value. */
  loaded(cache: string, key: string, of: SourceOf): void {
    const sources = this.#sourcesOf(cache, key);
    const known = sources.findIndex((source) => source.isOf(of));
    if (known === -1) return this.#remember(sources, new Source(of));
    // Of two loads with one value, the one that began later may have ended first.
    const [source] = sources.splice(known, 1) as [Source];
    source.again(of);
    sources.push(source);
  }

  /** A put begins. @returns what ends it. */
  putting({ instance, cache, key }: Place, value: unknown, tags: readonly string[]): (outcome: PutOutcome) => void {
    const source = new Source({ begun: this.step(), value, tags });
    const sources = this.#sourcesOf(cache, key);
    this.#remember(sources, source);
    const place = `${instance} ${cache} ${key}`;
    const puts = this.#puts.get(place) ?? new Map<Source, 'under way' | 'failed'>();
    this.#puts.set(place, puts.set(source, 'under way'));
    return (outcome) => {
      // It may still reach the server.
      if (outcome === 'failed') return void puts.set(source, 'failed');
      puts.delete(source);
      if (puts.size === 0) this.#puts.delete(place);
      if (outcome === 'not stored') sources.splice(sources.indexOf(source), 1);
    };
  }

  /** The server executed a step of `by` that takes something away, and announced it. */
  executed({ cache, op, keys, tags }: EvictionMessage, by: string): Removal {
    const removal = this.#add({
      cache,
      keys: op === 'clear' || op === 'evictTagged' ? undefined : new Set(keys),
      tags: op === 'evictTagged' ? tags : undefined,
      executedAt: this.#now(),
    });
    // A put takes away what was there before, and not itself. One without a remote tier is an eviction.
    for (const key of keys)
      for (const [source, state] of this.#puts.get(`${by} ${cache} ${key}`) ?? [])
        if (op === 'put' || state === 'under way') source.begun = this.step();
    return removal;
  }

  /** An instance has handled the message of a removal. */
  delivered(instance: string, removal: Removal): void {
    if (!removal.by.has(instance)) removal.by.set(instance, 'C5: an eviction was delivered');
  }

  /**
   * A call that takes something away has settled. `begun`: its step. `everywhere`: it waited for all
   * instances.
   */
  settled({ instance, cache, keys, tags }: Call, begun: number, everywhere: boolean): void {
    const removal = this.#add({ cache, keys: keys && new Set(keys), tags, executedAt: undefined }, begun);
    removal.by.set(instance, 'C1/C6: its own eviction has settled');
    removal.isEverywhere = everywhere;
  }

  /** What a read that begins now must have followed. */
  floors({ instance, cache, key }: Place, isServedWithoutProof: boolean): readonly Floor[] {
    const overdue = this.#now() - this.#boundOf(instance);
    return (this.#removals.get(cache) ?? []).flatMap((removal): readonly Floor[] => {
      if (removal.keys?.has(key) === false) return [];
      const own = removal.by.get(instance);
      if (own !== undefined) return [{ removal, because: own }];
      if (isServedWithoutProof) return [];
      if (removal.isEverywhere) return [{ removal, because: 'C4: an eviction was acknowledged by all' }];
      const isOverdue = removal.executedAt !== undefined && removal.executedAt < overdue;
      return isOverdue ? [{ removal, because: 'C2: an eviction was executed longer ago than the bound' }] : [];
    });
  }

  /** @returns what is wrong with the answer of a read with these floors; `undefined`: nothing. */
  wrong({ instance, cache, key }: Place, value: unknown, floors: readonly Floor[]): string | undefined {
    const sources = (this.#sources.get(`${cache} ${key}`) ?? []).filter((source) => source.isLike(value));
    let why: Floor | undefined;
    for (const source of sources) {
      const floor = floors.find(({ removal }) => takesAway(removal, source));
      if (floor === undefined) {
        for (const each of sources) each.has(value);
        return undefined;
      }
      why = floor;
    }
    // Without a source it was stored by somebody who is not watched.
    if (why === undefined) return undefined;
    return `${why.because}, and ${instance} answered '${key}' of cache '${cache}' with the value before: ${inspect(value, { breakLength: Infinity })}`;
  }

  #sourcesOf(cache: string, key: string): Source[] {
    const id = `${cache} ${key}`;
    const sources = this.#sources.get(id) ?? [];
    this.#sources.set(id, sources);
    return sources;
  }

  #remember(sources: Source[], source: Source): void {
    sources.push(source);
    if (sources.length > MOST_SOURCES) sources.shift();
  }

  #add(of: Pick<Removal, 'cache' | 'keys' | 'tags' | 'executedAt'>, index = this.step()): Removal {
    const cover = JSON.stringify([of.keys && [...of.keys], of.tags]);
    const removal = { ...of, index, cover, by: new Map<string, string>(), isEverywhere: false };
    const removals = this.#removals.get(of.cache) ?? [];
    this.#removals.set(of.cache, [...this.#needed(removals, removal), removal].slice(-MOST_REMOVALS));
    return removal;
  }

  /** Without those that a later one of the same keys stands for, which everybody has followed long ago. */
  #needed(removals: readonly Removal[], { cover }: Removal): readonly Removal[] {
    const longAgo = this.#now() - LONG_MS;
    const followed = removals.filter((each) => each.executedAt !== undefined && each.executedAt < longAgo && each.cover === cover);
    const last = followed.at(-1)?.index ?? 0;
    return removals.filter((each) => each.index >= last || each.cover !== cover);
  }
}

/** A removal of tags takes away what carries one of them. */
const takesAway = ({ index, tags }: Removal, source: Source): boolean =>
  source.begun < index && (tags === undefined || source.tags.some((tag) => tags.includes(tag)));
