import { CacheConfigurationError, shown } from '../errors/index.js';
import { cacheConfigOf } from './cache-config-registry.js';
import { DECORATOR_OF, type CacheDefaults, type CacheOperation } from './cache-operation.js';
import { callUnserved, type ClassConstructor } from './class-port.js';
import { takeOwnProperties } from './own-properties.js';
import { SLOT, type Slotted } from './slot.js';

/** A method before it was wrapped. */
export type MethodBody = (this: unknown, ...args: unknown[]) => unknown;

const NO_DEFAULTS: CacheDefaults = Object.freeze({
  cacheNames: Object.freeze([]),
  keyGenerator: undefined,
  cacheManager: undefined,
  cacheResolver: undefined,
});

let count = 0;

/** One decorated method of one class: what it did before, and the operations that its decorators recorded. */
export class CachedMethod {
  /** Small and dense, so that a container can keep its state per method in an array. */
  readonly id: number = count++;
  /** The property key. */
  readonly name: string | symbol;
  /** The method as it was written. */
  readonly body: MethodBody;
  /** What stands on the prototype in its place. */
  readonly wrapper: MethodBody;
  /** Whether its operations are those of a decorator above the class; a method with decorators of its own has these alone. */
  readonly isOfClass: boolean;
  /** The class that declares it; with standard decorators unknown until `@CacheConfig` or the first instance tells. */
  declaringClass: ClassConstructor | undefined;
  /** The same class once it was announced to whoever injects interceptors: its instances need no warning that they run uncached. */
  wiredClass: ClassConstructor | undefined;
  #operations: readonly CacheOperation[] = Object.freeze([]);

  constructor(name: string | symbol, body: MethodBody, declaringClass: ClassConstructor | undefined, isOfClass = false) {
    this.name = name;
    this.body = body;
    this.isOfClass = isOfClass;
    this.declaringClass = declaringClass;
    this.wiredClass = declaringClass;
    this.wrapper = wrap(this);
  }

  /** The operations in the order in which they are written above the method. */
  get operations(): readonly CacheOperation[] {
    return this.#operations;
  }

  /** `Class.method`, for messages. */
  get label(): string {
    return methodLabel(this.declaringClass, this.name);
  }

  /** What `@CacheConfig` gives to the operations of this method. */
  get defaults(): CacheDefaults {
    return (this.declaringClass && cacheConfigOf(this.declaringClass)) ?? NO_DEFAULTS;
  }

  /** Adds the operations of one more decorator: those below it on the page were added before. */
  add(operations: readonly CacheOperation[]): void {
    const all = Object.freeze([...operations, ...this.#operations]);
    checkSync(this.label, all, this.defaults);
    this.#operations = all;
  }

  /** Checks the operations again, after `@CacheConfig` gave them names. */
  check(): void {
    checkSync(this.label, this.#operations, this.defaults);
  }
}

/** `Class.method`, or as much of it as is known. */
export function methodLabel(declaringClass: ClassConstructor | undefined, name: string | symbol): string {
  const method = typeof name === 'symbol' ? `[${String(name)}]` : name;
  const className = declaringClass === undefined ? '' : declaringClass.name === '' ? '(anonymous class)' : declaringClass.name;
  return className === '' ? method : typeof name === 'symbol' ? className + method : `${className}.${method}`;
}

/**
 * The function on the prototype. It has what the method has (see {@link takeOwnProperties}), is neither `async` nor a proxy, and reaches
 * `#private` members, because `this` is the object itself. Self-invocation passes through it too, unlike with Spring's proxies.
 */
function wrap(method: CachedMethod): MethodBody {
  const { body } = method;
  const withAll = function (this: Slotted, ...args: unknown[]): unknown {
    return this[SLOT]?.invoke(this, method, args);
  };
  // `arguments` and no rest parameter: an array is made only where it is needed, and a hit on one argument needs none.
  /* eslint-disable prefer-rest-params */
  const wrapper = function (this: unknown, first?: unknown): unknown {
    const interceptor = (this as Slotted | undefined)?.[SLOT];
    if (interceptor !== undefined) {
      return arguments.length === 1 ? interceptor.invokeWith(this as object, method, first) : Reflect.apply(withAll, this, arguments);
    }
    if (this?.constructor !== method.wiredClass && this != null) callUnserved(this, method);
    return Reflect.apply(body, this, arguments);
  };
  /* eslint-enable prefer-rest-params */
  takeOwnProperties(wrapper, body);
  return wrapper;
}

/** Spring's restrictions on `sync`, known as soon as the last decorator was read. */
function checkSync(label: string, operations: readonly CacheOperation[], defaults: CacheDefaults): void {
  const sync = operations.find((operation) => operation.kind === 'cacheable' && operation.sync);
  if (sync === undefined) return;
  if (operations.length > 1) {
    const others = operations.filter((operation) => operation !== sync).map((operation) => DECORATOR_OF[operation.kind]);
    throw new CacheConfigurationError(
      'CACHE_OPERATION_INVALID',
      `Invalid caching of ${label}: @Cacheable with \`sync: true\` must be its only cache operation, found also ${others.join(', ')}.`,
      { hint: 'Leave `sync` out: loads of one key are shared without it.' },
    );
  }
  const names = sync.cacheNames.length > 0 ? sync.cacheNames : defaults.cacheNames;
  if (names.length > 1) {
    throw new CacheConfigurationError(
      'CACHE_OPERATION_INVALID',
      `Invalid caching of ${label}: @Cacheable with \`sync: true\` takes one cache, got ${names.map((name) => `'${shown(name)}'`).join(', ')}.`,
      { hint: 'Name one cache, or leave `sync` out: loads of one key are shared without it.' },
    );
  }
}
