import type { MethodInterceptor } from '../annotation/index.js';

/**
 * The identifier under which decorated classes get their interceptor injected. All copies of this library
 * share it, because a container must have only one.
 */
export const INTERCEPTOR = Symbol.for('inversify-cache/CacheInterceptor');

/**
 * The identifier under which classes with listening methods get the registrar of their container injected.
 */
export const LISTENERS = Symbol.for('inversify-cache/ListenerRegistrar');

/** The only owner of everything that must be closed. */
export const INSTANCE = Symbol('inversify-cache/CacheInstance');

/** Bound once per container, so that a second module is noticed. */
export const LOADED = Symbol.for('inversify-cache/loaded');

/** What {@link INTERCEPTOR} is bound to. */
export type Interceptor = MethodInterceptor;
