import type { CachedMethod } from './cached-method.js';

/**
 * What runs the cache operations of decorated methods; one per container. The port through which this room hands a call on.
 * Not an `async` function anywhere: a hit returns the promise that the cache already has.
 */
export interface MethodInterceptor {
  /** Runs `method` on `target` under its cache operations. */
  invoke(target: object, method: CachedMethod, args: unknown[]): Promise<unknown>;
  /** {@link invoke} with one argument, the commonest call: a hit needs no array. */
  invokeWith(target: object, method: CachedMethod, argument: unknown): Promise<unknown>;
  /** Whether its container is gone. It passes every call straight through then, and another interceptor may take its place. */
  readonly isClosed: boolean;
}

/** Where an instance keeps the interceptor of its container. An own property: reading it costs next to nothing, a `WeakMap` 8 ns more. */
export const SLOT = Symbol('inversify-cache/interceptor');

/** An instance of a decorated class, as the wrapper on the prototype sees it. */
export interface Slotted {
  [SLOT]?: MethodInterceptor | undefined;
}

/** Frozen and sealed instances cannot have an own property any more. */
const frozen = new WeakMap<object, MethodInterceptor | undefined>();
/** Whether there ever were any: an object made with plain `new` need not be looked for among none. */
let hasFrozen = false;

/** Gives a prototype the accessor that turns into an own, non-enumerable property of each instance at the first assignment. */
export function openSlot(prototype: object): void {
  if (SLOT in prototype) return;
  Object.defineProperty(prototype, SLOT, {
    configurable: true,
    get(this: object): MethodInterceptor | undefined {
      return hasFrozen ? frozen.get(this) : undefined;
    },
    set(this: object, interceptor: MethodInterceptor | undefined) {
      if (Object.isExtensible(this)) {
        Object.defineProperty(this, SLOT, { value: interceptor, writable: true, configurable: true });
      } else {
        frozen.set(this, interceptor);
        hasFrozen = true;
      }
    },
  });
}

/** Whether decorated methods are on this value, so that an interceptor would serve it. */
export function hasSlot(value: unknown): value is Slotted {
  return typeof value === 'object' && value !== null && SLOT in value;
}

/** Gives `instance` its interceptor, unless one that still works is there: an object belongs to the container that resolved it first. */
export function fillSlot(instance: Slotted, interceptor: MethodInterceptor): void {
  if (instance[SLOT] === undefined || instance[SLOT].isClosed) instance[SLOT] = interceptor;
}
