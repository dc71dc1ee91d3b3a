import type { Milliseconds } from '../../time/index.js';

/**
 * Runs remote steps. It makes sure that no step hangs, and that none is tried while the remote tier is known
 * to be away.
 */
export interface RemoteGuard {
  /** Whether a step would be tried at all now. */
  readonly acceptsSteps: boolean;
  /** Whether steps are refused because too many have failed. Default: never. */
  readonly isTripped?: boolean | undefined;
  /** Whether a step would have to wait for its turn. Default: never. */
  readonly isCrowded?: boolean | undefined;
  /**
   * Whether other steps were started in this turn of the event loop and are not written to the socket yet.
   * Default: never.
   */
  readonly hasBegun?: boolean | undefined;
  /**
   * Resolves when it would be the turn of a step of this name. Rejects in the same cases as {@link run}.
   * Called only while {@link isCrowded}.
   */
  readonly whenFree?: ((step: string, waitMs?: Milliseconds) => Promise<void>) | undefined;
  /**
   * Runs one step.
   *
   * @param weight - the size of the step: 1 per key, more for large values. Default: 1.
   * @param waitMs - the longest time it may wait for its turn while other steps are running. Default: as set
   *   in the guard.
   * @throws {RemoteCacheError} `CACHE_REMOTE_UNAVAILABLE` at once while the remote tier is known to be away;
   *   `CACHE_REMOTE_TIMEOUT` when the step did not end in time (it may still be executed later, and only
   *   fences make that harmless); `CACHE_REMOTE_FAILED` in all other cases.
   */
  run<T>(step: string, action: () => Promise<T>, weight?: number, waitMs?: Milliseconds): Promise<T>;
}

/** For a remote tier in the same process, which is never away. */
export const alwaysOpen: RemoteGuard = {
  acceptsSteps: true,
  run: (_step, action) => action(),
};
