import type {
  CachedMethod,
  CacheableAllOperation,
  CacheableOperation,
  CacheEvictOperation,
  CachePutOperation,
  ServiceLocator,
} from '../annotation/index.js';
import type { CacheErrorHandler } from './cache-error-handler.js';
import { HitPath } from './hit-path.js';
import { OperationPlan } from './operation-plan.js';

/** The operations of one method, sorted into the steps of the recipe and resolved against one container. */
export class MethodPlan {
  readonly earlyEvicts: readonly OperationPlan<CacheEvictOperation>[];
  /** Those that evict before the method and after it. */
  readonly aroundEvicts: readonly OperationPlan<CacheEvictOperation>[];
  readonly cacheables: readonly OperationPlan<CacheableOperation>[];
  /** Caches the elements of the result one by one. It is the only operation then. */
  readonly all: OperationPlan<CacheableAllOperation> | undefined;
  readonly puts: readonly OperationPlan<CachePutOperation>[];
  readonly lateEvicts: readonly OperationPlan<CacheEvictOperation>[];
  /** Whether the method does more than read. */
  readonly writes: boolean;
  /**
   * Serves all calls, where the method is simple enough and its plan does not depend on the instance; else
   * `undefined`, and the recipe serves them.
   */
  readonly hitPath: HitPath | undefined;

  constructor(method: CachedMethod, container: ServiceLocator, errors: CacheErrorHandler) {
    const { operations } = method;
    const evicts = operations
      .filter((operation) => operation.kind === 'evict')
      .map((operation) => new OperationPlan(operation, method, container));
    this.earlyEvicts = evicts.filter(({ operation }) => operation.beforeInvocation);
    this.aroundEvicts = evicts.filter(({ operation }) => operation.aroundInvocation);
    this.lateEvicts = evicts.filter(({ operation }) => !operation.beforeInvocation && !operation.aroundInvocation);
    this.cacheables = operations
      .filter((operation) => operation.kind === 'cacheable')
      .map((operation) => new OperationPlan(operation, method, container));
    this.puts = operations
      .filter((operation) => operation.kind === 'put')
      .map((operation) => new OperationPlan(operation, method, container));
    const all = operations.find((operation) => operation.kind === 'cacheableAll');
    this.all = all && new OperationPlan(all, method, container);
    this.writes = evicts.length + this.puts.length > 0;
    const [cacheable] = this.cacheables;
    const cache = cacheable?.fixedCaches?.length === 1 ? cacheable.fixedCaches[0] : undefined;
    if (method.hasVariants || cacheable === undefined || cache === undefined) return;
    if (operations.length === 1) this.hitPath = new HitPath(cacheable, cache, errors);
  }
}
