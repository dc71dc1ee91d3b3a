import type { Cache } from './cache.js';
import { checkLoader, denseCopy } from './check-arguments.js';
import type { CacheKey } from './key/cache-key.js';
import { optionsOfKey } from './key-options.js';
import { answerOf, checkLoadAll, type Identity, identityOf, inParts, type LoadAllOptions, type LoaderOfAll } from './load-all.js';
import { type BatchedLoad, LoadBatch } from './load-batch.js';
import { UNLIMITED } from './load-context.js';
import type { ValueWrapper } from './value-wrapper.js';

/** One call of `getAllOrLoad`. */
export interface BatchRead<K, V> {
  readonly keys: readonly K[];
  readonly loader: LoaderOfAll<K, V>;
  readonly options: LoadAllOptions<K, V>;
}

/** Loads one missing key. By a {@link BatchedLoad} that its cache never asks, the loader does not run. */
type LoadOne<K, V> = (key: K, member: BatchedLoad<K, V>) => Promise<V>;

/**
 * `getAllOrLoad` by means of `getAll` and `getOrLoad`, for a cache that has nothing better. Whether a load of
 * it waits for another one cannot be seen from here. So the loader is not kept waiting: it runs for what is
 * asked for in one turn of the event loop.
 *
 * @param loadOne - loads one missing key. Default: by `getOrLoad`.
 */
export async function loadOneByOne<K extends CacheKey, V>(
  cache: Pick<Cache, 'getAll' | 'getOrLoad'>,
  { keys, loader, options }: BatchRead<K, V>,
  loadOne: LoadOne<K, V> = (key, member) => cache.getOrLoad<V>(key, (context) => member.load(context), optionsOfKey(options, member)),
): Promise<Map<K, V>> {
  const asked = denseCopy(keys);
  checkLoader(loader);
  checkLoadAll(options);
  const identities = asked.map((key) => identityOf(key, options));
  const distinct = new Map<Identity, K>();
  for (const [i, key] of asked.entries()) if (!distinct.has(identities[i] as Identity)) distinct.set(identities[i] as Identity, key);
  const values = new Map<Identity, V | undefined>();
  for (const [identity, { value }] of await findAll(cache, distinct, options)) values.set(identity, value);
  const missing = [...distinct].filter(([identity]) => !values.has(identity));
  await inParts(missing, options.maximumBatch, async (part) => {
    const batch = new LoadBatch<K, V>({ ...options, loader });
    const members = part.map(([, key]) => batch.add(key));
    for (const member of members) member.leaves();
    const loads = part.map(async ([identity, key], i) => {
      const member = members[i] as BatchedLoad<K, V>;
      values.set(identity, await (typeof identity === 'symbol' ? member.load(UNLIMITED) : loadOne(key, member)));
    });
    await Promise.all(loads);
  });
  return answerOf(asked, identities, values);
}

/** What the cache has. If it fails, that is nothing, unless `onError` throws. */
async function findAll<K extends CacheKey, V>(
  cache: Pick<Cache, 'getAll'>,
  distinct: ReadonlyMap<Identity, K>,
  { onError }: LoadAllOptions<K, V>,
): Promise<readonly (readonly [Identity, ValueWrapper<V>])[]> {
  const asked = [...distinct].filter(([identity]) => typeof identity === 'string');
  if (asked.length === 0) return [];
  try {
    const found = await cache.getAll<V>(asked.map(([, key]) => key));
    return asked.flatMap(([identity], i) => (found[i] === undefined ? [] : [[identity, found[i]] as const]));
  } catch (error) {
    for (const [, key] of asked) onError?.('get', error, key);
    return [];
  }
}
