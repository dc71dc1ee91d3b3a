/** One step of a cache that takes time and is worth tracing. */
export interface TracedStep {
  readonly cache: string;
  /**
   * `load`: the method, or loader, runs. The others are steps on the remote tier: `get`, `acquire` (a fill
   * lease), `fill`, `put`, `evict`, `clear`.
   */
  readonly step: 'load' | 'get' | 'acquire' | 'fill' | 'put' | 'evict' | 'clear';
  /** The encoded keys; empty for `clear`. */
  readonly keys: readonly string[];
}

/** Traces steps. `telemetry/` implements this port with spans. A hit in the local tier is no step. */
export interface CacheTracer {
  /** Runs `action` under a span and settles as it does. */
  trace<T>(step: TracedStep, action: () => T | Promise<T>): Promise<T>;
}
