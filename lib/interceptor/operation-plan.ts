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
import { isArrowFunction } from './is-arrow-function.js';
import { KeyGenerator } from './key-generator.js';
import { keyOf, keyOfOne, SimpleKeyGenerator } from './simple-key-generator.js';
import { bindingMissing, cacheNamesOf, operationLabel, type OperationServices, servicesOf } from './operation-services.js';
import { SimpleCacheResolver } from './simple-cache-resolver.js';

/** Makes the key of a call where the operation has no `key`. */
type GenerateKey = (target: object, args: readonly unknown[]) => CacheKey;

const keyOfArguments: GenerateKey = (_target, args) => keyOf(args);

/** The life of a result that is not to be stored. */
export const NOT_STORED = Symbol('not stored');

/** Called as it is, and not by `call` or `apply`, it can be compiled into the method. */
type ArrowFunction = (argument: unknown) => unknown;

/**
 * One operation with its strategies, resolved once per method and container: caches, resolver and key generator.
 * Rebinding one of these services takes effect on methods that were not called yet.
 */
export class OperationPlan<O extends CacheOperation = CacheOperation> {
  readonly operation: O;
  readonly method: CachedMethod;
  readonly container: ServiceLocator;
  /** The caches, where they do not depend on the call; else `undefined`, and a resolver is asked each time. */
  readonly fixedCaches: readonly Cache[] | undefined;
  readonly #ttl: Milliseconds | OperationFunction | undefined;
  /** Where a computed `ttl` that is none is told. */
  readonly #events: CacheEvents | undefined;
  readonly #resultKey: OperationFunction | undefined;
  readonly #cacheNames: readonly string[];
  readonly #resolver: CacheResolver;
  readonly #generate: GenerateKey;

  constructor(operation: O, method: CachedMethod, container: ServiceLocator) {
    this.operation = operation;
    this.method = method;
    this.container = container;
    const services = servicesOf(operation, method);
    const recorded: CacheOperation = operation;
    this.#ttl = recorded.kind === 'evict' ? undefined : recorded.ttl;
    if (typeof this.#ttl === 'function') this.#events = container.get(CacheEvents, { optional: true });
    this.#resultKey = recorded.kind === 'cacheable' ? undefined : recorded.resultKey;
    this.#cacheNames = cacheNamesOf(operation, method);
    this.#generate = this.#keyGenerator(services.keyGenerator);
    this.#resolver = this.#cacheResolver(services);
    // Only the default is known to choose by name alone. Its subclasses may look at the arguments.
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

  /** Whether it applies to every call, under a key that the default generator makes of the arguments alone. */
  get isKeyedByArguments(): boolean {
    const { condition, key } = this.operation;
    return condition === undefined && key === undefined && this.#generate === keyOfArguments;
  }

  /** Whether {@link appliesTo} and {@link keyOf} may be asked: `condition` and `key`, if any, have no `this`. */
  get needsNoInvocation(): boolean {
    const { condition, key } = this.operation;
    if (key === undefined && this.#generate !== keyOfArguments) return false;
    return [condition, key].every((question) => question === undefined || isArrowFunction(question));
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

  /** Whether the operation applies to a call with this argument alone. */
  appliesTo(argument: unknown): boolean {
    const condition = this.operation.condition as ArrowFunction | undefined;
    return condition === undefined || this.#decided('condition', condition(argument));
  }

  /** The key of a call with this argument alone. */
  keyOf(argument: unknown): CacheKey {
    const key = this.operation.key as ArrowFunction | undefined;
    return key === undefined ? keyOfOne(argument) : this.#defined('key', key(argument));
  }

  /** Whether `unless` speaks against the result. */
  isVetoed(invocation: CacheInvocation, result: unknown): boolean {
    const { unless } = this.operation;
    return unless !== undefined && this.#ask('unless', unless, invocation, [result, ...invocation.args]);
  }

  /** The life of the result, where the operation gives one. A function that fails to give one is told: the method has succeeded. */
  ttl(invocation: CacheInvocation, result: unknown): Milliseconds | typeof NOT_STORED | undefined {
    const ttl = this.#ttl;
    if (typeof ttl !== 'function') return ttl;
    try {
      return parseComputedTtl(ttl.call(invocation, result, ...invocation.args)) ?? NOT_STORED;
    } catch (error) {
      this.#events?.emit('error', { where: `\`ttl\` of ${this.label}`, error });
      return NOT_STORED;
    }
  }

  /** The key of the call; made of the result where the operation says so. */
  key(invocation: CacheInvocation, result?: unknown): CacheKey {
    const { key } = this.operation;
    const resultKey = this.#resultKey;
    if (resultKey !== undefined) return this.#defined('resultKey', resultKey.call(invocation, result, ...invocation.args));
    if (key !== undefined) return this.#defined('key', key.apply(invocation, invocation.args as unknown[]));
    return this.#generate(invocation.target, invocation.args);
  }

  /** The key of a call by the generator alone: for the fast path, which has no invocation at hand. */
  generateKey(target: object, args: readonly unknown[]): CacheKey {
    return this.#generate(target, args);
  }

  /** All keys that an operation with `keys` makes of the arguments. */
  keys(invocation: CacheInvocation, keys: OperationFunction): readonly CacheKey[] {
    const made = this.#defined('keys', keys.apply(invocation, invocation.args as unknown[]));
    if (!Array.isArray(made)) {
      throw new CacheKeyError(
        'CACHE_KEY_UNSUPPORTED',
        `Expected \`keys\` of ${this.label} to return an array of keys, got ${typeof made}.`,
      );
    }
    return made.map((key) => this.#defined('keys', key));
  }

  #resolve(target: object, args: readonly unknown[]): readonly Cache[] {
    const { operation, method } = this;
    const caches = this.#resolver.resolveCaches({ operation, cacheNames: this.#cacheNames, target, method: method.name, args });
    if (caches.length === 0) {
      const resolver = this.#resolver.constructor.name;
      throw new CacheConfigurationError('CACHE_NAME_MISSING', `No cache for ${this.label}: ${resolver} chose none.`, {
        hint: 'Give `cacheNames` to the decorator or to @CacheConfig on the class, or a `cacheResolver`.',
      });
    }
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
    // The default looks at nothing but the arguments: no need to spread them.
    if (generator.generate === SimpleKeyGenerator.prototype.generate) return keyOfArguments;
    const { name } = this.method;
    return (target, args) => this.#defined('keyGenerator', generator.generate(target, name, ...args));
  }

  #service<T>(option: string, identifier: ServiceIdentifier): T {
    const service = this.container.get<T>(identifier as ServiceIdentifier<T>, { optional: true });
    if (service !== undefined) return service;
    throw bindingMissing(option, this.label, identifier);
  }

  #ask(option: string, question: OperationFunction, invocation: CacheInvocation, args: readonly unknown[]): boolean {
    return this.#decided(option, question.apply(invocation, args as unknown[]));
  }

  #decided(option: string, answer: unknown): boolean {
    if (typeof answer === 'object' && answer !== null && 'then' in answer) {
      throw new CacheConfigurationError('CACHE_OPERATION_INVALID', `Invalid ${this.label}: \`${option}\` returned a promise.`, {
        hint: 'A promise is always truthy; decide by what is at hand.',
      });
    }
    return Boolean(answer);
  }

  #defined(option: string, key: unknown): CacheKey {
    if (key !== undefined) return key as CacheKey;
    throw new CacheKeyError('CACHE_KEY_UNDEFINED', `\`${option}\` of ${this.label} returned \`undefined\` for a key.`, {
      hint: 'Return `null` if nothing is a key of its own; else check that what the key is made of was passed.',
    });
  }
}
