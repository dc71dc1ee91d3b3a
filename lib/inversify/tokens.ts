import type { MethodInterceptor } from '../annotation/index.js';

/** Under this, decorated classes are injected their interceptor. Shared by all copies of this library, for a container must have but one. */
export const INTERCEPTOR = Symbol.for('inversify-cache/CacheInterceptor');

/** Under this, classes with listening methods are injected the registrar of their container. */
export const LISTENERS = Symbol.for('inversify-cache/ListenerRegistrar');

/** The one owner of everything that must be closed. */
export const INSTANCE = Symbol('inversify-cache/CacheInstance');

/** Bound once per container, to notice a second module. */
export const LOADED = Symbol.for('inversify-cache/loaded');

/** What {@link INTERCEPTOR} is bound to. */
export type Interceptor = MethodInterceptor;
