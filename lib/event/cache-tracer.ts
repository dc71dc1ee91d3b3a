/** One step of a cache that takes time and is worth watching. */
export interface TracedStep {
  readonly cache: string;
  /**
   * `load`: the method, or loader, runs. The others are steps on the remote tier: `get`, `acquire` (the right to fill), `fill`, `put`,
   * `evict`, `clear`.
   */
  readonly step: 'load' | 'get' | 'acquire' | 'fill' | 'put' | 'evict' | 'clear';
  /** The encoded keys; empty for `clear`. */
  readonly keys: readonly string[];
}

/** Watches steps: the port that `telemetry/` implements with spans. A hit in the local tier is no step. */
export interface CacheTracer {
  /** Runs `action` under a span, and returns what it returns: the same promise outcome, the same error. */
  trace<T>(step: TracedStep, action: () => T | Promise<T>): Promise<T>;
}
