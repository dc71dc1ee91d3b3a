import type { CachedMethod, CacheOperation, ServiceIdentifier } from '../annotation/index.js';
import { nameUnknown, noIntents, noTags } from '../cache/index.js';
import { isNearly } from '../errors/index.js';
import { bindingMissing, cacheNamesOf, nameMissing, operationLabel, servicesOf } from './operation-services.js';

/** What is known of a container before it makes any of its services. */
export interface KnownServices {
  readonly isBound: (identifier: ServiceIdentifier) => boolean;
  /** The names of all caches; `undefined` if others can be created. */
  readonly cacheNames: readonly string[] | undefined;
  /** Whether the bound `CacheResolver` chooses caches by their names alone. */
  readonly choosesByName: boolean;
  /** Whether the cache of this name has `tiers: 'local'`. */
  readonly isLocal: (name: string) => boolean;
  /** Whether the cache of this name has `tags: true`. */
  readonly hasTags: (name: string) => boolean;
}

/** A name of a cache that looks like a misspelt one. */
export interface MisspeltName {
  readonly name: string;
  /** Of the one operation that uses it. */
  readonly label: string;
  /** The name that is meant, perhaps: several operations use it. */
  readonly likely: string;
}

/**
 * Names that one operation alone uses, and that differ by one letter from a name that several use.
 *
 * @param configured - names that are known to be meant.
 */
export function misspeltNames(methods: readonly CachedMethod[], configured: readonly string[]): readonly MisspeltName[] {
  const uses = new Map<string, string[]>();
  for (const method of methods) {
    for (const operation of method.operations) {
      const { cacheResolver, cacheManager } = servicesOf(operation, method);
      if (cacheResolver !== undefined || cacheManager !== undefined) continue;
      for (const name of cacheNamesOf(operation, method)) uses.set(name, [...(uses.get(name) ?? []), operationLabel(operation, method)]);
    }
  }
  const doubtful = [...uses].filter(([name]) => !configured.includes(name));
  const frequent = doubtful.filter(([, labels]) => labels.length > 1).map(([name]) => name);
  return doubtful.flatMap(([name, labels]) => {
    const likely = labels.length === 1 ? frequent.find((other) => isNearly(name, other)) : undefined;
    return likely === undefined ? [] : [{ name, label: labels[0] as string, likely }];
  });
}

/**
 * Finds what would fail at the first call of the method, as far as that can be known now: services that
 * nobody bound, names of caches that cannot exist. It makes no service, because resolvers are asked at calls
 * only.
 *
 * @throws {CacheConfigurationError} `CACHE_BINDING_MISSING`, `CACHE_NAME_UNKNOWN`, `CACHE_NAME_MISSING`,
 *   and `CACHE_OPERATION_INVALID` for `aroundInvocation` in a cache with `tiers: 'local'`,
 *   `CACHE_OPTION_INVALID` for tags in a cache without `tags: true`.
 */
export function checkOperations(method: CachedMethod, { isBound, cacheNames, choosesByName, isLocal, hasTags }: KnownServices): void {
  for (const operation of method.operations) {
    const services = servicesOf(operation, method);
    const label = operationLabel(operation, method);
    for (const [option, identifier] of Object.entries(services) as [string, ServiceIdentifier | undefined][]) {
      if (identifier !== undefined && !isBound(identifier)) throw bindingMissing(option, label, identifier);
    }
    if (services.cacheResolver !== undefined) continue;
    const names = cacheNamesOf(operation, method);
    if (names.length === 0 && (choosesByName || services.cacheManager !== undefined)) throw nameMissing(label);
    if (services.cacheManager !== undefined) continue;
    const local = operation.kind === 'evict' && operation.aroundInvocation ? names.find(isLocal) : undefined;
    if (local !== undefined) throw noIntents(local, label);
    const untagged = isTagging(operation) ? names.find((name) => !hasTags(name)) : undefined;
    if (untagged !== undefined) throw noTags(untagged, label);
    if (cacheNames === undefined) continue;
    const unknown = names.find((name) => !cacheNames.includes(name));
    if (unknown !== undefined) throw nameUnknown(unknown, cacheNames, label);
  }
}

/** Whether it stores or evicts tags. */
const isTagging = (operation: CacheOperation): boolean =>
  operation.tags !== undefined || (operation.kind === 'evict' && operation.resultTags !== undefined);
