import type { MethodInterceptor } from '../annotation/index.js';
import type { CacheManager, CallsUnderWay } from '../cache/index.js';
import type { FleetWatch } from '../fleet/index.js';
import type { CacheRuntime } from './runtime.js';

/** What a module needs of a runtime. */
export interface ModuleRuntime extends Omit<CacheRuntime, 'manager' | 'fleet' | 'calls'> {
  readonly manager: CacheManager;
  /** Absent where there is no fleet. */
  readonly fleet?: FleetWatch;
  /** Absent where nothing is cached. */
  readonly calls?: CallsUnderWay;
  /** `false`: decorated methods run as if they were not decorated. Default: `true`. */
  readonly isEnabled?: boolean;
  /** Whether the manager creates caches that it does not know. Default: `true`. */
  readonly isDynamic?: boolean;
}

/** Under this, decorated classes are injected their interceptor. Shared by all copies of this library, for a container must have but one. */
export const INTERCEPTOR = Symbol.for('inversify-cache/CacheInterceptor');

/** Under this, classes with listening methods are injected the registrar of their container. */
export const LISTENERS = Symbol.for('inversify-cache/ListenerRegistrar');

/** The one owner of everything that must be closed. */
export const RUNTIME = Symbol('inversify-cache/CacheRuntime');

/** Bound once per container, to notice a second module. */
export const LOADED = Symbol.for('inversify-cache/loaded');

/** What {@link INTERCEPTOR} is bound to. */
export type Interceptor = MethodInterceptor;
