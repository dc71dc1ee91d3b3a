/** One step of a cache that takes time and is worth tracing. */
export interface TracedStep {
  readonly cache: string;
  /**
   * `load`: the method, or loader, runs. The others are steps on the remote tier: `get`, `acquire` (a fill
   * lease), `fill`, `put`, `evict`, `evictTagged`, `clear`, `tags` (when were they evicted last?).
   */
  readonly step: 'load' | 'get' | 'acquire' | 'fill' | 'put' | 'evict' | 'evictTagged' | 'clear' | 'tags';
  /** The encoded keys; empty for `clear`, `evictTagged` and `tags`. */
  readonly keys: readonly string[];
  /** The encoded tags of `evictTagged` and `tags`. */
  readonly tags?: readonly string[] | undefined;
}

/** Traces steps. `telemetry/` implements this port with spans. A hit in the local tier is no step. */
export interface CacheTracer {
  /** Runs `action` under a span and settles as it does. */
  trace<T>(step: TracedStep, action: () => T | Promise<T>): Promise<T>;
}
