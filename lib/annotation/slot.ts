import type { CachedMethod } from './cached-method.js';

/**
 * Runs the cache operations of decorated methods; there is one per container. This room hands calls on
 * through this port. None of its methods is `async`: a hit returns the promise that the cache already has.
 */
export interface MethodInterceptor {
  /** Runs `method` on `target` under its cache operations. */
  invoke(target: object, method: CachedMethod, args: unknown[]): Promise<unknown>;
  /** {@link invoke} with one argument, the most frequent call: a hit needs no array. */
  invokeWith(target: object, method: CachedMethod, argument: unknown): Promise<unknown>;
  /**
   * Whether its container is gone. It then passes every call straight to the method, and another
   * interceptor may take its place.
   */
  readonly isClosed: boolean;
}

/**
 * Where an instance keeps the interceptor of its container. It is an own property: reading it costs next to
 * nothing, while a `WeakMap` would cost 8 ns more.
 */
export const SLOT = Symbol('inversify-cache/interceptor');

/** An instance of a decorated class, as the wrapper on the prototype sees it. */
export interface Slotted {
  [SLOT]?: MethodInterceptor | undefined;
}

/** The interceptors of frozen and sealed instances, which cannot get an own property any more. */
const frozen = new WeakMap<object, MethodInterceptor | undefined>();
/** Whether there has been any, so that objects made with plain `new` need no look-up in an empty map. */
let hasFrozen = false;

/**
 * Gives a prototype the accessor. At the first assignment it turns into an own, non-enumerable
 * property of the instance.
 */
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

/** Whether this value has decorated methods, so that an interceptor can serve it. */
export function hasSlot(value: unknown): value is Slotted {
  return typeof value === 'object' && value !== null && SLOT in value;
}

/**
 * Gives `instance` its interceptor, unless it has one that still works: an object belongs to the
 * container that resolved it first.
 */
export function fillSlot(instance: Slotted, interceptor: MethodInterceptor): void {
  if (instance[SLOT] === undefined || instance[SLOT].isClosed) instance[SLOT] = interceptor;
}
