import { CacheConfigurationError, shown } from '../errors/index.js';
import { cacheConfigOf } from './cache-config-registry.js';
import { DECORATOR_OF, type CacheDefaults, type CacheOperation } from './cache-operation.js';
import type { ClassConstructor } from './class-constructor.js';

/** A method before it was wrapped. */
export type MethodBody = (this: unknown, ...args: unknown[]) => unknown;

const NO_DEFAULTS: CacheDefaults = Object.freeze({
  cacheNames: Object.freeze([]),
  keyGenerator: undefined,
  cacheManager: undefined,
  cacheResolver: undefined,
});

let count = 0;

/** What is known of a method when its first decorator is read. */
export type CachedMethodOptions = Pick<CachedMethod, 'name' | 'body' | 'declaringClass'> &
  Partial<Pick<CachedMethod, 'isOfClass' | 'isInherited'>>;

/** One decorated method of one class: its original body, and the operations that its decorators recorded. */
export class CachedMethod {
  /** Small and dense, so that a container can keep its state per method in an array. */
  id: number = count++;
  /** The property key. */
  readonly name: string | symbol;
  /** The method as it was written. */
  readonly body: MethodBody;
  /** The function that replaces it on the prototype. */
  readonly wrapper: MethodBody;
  /**
   * Whether its operations come from a decorator above the class. A method with decorators
   * of its own has only those.
   */
  readonly isOfClass: boolean;
  /** Whether its class inherits it, and only configures it; see {@link inheritedBy}. */
  readonly isInherited: boolean;
  /**
   * The class that declares it. With standard decorators it is unknown until
   * `@CacheConfig` or the first instance.
   */
  declaringClass: ClassConstructor | undefined;
  /**
   * The same class, once it was announced to the listener that injects interceptors. Its instances need no
   * warning that they run uncached.
   */
  wiredClass: ClassConstructor | undefined;
  #operations: readonly CacheOperation[] = Object.freeze([]);
  /** By the prototype of a subclass: this method under the configuration of that class. */
  #variants: Map<object, CachedMethod> | undefined;

  /** @param wrap - makes the function that replaces the method. */
  constructor(options: CachedMethodOptions, wrap: (method: CachedMethod) => MethodBody) {
    this.name = options.name;
    this.body = options.body;
    this.isOfClass = options.isOfClass ?? false;
    this.isInherited = options.isInherited ?? false;
    this.declaringClass = options.declaringClass;
    this.wiredClass = options.declaringClass;
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

  /** Adds the operations of one more decorator. Those below it on the page were added before. */
  add(operations: readonly CacheOperation[]): void {
    const all = Object.freeze([...operations, ...this.#operations]);
    checkAll(this.label, all);
    checkFresh(this.label, all);
    checkSync(this.label, all, this.defaults);
    this.#operations = all;
  }

  /**
   * The same body and operations under the `@CacheConfig` of a subclass, which goes before the one of the
   * class that declares the method. (Spring takes the one of the declaring class.)
   */
  inheritedBy(subclass: ClassConstructor, wrap: (method: CachedMethod) => MethodBody): CachedMethod {
    const { name, body, isOfClass } = this;
    const inherited = new CachedMethod({ name, body, isOfClass, isInherited: true, declaringClass: subclass }, wrap);
    inherited.add(this.#operations);
    return inherited;
  }

  /**
   * Has calls on instances of `subclass` run `variant`. That is for a method that the subclass overrides,
   * which then reaches this one by `super`.
   */
  addVariant(subclass: ClassConstructor, variant: CachedMethod): void {
    (this.#variants ??= new Map<object, CachedMethod>()).set(subclass.prototype as object, variant);
    this.id = count++; // Containers begin anew with a method that depends on the instance.
  }

  /** Whether {@link of} may return another method for some instances. */
  get hasVariants(): boolean {
    return this.#variants !== undefined;
  }

  /** This method, or the variant of the class nearest to the own class of `target`. */
  of(target: object): CachedMethod {
    if (this.#variants === undefined) return this;
    for (let prototype: unknown = Object.getPrototypeOf(target); prototype !== null; prototype = Object.getPrototypeOf(prototype)) {
      const variant = this.#variants.get(prototype as object);
      if (variant !== undefined) return variant;
    }
    return this;
  }

  /** Checks the operations again after `@CacheConfig` gave them names. */
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

/** Its elements are cached one by one, which is of no use to operations on the whole result. */
function checkAll(label: string, operations: readonly CacheOperation[]): void {
  const all = operations.find(({ kind }) => kind === 'cacheableAll');
  if (all === undefined || operations.length === 1) return;
  const others = operations.filter((operation) => operation !== all).map(({ kind }) => DECORATOR_OF[kind]);
  throw new CacheConfigurationError(
    'CACHE_OPERATION_INVALID',
    `Invalid caching of ${label}: @CacheableAll must be its only cache operation, found also ${others.join(', ')}.`,
    { hint: 'Give the other operation a method of its own.' },
  );
}

/** Puts and evictions follow when the method has run, so a call of it cannot be answered before. */
function checkFresh(label: string, operations: readonly CacheOperation[]): void {
  const other = operations.find(({ kind }) => kind !== 'cacheable');
  if (other === undefined || operations.every((operation) => operation.kind !== 'cacheable' || operation.freshness === undefined)) return;
  throw new CacheConfigurationError(
    'CACHE_OPERATION_INVALID',
    `Invalid caching of ${label}: \`staleIfError\`, \`refreshAfter\` and \`loadTimeout\` cannot be set beside ${DECORATOR_OF[other.kind]}.`,
    { hint: 'What the method writes is cached or evicted after it has run. Give reading and writing a method each.' },
  );
}

/** Spring's restrictions on `sync`. They can be checked once the last decorator was read. */
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
