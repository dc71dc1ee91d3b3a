/**
 * The front door: decorators, what wires them into an inversify container, caches and topics by hand, errors
 * and events. Begin with {@link Cacheable}, {@link CacheEvict} and {@link enableCaching}.
 *
 * @module inversify-cache
 */
export { Cacheable, CacheableAll, CacheConfig, CacheEvict, CachePut, Caching, composeDecorators } from './annotation/index.js';
export type {
  AllCacheableAllOptions,
  AllCacheableOptions,
  AllCacheEvictOptions,
  AllCachePutOptions,
  AllDecorator,
  AllMethod,
  AsyncMethod,
  AtLeastOneName,
  CacheableAllOperation,
  CacheableAllOptions,
  CacheableOptions,
  CacheableOperation,
  CacheClassDecorator,
  CacheConfigOptions,
  CacheDecorator,
  CacheEvictOperation,
  CacheEvictOptions,
  CacheInvocation,
  CacheOperation,
  CachePutOperation,
  CachePutOptions,
  CachingGroup,
  ServiceIdentifier,
  ServiceLocator,
} from './annotation/index.js';
export {
  Cache,
  cacheCodec,
  CacheManager,
  CompositeCacheManager,
  encodeKey,
  NoOpCache,
  NoOpCacheManager,
  UNLIMITED,
  withoutCache,
} from './cache/index.js';
export type {
  CacheCodec,
  CacheCondition,
  CacheHealth,
  CacheKey,
  CallsUnderWay,
  Class,
  CompositeCacheManagerOptions,
  CopyMode,
  EvictOptions,
  HealthStatus,
  Absent,
  KeyInspection,
  LoadAllOptions,
  LoadedAll,
  LoadedMap,
  LoaderOfAll,
  LoadContext,
  Loader,
  LoadOptions,
  PutOptions,
  TierInspection,
  Unacknowledged,
  ValueTypes,
  ValueWrapper,
  WithoutCacheOptions,
  WriteIntent,
} from './cache/index.js';
export {
  CacheConfigurationError,
  CacheError,
  CacheEvictError,
  CacheKeyError,
  CacheLoadTimeoutError,
  CacheStoppedError,
  CacheTransactionError,
  CacheValueError,
  ERROR_CODES,
  RemoteCacheError,
  TopicError,
} from './errors/index.js';
export type { CacheErrorCode, CacheErrorOptions, CacheValueErrorOptions } from './errors/index.js';
export { CACHE_EVENT_NAMES, CacheEvents, diagnosticsChannelName } from './event/index.js';
export type {
  CacheEventMap,
  CacheLogger,
  CacheStatistics,
  CacheTracer,
  CoherenceProof,
  DiagnosticsMessage,
  Histogram,
  RemovalCause,
  TimingObserver,
  TracedStep,
} from './event/index.js';
export {
  CacheErrorHandler,
  CacheInterceptor,
  CacheResolver,
  FailOpenCacheErrorHandler,
  KeyGenerator,
  LoggingCacheErrorHandler,
  SimpleCacheErrorHandler,
  SimpleCacheResolver,
  SimpleKeyGenerator,
} from './interceptor/index.js';
export type { CacheInterceptorOptions, CacheOperationContext, LogFailure, LoggingOptions } from './interceptor/index.js';
export { cached, cacheProxy, cachingModule, enableCaching } from './inversify/index.js';
export { DEFAULT_CACHE_OPTIONS, DEFAULT_CACHING_OPTIONS } from './instance/index.js';
export type { CacheProxyOperations, CachingContainer } from './inversify/index.js';
export type { CacheOptions, CachingOptions } from './instance/index.js';
export { EventListener, MessageListener } from './listener/index.js';
export type { EventListenerDecorator, MessageListenerDecorator } from './listener/index.js';
export { systemClock } from './time/index.js';
export type { Clock, Duration, FreshnessOptions, Milliseconds, StaleIfError } from './time/index.js';
export { ChannelTopic, MessageListenerContainer, MessagePublisher, PatternTopic } from './topic/index.js';
export type { ListenerContainerState, Message, MessageListenerObject, SubscriptionListener, Topic } from './topic/index.js';
export { redisOptionsFromEnv } from './redis/index.js';
export { runInTransaction, TransactionAwareCache, TransactionAwareCacheManager, TransactionSynchronization } from './transaction/index.js';
export type {
  AfterCommit,
  AfterCompletion,
  BeforeCommit,
  DeferredFailures,
  TransactionAwareCacheManagerParts,
  TransactionOptions,
} from './transaction/index.js';
