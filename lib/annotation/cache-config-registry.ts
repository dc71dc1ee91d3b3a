import type { CacheDefaults } from './cache-operation.js';
import type { ClassConstructor } from './class-constructor.js';

const configs = new WeakMap<ClassConstructor, CacheDefaults>();

/**
 * Remembers the options of `@CacheConfig`. Of several on one class the uppermost, which is read last,
 * wins; nothing is merged.
 */
export function setCacheConfig(declaringClass: ClassConstructor, defaults: CacheDefaults): void {
  configs.set(declaringClass, defaults);
}

/**
 * The configuration of the class or, if it has none, of its nearest base class that has one. An empty one, as
 * of `@CacheConfig()`, counts as none: it only has inherited methods cached.
 */
export function cacheConfigOf(declaringClass: ClassConstructor): CacheDefaults | undefined {
  for (let type: unknown = declaringClass; typeof type === 'function'; type = Object.getPrototypeOf(type)) {
    const config = configs.get(type);
    if (config !== undefined && !isEmpty(config)) return config;
  }
  return undefined;
}

const isEmpty = ({ cacheNames, keyGenerator, cacheManager, cacheResolver }: CacheDefaults): boolean =>
  cacheNames.length === 0 && keyGenerator === undefined && cacheManager === undefined && cacheResolver === undefined;
