import {
  type Cache,
  type CacheKey,
  encodeKey,
  type LoadAllOptions,
  type Loader,
  type LoaderOfAll,
  type LoadOptions,
  type PutOptions,
  UNLIMITED,
} from '../../../lib/cache/index.js';
import { MapCache } from '../../support/map-cache.js';
import { TimedCache } from './timed-cache.js';

/** A cache with one fault. */
export interface MutantCache {
  readonly make: () => Cache;
  /** A test that must find it. */
  readonly foundBy: string;
}

class ForgetsToEvict extends MapCache {
  override async evict(): Promise<void> {}
}

class EvictsTheFirstOfMany extends MapCache {
  override evictAll(keys: readonly CacheKey[]): Promise<void> {
    return super.evictAll(keys.slice(0, 1));
  }
}

class ForgetsToClear extends MapCache {
  override async clear(): Promise<void> {}
}

class IsAlwaysPresent extends MapCache {
  override async evictIfPresent(key: CacheKey): Promise<boolean> {
    await super.evictIfPresent(key);
    return true;
  }
}

class LoadsTwice extends MapCache {
  override getOrLoad<V>(key: CacheKey, loader: Loader<V>, options?: LoadOptions<V>): Promise<V> {
    return super.getOrLoad(key, loader, { ...options, join: false });
  }
}

/** Keeps the promise of each load, for as long as it is told to. */
class KeepsPromises extends MapCache {
  readonly promises = new Map<string, Promise<unknown>>();

  override getOrLoad<V>(key: CacheKey, loader: Loader<V>, options?: LoadOptions<V>): Promise<V> {
    if (options?.join === false) return super.getOrLoad(key, loader, options);
    const encoded = encodeKey(key);
    const kept = (this.promises.get(encoded) ?? super.getOrLoad(key, loader, options)) as Promise<V>;
    this.promises.set(encoded, kept);
    const forget = (): void => void this.promises.delete(encoded);
    kept.then(forget, () => this.failed(forget));
    return kept;
  }

  protected failed(forget: () => void): void {
    forget();
  }
}

class CachesRejections extends KeepsPromises {
  protected override failed(): void {}
}

class StoresWhatWasOvertaken extends MapCache {
  override async getOrLoad<V>(key: CacheKey, loader: Loader<V>, options?: LoadOptions<V>): Promise<V> {
    const value = await super.getOrLoad(key, loader, options);
    if (options?.unless?.(value) !== true) await this.put(key, value, options as PutOptions);
    return value;
  }
}

class WrapsErrors extends MapCache {
  override async getOrLoad<V>(key: CacheKey, loader: Loader<V>, options?: LoadOptions<V>): Promise<V> {
    return super.getOrLoad(key, loader, options).catch((cause: unknown) => {
      throw new Error('The load failed.', { cause });
    });
  }
}

class IgnoresVetoes extends MapCache {
  override getOrLoad<V>(key: CacheKey, loader: Loader<V>, options?: LoadOptions<V>): Promise<V> {
    return super.getOrLoad(key, loader, { ...options, unless: undefined });
  }
}

class GivesNoContext extends MapCache {
  override getOrLoad<V>(key: CacheKey, loader: Loader<V>, options?: LoadOptions<V>): Promise<V> {
    return super.getOrLoad(key, () => loader(undefined as never), options);
  }
}

class LosesNull extends MapCache {
  override async get<V>(key: CacheKey): Promise<{ value: V } | undefined> {
    const found = await super.get<V>(key);
    return found?.value === null ? undefined : found;
  }
}

class LoadsAgainForUndefined extends MapCache {
  override async getOrLoad<V>(key: CacheKey, loader: Loader<V>, options?: LoadOptions<V>): Promise<V> {
    const value = await super.getOrLoad(key, loader, options);
    return value ?? (value === undefined ? loader(UNLIMITED) : value);
  }
}

class SpeaksJson extends MapCache {
  override put(key: CacheKey, value: unknown, options?: PutOptions): Promise<void> {
    return super.put(key, value === undefined ? undefined : JSON.parse(JSON.stringify({ value })).value, options);
  }
}

class TellsNoTypesApart extends MapCache {
  override get<V>(key: CacheKey): Promise<{ value: V } | undefined> {
    return super.get(String(key));
  }

  override put(key: CacheKey, value: unknown, options?: PutOptions): Promise<void> {
    return super.put(String(key), value, options);
  }
}

class PutsIfPresent extends MapCache {
  override async putIfAbsent<V>(key: CacheKey, value: V, options?: PutOptions): Promise<{ value: V } | undefined> {
    const present = await super.putIfAbsent(key, value, options);
    await this.put(key, value, options);
    return present;
  }
}

class KeepsTheFirst extends MapCache {
  override async put(key: CacheKey, value: unknown, options?: PutOptions): Promise<void> {
    if (!this.has(key)) await super.put(key, value, options);
  }
}

class LeavesOutWhatIsMissing extends MapCache {
  override async getAll<V>(keys: readonly CacheKey[]): Promise<({ value: V } | undefined)[]> {
    return (await super.getAll<V>(keys)).filter((each) => each !== undefined);
  }
}

class LoadsAllAtOnce extends MapCache {
  override async getAllOrLoad<K extends CacheKey, V>(
    keys: readonly K[],
    loader: LoaderOfAll<K, V>,
    options?: LoadAllOptions<K, V>,
  ): Promise<Map<K, V>> {
    return super.getAllOrLoad(keys, loader, { ...options, maximumBatch: undefined });
  }
}

class AsksForEachKey extends MapCache {
  override async getAllOrLoad<K extends CacheKey, V>(
    keys: readonly K[],
    loader: LoaderOfAll<K, V>,
    options?: LoadAllOptions<K, V>,
  ): Promise<Map<K, V>> {
    const found = new Map<K, V>();
    for (const key of keys) for (const [each, value] of await super.getAllOrLoad([key], loader, options)) found.set(each, value);
    return found;
  }
}

class NeverEnds extends TimedCache {
  override elapse(): void {}
}

class EndsAtOnce extends TimedCache {
  override elapse(): void {
    this.entries.clear();
  }
}

const mutant = (make: new (name: string) => MapCache, foundBy: string): MutantCache => ({ make: () => new make('book'), foundBy });

/** Each with the title of a test that finds it. */
export const MUTANT_CACHES: readonly MutantCache[] = [
  mutant(ForgetsToEvict, 'evict removes that key only'),
  mutant(EvictsTheFirstOfMany, 'evict removes a list of keys; a composite key is a list of one'),
  mutant(ForgetsToClear, 'clear removes everything'),
  mutant(IsAlwaysPresent, 'evictIfPresent tells whether there was anything'),
  mutant(LoadsTwice, 'getOrLoad runs one loader for callers that come together'),
  mutant(KeepsPromises, 'getOrLoad C5: does not store what evict overtook, and lets no later caller join'),
  mutant(CachesRejections, 'getOrLoad fails for everybody who joined, and for nobody after'),
  mutant(StoresWhatWasOvertaken, 'getOrLoad C5: does not store what clear overtook, and lets no later caller join'),
  mutant(StoresWhatWasOvertaken, 'getOrLoad C5: does not store over a put that overtook it'),
  mutant(WrapsErrors, 'getOrLoad rejects with what the loader threw, the same object, and stores nothing'),
  mutant(IgnoresVetoes, 'getOrLoad does not store what `unless` vetoes, and does not ask on a hit'),
  mutant(GivesNoContext, 'getOrLoad gives its loader a signal that is not aborted'),
  mutant(LosesNull, 'get gives null back as itself, put or loaded'),
  mutant(LoadsAgainForUndefined, 'get gives undefined back as itself, put or loaded'),
  mutant(SpeaksJson, 'get gives NaN back as itself, put or loaded'),
  mutant(TellsNoTypesApart, 'get tells keys apart by type and takes equal ones for one'),
  mutant(PutsIfPresent, 'putIfAbsent keeps what is there and returns it, be it null or undefined'),
  mutant(KeepsTheFirst, 'put replaces what was there'),
  mutant(LeavesOutWhatIsMissing, 'getAll answers in the order of the keys, duplicates and missing ones included'),
  mutant(LoadsAllAtOnce, 'getAllOrLoad asks its loader for at most `maximumBatch` keys at a time, one call after the other'),
  mutant(AsksForEachKey, 'getAllOrLoad asks for at most 1000 unless it is told otherwise'),
  mutant(NeverEnds, 'time to live of a put ends after `ttl`, not before'),
  mutant(EndsAtOnce, 'time to live begins anew with each write, and never ends with 0'),
];
