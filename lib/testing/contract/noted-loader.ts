import type { Cache, CacheKey, LoadAllOptions, LoadedAll, LoaderOfAll } from '../../cache/index.js';
import { Gate } from './waits.js';

type Loaded = LoadedAll<CacheKey, unknown>;

/** What a loader of many keys answers. */
export type Answer = (keys: readonly CacheKey[]) => Loaded | Promise<Loaded>;

/** A loader of many keys that notes what it is asked for. */
export interface NotedLoader {
  readonly calls: (readonly CacheKey[])[];
  readonly load: LoaderOfAll<CacheKey, unknown>;
}

/** A value for each key, which says how it was loaded. */
export const valuesBy = <K extends CacheKey>(how: string, keys: readonly K[]): Map<K, unknown> =>
  new Map(keys.map((key) => [key, `${how} ${String(key)}`]));

/** @param answer - what it returns. Default: `of <key>` for each key. */
export function noted(answer: Answer = (keys) => valuesBy('of', keys)): NotedLoader {
  const calls: (readonly CacheKey[])[] = [];
  return { calls, load: (keys) => (calls.push(keys), answer(keys)) };
}

/** Options of a read of many keys. */
export type AllOptions = LoadAllOptions<CacheKey, unknown>;

/** A read of many keys whose loader has begun, and runs until a test ends it. */
export interface SlowBatch {
  /** What its caller gets. */
  readonly result: Promise<Map<CacheKey, unknown>>;
  /** What its loader was asked for. */
  readonly calls: readonly (readonly CacheKey[])[];
  /** The signal that each call of its loader got. */
  readonly signals: readonly AbortSignal[];
  /** Ends its loader. Default: with `slow <key>` for each key. */
  readonly succeed: (loaded?: Loaded) => void;
  readonly fail: (error: unknown) => void;
}

/** Begins one. If it needs no loader, it is over when this resolves. */
export async function slowBatch(cache: Pick<Cache, 'getAllOrLoad'>, keys: readonly CacheKey[], options?: AllOptions): Promise<SlowBatch> {
  const [begun, ended] = [new Gate(), new Gate<Answer>()];
  const signals: AbortSignal[] = [];
  const { calls, load } = noted(async (missing) => {
    begun.open();
    return (await ended.promise)(missing);
  });
  const loader: typeof load = (missing, context) => (signals.push(context.signal), load(missing, context));
  const result = cache.getAllOrLoad(keys, loader, options);
  // The test looks at its rejection later.
  await Promise.race([begun.promise, result.catch(() => undefined)]);
  return {
    result,
    calls,
    signals,
    succeed: (loaded) => ended.open((missing) => loaded ?? valuesBy('slow', missing)),
    fail: (error) => ended.open(() => Promise.reject(error)),
  };
}
