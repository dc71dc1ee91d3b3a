import { cachedMethodsOf, type CachedMethod, hasSlot, type ServiceIdentifier, SLOT } from '../annotation/index.js';
import { checkOperations, CacheResolver, misspeltNames, SimpleCacheResolver } from '../interceptor/index.js';
import type { Instance } from '../instance/index.js';
import { type KnownBinding, knownBindings } from './activation-plugin.js';
import { makeResolver } from './caching-module.js';
import { type CachingContainer, canBeHad } from './container.js';

/**
 * Checks the services that are bound already, so that mistakes show now and not at the first call. It makes
 * no service.
 *
 * @throws {CacheConfigurationError} as `checkOperations` does.
 */
export function checkBoundServices(
  container: CachingContainer,
  { manager, isEnabled = true, isDynamic = true, isLocal = () => false, hasTags = () => true }: Instance,
): void {
  if (!isEnabled) return;
  const bindings = knownBindings(container);
  const classes = new Set(bindings.map(({ implementationType }) => implementationType).filter((type) => typeof type === 'function'));
  const methods = [...classes].flatMap((type) => cachedMethodsOf(type));
  const known = {
    isBound: (identifier: ServiceIdentifier): boolean => canBeHad(container, identifier),
    cacheNames: isDynamic ? undefined : manager.cacheNames,
    choosesByName: bindings.some(choosesByName),
    isLocal,
    hasTags,
  };
  for (const method of methods) checkOperations(method, known);
  if (isDynamic) warnOfNames(methods, manager.cacheNames);
  warnOfEarlySingletons(bindings);
}

/** Whether this is a binding of a `CacheResolver` that is known to look at nothing but names. */
function choosesByName({ identifier, implementationType, value }: KnownBinding): boolean {
  if (identifier !== CacheResolver) return false;
  if (value === makeResolver) return true;
  const { prototype } = (implementationType ?? {}) as { readonly prototype?: Partial<CacheResolver> | undefined };
  return prototype?.resolveCaches === SimpleCacheResolver.prototype.resolveCaches;
}

function warnOfNames(methods: readonly CachedMethod[], configured: readonly string[]): void {
  for (const { name, label, likely } of misspeltNames(methods, configured)) {
    process.emitWarning(`${label} alone names the cache '${name}'; several others name '${likely}'.`, {
      type: 'CacheWarning',
      code: 'CACHE_NAME_DOUBTFUL',
      detail: 'If both are meant, put them into `caches`. With `dynamic: false` a name that is not there is refused at start.',
    });
  }
}

/** Nothing else would show that their calls are not cached. */
function warnOfEarlySingletons(bindings: readonly KnownBinding[]): void {
  const early = bindings.filter(({ cache }) => cache?.isRight === true && hasSlot(cache.value) && cache.value[SLOT] === undefined);
  const names = new Set(early.map(({ cache }) => (cache?.value as object).constructor.name));
  for (const name of names) {
    process.emitWarning(`${name === '' ? 'An anonymous class' : name} was resolved before enableCaching, so its calls run uncached.`, {
      type: 'CacheWarning',
      code: 'CACHE_NOT_WIRED',
      detail: 'Call enableCaching before the first `get`, or hand the object to cached(container, object).',
    });
  }
}
