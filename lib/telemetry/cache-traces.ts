import { type Attributes, context, SpanKind, SpanStatusCode, trace, type Tracer, type TracerProvider } from '@opentelemetry/api';
import { CacheError } from '../errors/index.js';
import type { CacheEvents, CacheTracer, TracedStep } from '../event/index.js';
import { SCOPE } from './scope.js';

/** How {@link bindCacheTraces} traces. */
export interface CacheTracesOptions {
  /** Default: the globally registered one. */
  readonly tracerProvider?: TracerProvider | undefined;
  /**
   * Whether spans name the keys (`cache.keys`) and tags (`cache.tags`). They may reveal personal data; values
   * are never named. Default: `false`.
   */
  readonly keys?: boolean | undefined;
}

/** The most keys, or tags, that one span names. */
const MOST_KEYS = 32;

/**
 * Puts a span around each step that takes time: `cache.load` around the method (or loader), so that the spans
 * of its own work hang below it, and `cache.get`, `cache.acquire`, `cache.fill`, `cache.put`, `cache.evict`,
 * `cache.evictTagged`, `cache.clear`, `cache.tags` around steps on the remote tier. A hit in the local tier
 * has no span and costs what it cost before.
 *
 * Attributes: `cache.name`, `cache.keys.count`, `cache.tags.count` where there are some, and `error.type`
 * with the code of the failure.
 *
 * @param events - of the container: `container.get(CacheEvents)`. It has one tracer at a time; a
 *   later one replaces it.
 * @returns a function that ends it.
 */
export function bindCacheTraces(events: CacheEvents, { tracerProvider, keys = false }: CacheTracesOptions = {}): () => void {
  const tracer = new SpanTracer((tracerProvider ?? trace).getTracer(SCOPE), keys);
  events.tracer = tracer;
  return () => {
    if (events.tracer === tracer) events.tracer = undefined;
  };
}

class SpanTracer implements CacheTracer {
  readonly #tracer: Tracer;
  readonly #tellsKeys: boolean;

  constructor(tracer: Tracer, tellsKeys: boolean) {
    this.#tracer = tracer;
    this.#tellsKeys = tellsKeys;
  }

  async trace<T>({ cache, step, keys, tags }: TracedStep, action: () => T | Promise<T>): Promise<T> {
    const attributes: Attributes = { 'cache.name': cache, 'cache.keys.count': keys.length };
    if (tags !== undefined) attributes['cache.tags.count'] = tags.length;
    if (this.#tellsKeys) attributes['cache.keys'] = keys.slice(0, MOST_KEYS);
    if (this.#tellsKeys && tags !== undefined) attributes['cache.tags'] = tags.slice(0, MOST_KEYS);
    const span = this.#tracer.startSpan(`cache.${step}`, { kind: step === 'load' ? SpanKind.INTERNAL : SpanKind.CLIENT, attributes });
    try {
      return await context.with(trace.setSpan(context.active(), span), action);
    } catch (error) {
      // The message of a method's own error may hold anything, so only its class is told.
      span.setAttribute('error.type', errorType(error));
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  }
}

const errorType = (error: unknown): string => (CacheError.is(error) ? error.code : error instanceof Error ? error.name : typeof error);
