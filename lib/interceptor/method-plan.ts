import type { CachedMethod, CacheableOperation, CacheEvictOperation, CachePutOperation, ServiceLocator } from '../annotation/index.js';
import type { Cache } from '../cache/index.js';
import { OperationPlan } from './operation-plan.js';

/** A method whose hits need no recipe: one `@Cacheable`, on one cache that does not depend on the call. */
export interface SinglePlan {
  readonly cacheable: OperationPlan<CacheableOperation>;
  readonly cache: Cache;
  /** Whether it applies to every call, under a key that the default generator makes of the arguments. */
  readonly isPlain: boolean;
}

/** The operations of one method, sorted into the steps of the recipe and resolved against one container. */
export class MethodPlan {
  readonly earlyEvicts: readonly OperationPlan<CacheEvictOperation>[];
  readonly cacheables: readonly OperationPlan<CacheableOperation>[];
  readonly puts: readonly OperationPlan<CachePutOperation>[];
  readonly lateEvicts: readonly OperationPlan<CacheEvictOperation>[];
  /** Whether it does more than read. */
  readonly writes: boolean;
  readonly single: SinglePlan | undefined;
  /** The {@link single} plan, where a call with one argument needs no `CacheInvocation` before it has to load. */
  readonly short: SinglePlan | undefined;

  constructor(method: CachedMethod, container: ServiceLocator) {
    const { operations } = method;
    const evicts = operations
      .filter((operation) => operation.kind === 'evict')
      .map((operation) => new OperationPlan(operation, method, container));
    this.earlyEvicts = evicts.filter(({ operation }) => operation.beforeInvocation);
    this.lateEvicts = evicts.filter(({ operation }) => !operation.beforeInvocation);
    this.cacheables = operations
      .filter((operation) => operation.kind === 'cacheable')
      .map((operation) => new OperationPlan(operation, method, container));
    this.puts = operations
      .filter((operation) => operation.kind === 'put')
      .map((operation) => new OperationPlan(operation, method, container));
    this.writes = evicts.length + this.puts.length > 0;
    this.single = operations.length === 1 ? singlePlan(this.cacheables[0]) : undefined;
    this.short = this.single?.cacheable.needsNoInvocation === true ? this.single : undefined;
  }
}

function singlePlan(cacheable: OperationPlan<CacheableOperation> | undefined): SinglePlan | undefined {
  if (cacheable?.fixedCaches?.length !== 1) return undefined;
  return { cacheable, cache: cacheable.fixedCaches[0]!, isPlain: cacheable.isKeyedByArguments };
}
