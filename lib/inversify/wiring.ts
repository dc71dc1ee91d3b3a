import 'reflect-metadata';
import { inject, optional } from 'inversify';
import { type CachedMethod, type ClassConstructor, isDecorated, onClassDecorated, SLOT } from '../annotation/index.js';
import { LISTENER_SLOT, onListeningClass } from '../listener/index.js';
import { INTERCEPTOR, LISTENERS } from './tokens.js';

const warned = new WeakSet<ClassConstructor>();
let isCachingInUse = false;

/**
 * From now on a call without interceptor may be a mistake; before, it may be a unit test of a plain object.
 */
export function cachingInUse(): void {
  isCachingInUse = true;
}

/**
 * Adds to a decorated class what `@inject(INTERCEPTOR) @optional()` on a property would add. The injection
 * happens before `@postConstruct`, in whatever container resolves the class. Without the module it finds
 * nothing. inversify does not hand injections down to subclasses.
 */
function wire(declaringClass: ClassConstructor): void {
  const prototype = declaringClass.prototype as object;
  inject(INTERCEPTOR)(prototype, SLOT);
  optional()(prototype, SLOT);
}

/** Warns once per class that it runs uncached; nothing else would show it. */
function warnUnserved(instance: object, method: CachedMethod): void {
  const { constructor } = instance;
  if (!isCachingInUse || isDecorated(constructor) || warned.has(constructor)) return;
  warned.add(constructor);
  const name = constructor.name === '' ? 'an anonymous class' : constructor.name;
  process.emitWarning(`${method.label} ran uncached on an instance of ${name}, which was made without a cache.`, {
    type: 'CacheWarning',
    code: 'CACHE_NOT_WIRED',
    detail:
      `If a container makes ${name}: use enableCaching(container), or add @CacheConfig() or @injectFromBase() to the class. ` +
      'If a factory does: hand what it makes to cached(context, instance). An object made with plain `new` is meant to run uncached.',
  });
}

/**
 * Where inversify keeps the names of `@postConstruct` and `@preDestroy` methods. There
 * is no public way to ask.
 */
const CLASS_METADATA = '@inversifyjs/core/classMetadataReflectKey';

interface ClassMetadata {
  readonly lifecycle?: Readonly<Record<'postConstructMethodNames' | 'preDestroyMethodNames', ReadonlySet<string | symbol>>> | undefined;
}

function isLifecycleMethod(declaringClass: ClassConstructor, name: string | symbol): boolean {
  const { lifecycle } = (Reflect.getOwnMetadata(CLASS_METADATA, declaringClass) ?? {}) as ClassMetadata;
  return lifecycle?.postConstructMethodNames.has(name) === true || lifecycle?.preDestroyMethodNames.has(name) === true;
}

onClassDecorated({ decorated: wire, unserved: warnUnserved, isLifecycleMethod });

/** The same for classes with listening methods: the injection registers the object. */
onListeningClass((listeningClass) => {
  const prototype = listeningClass.prototype as object;
  inject(LISTENERS)(prototype, LISTENER_SLOT);
  optional()(prototype, LISTENER_SLOT);
});
