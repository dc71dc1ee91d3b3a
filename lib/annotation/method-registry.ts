import { CacheConfigurationError } from '../errors/index.js';
import { CachedMethod, methodLabel, type MethodBody } from './cached-method.js';
import type { CacheOperation } from './cache-operation.js';
import { classDecorated, isLifecycleMethod } from './class-port.js';
import type { ClassConstructor } from './class-constructor.js';
import { checkBody, readOperation, type UnreadOperation } from './read-operation.js';
import { openSlot } from './slot.js';
import { wrap } from './wrapper.js';

/** The operations of a decorator, on the method of this label. */
export type Unread = (label: string) => readonly UnreadOperation[];

const byWrapper = new WeakMap<object, CachedMethod>();
/**
 * Legacy decorators know the prototype. So our wrapper is found even if a foreign decorator
 * stands between two of ours.
 */
const byPrototype = new WeakMap<object, Map<string | symbol, CachedMethod>>();

/** Applies a decorator in the form of `experimentalDecorators`. Returns the descriptor for the prototype. */
export function decorateLegacy(
  target: object,
  name: string | symbol,
  descriptor: PropertyDescriptor | undefined,
  unread: Unread,
): PropertyDescriptor {
  const isStatic = typeof target === 'function';
  const declaringClass = isStatic ? target : target.constructor;
  const label = methodLabel(declaringClass, name);
  if (isStatic) throw staticMethod(label);
  checkBody(descriptor?.value, label);
  const operations = readAll(unread, label);
  const methods = byPrototype.get(target) ?? new Map<string | symbol, CachedMethod>();
  byPrototype.set(target, methods);
  const known = methods.get(name);
  if (known !== undefined) {
    known.add(operations);
    return descriptor!;
  }
  const method = new CachedMethod({ name, body: descriptor!.value as MethodBody, declaringClass }, wrap);
  method.add(operations);
  methods.set(name, method);
  byWrapper.set(method.wrapper, method);
  classDecorated(declaringClass);
  return { ...descriptor, value: method.wrapper };
}

/**
 * Applies a decorator in the standard form, which never sees the class. Returns the
 * function for the prototype.
 */
export function decorateStandard(value: unknown, context: ClassMethodDecoratorContext, unread: Unread): MethodBody {
  const label = methodLabel(undefined, context.name);
  if (context.kind !== 'method') checkBody(undefined, label);
  if (context.static) throw staticMethod(label);
  checkBody(value, label);
  const operations = readAll(unread, label);
  const known = byWrapper.get(value as object);
  if (known !== undefined) {
    known.add(operations);
    return known.wrapper;
  }
  const method = new CachedMethod({ name: context.name, body: value as MethodBody, declaringClass: undefined }, wrap);
  method.add(operations);
  byWrapper.set(method.wrapper, method);
  context.addInitializer(function (this: unknown) {
    if (method.declaringClass === undefined) adopt(method, this as object);
  });
  return method.wrapper;
}

/**
 * Applies a decorator to a class: to each `async` method that the class itself declares and that has no
 * decorator of its own. Methods that return a promise without being `async` cannot be recognised. Lifecycle
 * methods (`@postConstruct`) are left out, because they must run each time.
 *
 * @throws {CacheConfigurationError} `CACHE_OPERATION_INVALID` for what is meant for one method, and if there
 *   is no method to decorate. Compiled for ES2016 or older, no method looks `async`.
 */
export function decorateClass(declaringClass: ClassConstructor, unread: Unread): void {
  const className = declaringClass.name === '' ? '(anonymous class)' : declaringClass.name;
  if (unread(className).some(({ kind }) => kind === 'cacheableAll')) {
    throw new CacheConfigurationError(
      'CACHE_OPERATION_INVALID',
      `Invalid caching of ${className}: @CacheableAll is meant for one method.`,
      {
        hint: 'Decorate the methods whose first parameter is an array of ids.',
      },
    );
  }
  const prototype = declaringClass.prototype as object;
  let hasCandidates = false;
  for (const name of Reflect.ownKeys(prototype)) {
    const known = cachedMethodOf(prototype, name);
    if (known?.isInherited === true) continue;
    const descriptor = Object.getOwnPropertyDescriptor(prototype, name)!;
    const isAsync = Object.prototype.toString.call(known?.body ?? descriptor.value) === '[object AsyncFunction]';
    if (!isAsync || isLifecycleMethod(declaringClass, name)) continue;
    hasCandidates = true;
    if (known !== undefined && !known.isOfClass) continue;
    const operations = readAll(unread, methodLabel(declaringClass, name));
    if (known !== undefined) {
      known.add(operations);
      continue;
    }
    const method = new CachedMethod({ name, body: descriptor.value as MethodBody, declaringClass, isOfClass: true }, wrap);
    method.add(operations);
    byWrapper.set(method.wrapper, method);
    Object.defineProperty(prototype, name, { ...descriptor, value: method.wrapper });
  }
  if (!hasCandidates) {
    throw new CacheConfigurationError(
      'CACHE_OPERATION_INVALID',
      `Invalid caching of ${className}: it declares no async method to be cached.`,
      { hint: 'Decorate methods one by one where they return promises without being `async`, or are inherited.' },
    );
  }
  classConfigured(declaringClass);
}

/**
 * Tells standard decorators their class, and checks every operation of it again, because names may
 * have come with the class.
 */
export function classConfigured(declaringClass: ClassConstructor): void {
  const prototype = declaringClass.prototype as object;
  for (const name of Reflect.ownKeys(prototype)) {
    const method = cachedMethodOf(prototype, name);
    if (method === undefined) continue;
    method.declaringClass = declaringClass;
    method.wiredClass = declaringClass;
    method.check();
  }
  classDecorated(declaringClass);
}

/**
 * Puts the methods that `subclass` inherits under its own `@CacheConfig`. Each gets a wrapper of its own on
 * the prototype, so that a hit has no class to look up. One that the subclass overrides can be reached by
 * `super` only, and is chosen by the instance.
 */
export function configureInherited(subclass: ClassConstructor): void {
  const own = subclass.prototype as object;
  const met = new Set<string | symbol>();
  for (let base: unknown = Object.getPrototypeOf(own); base !== null; base = Object.getPrototypeOf(base)) {
    for (const name of Reflect.ownKeys(base as object)) {
      const method = cachedMethodOf(base as object, name);
      const isOverridden = met.has(name) || Object.hasOwn(own, name);
      met.add(name);
      if (method === undefined || cachedMethodOf(own, name)?.isInherited === true) continue;
      const inherited = method.inheritedBy(subclass, wrap);
      byWrapper.set(inherited.wrapper, inherited);
      if (isOverridden) method.addVariant(subclass, inherited);
      else Object.defineProperty(own, name, { ...Object.getOwnPropertyDescriptor(base, name), value: inherited.wrapper });
    }
  }
}

/**
 * The operations recorded for a method, in the order in which they are written above it; empty for a
 * method without any. A method that a subclass overrides without decorators has none, because the
 * overridden method does not run.
 */
export function cacheOperationsOf(declaringClass: ClassConstructor, name: string | symbol): readonly CacheOperation[] {
  for (
    let prototype = declaringClass.prototype as object | null;
    prototype !== null;
    prototype = Object.getPrototypeOf(prototype) as object | null
  ) {
    if (Object.hasOwn(prototype, name)) return cachedMethodOf(prototype, name)?.operations ?? [];
  }
  return [];
}

/**
 * Every method with cache operations that instances of the class have: its own, and inherited ones
 * that it does not override.
 */
export function cachedMethodsOf(declaringClass: ClassConstructor): readonly CachedMethod[] {
  const methods = new Map<string | symbol, CachedMethod | undefined>();
  for (
    let prototype = declaringClass.prototype as object | null;
    prototype !== null && prototype !== undefined;
    prototype = Object.getPrototypeOf(prototype) as object | null
  ) {
    for (const name of Reflect.ownKeys(prototype)) if (!methods.has(name)) methods.set(name, cachedMethodOf(prototype, name));
  }
  return [...methods.values()].filter((method) => method !== undefined);
}

function cachedMethodOf(prototype: object, name: string | symbol): CachedMethod | undefined {
  const known = byPrototype.get(prototype)?.get(name);
  if (known !== undefined) return known;
  const value: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value;
  return typeof value === 'function' ? byWrapper.get(value) : undefined;
}

/**
 * Without `@CacheConfig` the first instance tells the class. That is too late for an injection, but in time
 * for `enableCaching` and `cached`.
 */
function adopt(method: CachedMethod, instance: object): void {
  for (let prototype: unknown = Object.getPrototypeOf(instance); prototype !== null; prototype = Object.getPrototypeOf(prototype)) {
    if (cachedMethodOf(prototype as object, method.name) !== method) continue;
    method.declaringClass = (prototype as object).constructor;
    openSlot(prototype as object);
    return;
  }
}

function readAll(unread: Unread, label: string): readonly CacheOperation[] {
  return unread(label).map((operation) => readOperation(operation, label));
}

function staticMethod(label: string): CacheConfigurationError {
  return new CacheConfigurationError(
    'CACHE_OPERATION_INVALID',
    `Invalid caching of ${label}: it is static and belongs to no object that a container makes.`,
    {
      hint: 'Make it a method of a service.',
    },
  );
}
