import type {
  CachedMethod,
  CacheInvocation,
  CacheOperation,
  OperationFunction,
  ServiceIdentifier,
  ServiceLocator,
} from '../annotation/index.js';
import type { Cache, CacheKey, CacheManager } from '../cache/index.js';
import { CacheConfigurationError, CacheKeyError } from '../errors/index.js';
import { CacheEvents } from '../event/index.js';
import { type Milliseconds, parseComputedTtl } from '../time/index.js';
import { CacheResolver } from './cache-resolver.js';
import { KeyGenerator } from './key-generator.js';
import { keyOf, SimpleKeyGenerator } from './simple-key-generator.js';
import { bindingMissing, cacheNamesOf, nameMissing, operationLabel, type OperationServices, servicesOf } from './operation-services.js';
import { SimpleCacheResolver } from './simple-cache-resolver.js';

/** Makes the key of a call where the operation has no `key`. */
type GenerateKey = (target: object, args: readonly unknown[]) => CacheKey;

const keyOfArguments: GenerateKey = (_target, args) => keyOf(args);

/** The time to live of a result that must not be stored. */
export const NOT_STORED = Symbol('not stored');

/**
 * One operation with its strategies, resolved once per method and container: caches, resolver and key
 * generator. To rebind one of these services takes effect on methods that were not called yet.
 */
export class OperationPlan<O extends CacheOperation = CacheOperation> {
  readonly operation: O;
  readonly method: CachedMethod;
  readonly container: ServiceLocator;
  /** The caches, where they do not depend on the call; else `undefined`: a resolver is asked at each call. */
  readonly fixedCaches: readonly Cache[] | undefined;
  /**
   * Makes the key of a call by the generator alone, for an operation that has no `key` and no `resultKey`.
   */
  readonly generateKey: GenerateKey;
  readonly #ttl: Milliseconds | OperationFunction | undefined;
  /** Hears of a `ttl` function that returns no duration, and of a `tags` function that throws. */
  readonly #events: CacheEvents | undefined;
  /** Of what is stored. */
  readonly #tags: OperationFunction | undefined;
  readonly #resultKey: OperationFunction | undefined;
  readonly #cacheNames: readonly string[];
  readonly #resolver: CacheResolver;

  constructor(operation: O, method: CachedMethod, container: ServiceLocator) {
    this.operation = operation;
    this.method = method;
    this.container = container;
    const services = servicesOf(operation, method);
    const recorded: CacheOperation = operation;
    this.#ttl = recorded.kind === 'evict' ? undefined : recorded.ttl;
    this.#tags = recorded.kind === 'evict' ? undefined : recorded.tags;
    if (typeof this.#ttl === 'function' || this.#tags !== undefined) this.#events = container.get(CacheEvents, { optional: true });
    this.#resultKey = recorded.kind === 'put' || recorded.kind === 'evict' ? recorded.resultKey : undefined;
    this.#cacheNames = cacheNamesOf(operation, method);
    this.generateKey = this.#keyGenerator(services.keyGenerator);
    this.#resolver = this.#cacheResolver(services);
    // Only the default resolver is known to choose by name alone. A subclass of it may look at the arguments.
    if (this.#resolver.resolveCaches === SimpleCacheResolver.prototype.resolveCaches) this.fixedCaches = this.#resolve({}, []);
  }

  /** `@Cacheable on BookService.find`, for messages. */
  get label(): string {
    return operationLabel(this.operation, this.method);
  }

  /** Whether Spring's restrictions for `sync` apply. */
  get isSync(): boolean {
    const recorded: CacheOperation = this.operation;
    return recorded.kind === 'cacheable' && recorded.sync;
  }

  /** Whether keys are made of the arguments alone: by `key`, or else by the default generator. */
  get usesDefaultKeys(): boolean {
    return this.generateKey === keyOfArguments;
  }

  /** The call as this operation sees it. */
  begin(target: object, args: readonly unknown[]): CacheInvocation {
    const caches = this.fixedCaches ?? this.#resolve(target, args);
    return { target, method: this.method.name, args, caches, container: this.container };
  }

  /** Whether the operation applies to the call. */
  applies(invocation: CacheInvocation): boolean {
    const { condition } = this.operation;
    return condition === undefined || this.#ask('condition', condition, invocation, invocation.args);
  }

  /**
   * Whether `unless` forbids to store the result, or to evict because of it.
   *
   * @param args - what it is told beside the result. Default: the arguments of the call.
   */
  isVetoed(invocation: CacheInvocation, result: unknown, args = invocation.args): boolean {
    const { unless } = this.operation;
    return unless !== undefined && this.#ask('unless', unless, invocation, [result, ...args]);
  }

  /**
   * The time to live of the result; `undefined`: the cache's own. If a `ttl` function fails, that is reported
   * as an event and not thrown, because the method has succeeded.
   */
  ttl(invocation: CacheInvocation, result: unknown, args = invocation.args): Milliseconds | typeof NOT_STORED | undefined {
    const ttl = this.#ttl;
    if (typeof ttl !== 'function') return ttl;
    try {
      return parseComputedTtl(ttl.call(invocation, result, ...args)) ?? NOT_STORED;
    } catch (error) {
      this.#events?.emit('error', { where: `\`ttl\` of ${this.label}`, error });
      return NOT_STORED;
    }
  }

  /** Whether what is stored carries tags. */
  get hasTags(): boolean {
    return this.#tags !== undefined;
  }

  /** The tags of the result. The cache checks them. */
  tags(invocation: CacheInvocation, result: unknown, args = invocation.args): readonly CacheKey[] {
    return this.#tags?.call(invocation, result, ...args) as readonly CacheKey[];
  }

  /**
   * The tags of a result that is put; {@link NOT_STORED} if their function throws, or returns nothing. That
   * is reported as an event and not thrown, because the method has succeeded.
   */
  tagsToPut(invocation: CacheInvocation, result: unknown): readonly CacheKey[] | typeof NOT_STORED | undefined {
    if (this.#tags === undefined) return undefined;
    try {
      const tags = this.tags(invocation, result) as readonly CacheKey[] | undefined;
      if (tags !== undefined) return tags; // To the cache that would mean: none.
      throw new CacheConfigurationError('CACHE_OPTION_INVALID', 'Expected `tags` to be an array, got undefined.');
    } catch (error) {
      this.#events?.emit('error', { where: `\`tags\` of ${this.label}`, error });
      return NOT_STORED;
    }
  }

  /** The tags that an operation with `tags` or `resultTags` makes. */
  evictedTags(invocation: CacheInvocation, make: OperationFunction, args: readonly unknown[]): readonly CacheKey[] {
    const made = make.apply(invocation, args as unknown[]);
    if (Array.isArray(made)) return made as CacheKey[];
    throw new CacheKeyError('CACHE_KEY_UNSUPPORTED', `Expected the tags of ${this.label} to be an array, got ${typeof made}.`);
  }

  /** The key of the call. With a `resultKey`, it is made of the result. */
  key(invocation: CacheInvocation, result?: unknown): CacheKey {
    const { key } = this.operation;
    const resultKey = this.#resultKey;
    if (resultKey !== undefined) return this.defined('resultKey', resultKey.call(invocation, result, ...invocation.args));
    if (key !== undefined) return this.defined('key', key.apply(invocation, invocation.args as unknown[]));
    return this.generateKey(invocation.target, invocation.args);
  }

  /** The key of one element. @param args - its id, and the arguments after the ids. */
  elementKey(invocation: CacheInvocation, args: readonly unknown[]): CacheKey {
    const { key } = this.operation;
    if (key !== undefined) return this.defined('key', key.apply(invocation, args as unknown[]));
    return this.generateKey(invocation.target, args);
  }

  /** All keys that an operation with `keys` makes of the arguments. */
  keys(invocation: CacheInvocation, keys: OperationFunction): readonly CacheKey[] {
    const made = this.defined('keys', keys.apply(invocation, invocation.args as unknown[]));
    if (!Array.isArray(made)) {
      throw new CacheKeyError(
        'CACHE_KEY_UNSUPPORTED',
        `Expected \`keys\` of ${this.label} to return an array of keys, got ${typeof made}.`,
      );
    }
    return made.map((key) => this.defined('keys', key));
  }

  /**
   * The answer of a `condition` or an `unless`.
   *
   * @throws {CacheConfigurationError} `CACHE_OPERATION_INVALID` for a promise.
   */
  decided(option: string, answer: unknown): boolean {
    if (typeof answer === 'object' && answer !== null && 'then' in answer) {
      throw new CacheConfigurationError('CACHE_OPERATION_INVALID', `Invalid ${this.label}: \`${option}\` returned a promise.`, {
        hint: 'A promise is always truthy; decide by what is at hand.',
      });
    }
    return Boolean(answer);
  }

  /**
   * The key that a function or a generator of the application has made.
   *
   * @throws {CacheKeyError} `CACHE_KEY_UNDEFINED` for `undefined`.
   */
  defined(option: string, key: unknown): CacheKey {
    if (key !== undefined) return key;
    throw new CacheKeyError('CACHE_KEY_UNDEFINED', `\`${option}\` of ${this.label} returned \`undefined\` for a key.`, {
      hint: 'Return `null` if nothing is a key of its own; else check that what the key is made of was passed.',
    });
  }

  #resolve(target: object, args: readonly unknown[]): readonly Cache[] {
    const { operation, method } = this;
    const caches = this.#resolver.resolveCaches({ operation, cacheNames: this.#cacheNames, target, method: method.name, args });
    if (caches.length === 0) throw nameMissing(this.label, this.#resolver.constructor.name);
    if (this.isSync && caches.length > 1) {
      throw new CacheConfigurationError(
        'CACHE_OPERATION_INVALID',
        `Invalid caching of ${method.label}: @Cacheable with \`sync: true\` takes one cache, ${this.#resolver.constructor.name} chose ${caches.length}.`,
        { hint: 'Leave `sync` out: loads of one key are shared without it.' },
      );
    }
    return caches;
  }

  #cacheResolver({ cacheResolver, cacheManager }: OperationServices): CacheResolver {
    if (cacheResolver !== undefined) return this.#service<CacheResolver>('cacheResolver', cacheResolver);
    if (cacheManager !== undefined) return new SimpleCacheResolver(this.#service<CacheManager>('cacheManager', cacheManager));
    return this.#service('cacheResolver', CacheResolver);
  }

  #keyGenerator(identifier: ServiceIdentifier | undefined): GenerateKey {
    if (this.operation.key !== undefined) return keyOfArguments;
    const generator = this.#service<KeyGenerator>(
      'keyGenerator',
      (identifier as ServiceIdentifier<KeyGenerator> | undefined) ?? KeyGenerator,
    );
    // The default generator looks at nothing but the arguments, so it needs no spread of them.
    if (generator.generate === SimpleKeyGenerator.prototype.generate) return keyOfArguments;
    const { name } = this.method;
    return (target, args) => this.defined('keyGenerator', generator.generate(target, name, ...args));
  }

  #service<T>(option: string, identifier: ServiceIdentifier): T {
    const service = this.container.get<T>(identifier as ServiceIdentifier<T>, { optional: true });
    if (service !== undefined) return service;
    throw bindingMissing(option, this.label, identifier);
  }

  #ask(option: string, question: OperationFunction, invocation: CacheInvocation, args: readonly unknown[]): boolean {
    return this.decided(option, question.apply(invocation, args as unknown[]));
  }
}
