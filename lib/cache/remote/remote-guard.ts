import type { Milliseconds } from '../../time/index.js';

/** Runs one remote step so that it can neither hang nor be repeated in vain. */
export interface RemoteGuard {
  /** Whether a step would be tried at all now. */
  readonly acceptsSteps: boolean;
  /** Whether steps are refused because too many have failed. Default: never. */
  readonly isTripped?: boolean;
  /** Whether a step would have to wait for its turn. Default: never. */
  readonly isCrowded?: boolean;
  /** Whether others have begun in this turn of the event loop, and are not written to the socket yet. Default: never. */
  readonly hasBegun?: boolean;
  /** Resolves when a step of this name would have its turn; rejects as {@link run} does. Asked only while it is crowded. */
  whenFree?(step: string, waitMs?: Milliseconds): Promise<void>;
  /**
   * @param weight - how much the step asks for: 1 for each key, and more for large values. Default: 1.
   * @param waitMs - how long it may wait for its turn while others are under way. Default: as the guard was told.
   * @throws {RemoteCacheError} `CACHE_REMOTE_UNAVAILABLE` at once while the remote tier is known to be away, `CACHE_REMOTE_TIMEOUT` when
   *   the step did not end in time (it may still be executed later; only fences make that harmless), `CACHE_REMOTE_FAILED` else.
   */
  run<T>(step: string, action: () => Promise<T>, weight?: number, waitMs?: Milliseconds): Promise<T>;
}

/** For a remote tier inside the process, which is never away. */
export const alwaysOpen: RemoteGuard = {
  acceptsSteps: true,
  run: (_step, action) => action(),
};
