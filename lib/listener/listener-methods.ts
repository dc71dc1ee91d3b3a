import { CacheConfigurationError } from '../errors/index.js';
import type { CacheEventMap } from '../event/index.js';
import type { Topic } from '../topic/index.js';
import { openListenerSlot } from './listener-slot.js';

/** What one decorator recorded about one method. */
export type ListenerMethod =
  | { readonly kind: 'event'; readonly method: string | symbol; readonly label: string; readonly names: readonly (keyof CacheEventMap)[] }
  | { readonly kind: 'message'; readonly method: string | symbol; readonly label: string; readonly topics: readonly Topic[] };

/** What a decorator records before the method is known. */
export type Subject =
  | { readonly kind: 'event'; readonly names: readonly (keyof CacheEventMap)[] }
  | { readonly kind: 'message'; readonly topics: readonly Topic[] };

// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- decorators get the constructor as a plain function
type ClassConstructor = Function;

const byPrototype = new WeakMap<object, ListenerMethod[]>();
let tell: ((declaringClass: ClassConstructor) => void) | undefined;
let waiting: ClassConstructor[] = [];

/**
 * Registers the listener that is called once for each class with listening methods, while it is decorated.
 * Classes that were decorated before follow at once.
 */
export function onListeningClass(listener: (declaringClass: ClassConstructor) => void): void {
  tell = listener;
  const early = waiting;
  waiting = [];
  for (const declaringClass of early) listener(declaringClass);
}

/** The listening methods of an object, those of base classes first. */
export function listenerMethodsOf(instance: object): readonly ListenerMethod[] {
  const methods: ListenerMethod[] = [];
  for (let at: unknown = instance; at !== null; at = Object.getPrototypeOf(at)) methods.unshift(...(byPrototype.get(at as object) ?? []));
  return methods;
}

/** A decorator in both forms. A standard decorator never sees the class: the first object tells it. */
export function listening(
  decorator: string,
  subject: Subject,
): (target: object, context: unknown, descriptor?: PropertyDescriptor) => void {
  return (target, second, descriptor) => {
    if (typeof second === 'object' && second !== null) {
      const context = second as ClassMethodDecoratorContext<object>;
      const { name } = context;
      if (context.kind !== 'method' || context.static) throw notAMethod(decorator, String(name));
      let isRecorded = false;
      context.addInitializer(function (this: object) {
        if (isRecorded) return;
        isRecorded = true;
        const declaring = declaringPrototype(this, name);
        record(declaring, name, subject);
        openListenerSlot(declaring);
      });
      return;
    }
    const name = second as string | symbol;
    if (typeof target === 'function' || typeof descriptor?.value !== 'function') throw notAMethod(decorator, labelOf(target, name));
    const isNew = !byPrototype.has(target);
    record(target, name, subject);
    if (!isNew) return;
    openListenerSlot(target);
    if (tell === undefined) waiting.push(target.constructor);
    else tell(target.constructor);
  };
}

function record(prototype: object, method: string | symbol, subject: Subject): void {
  const methods = byPrototype.get(prototype) ?? [];
  byPrototype.set(prototype, methods);
  methods.push(Object.freeze({ ...subject, method, label: labelOf(prototype, method) }));
}

function declaringPrototype(instance: object, name: string | symbol): object {
  let at = Object.getPrototypeOf(instance) as object;
  while (!Object.hasOwn(at, name)) at = Object.getPrototypeOf(at) as object;
  return at;
}

function labelOf(target: object, name: string | symbol): string {
  const declaringClass = typeof target === 'function' ? target : target.constructor;
  return `${declaringClass.name === '' ? '(anonymous class)' : declaringClass.name}.${String(name)}`;
}

function notAMethod(decorator: string, label: string): CacheConfigurationError {
  return new CacheConfigurationError('CACHE_OPERATION_INVALID', `Invalid ${decorator} on ${label}: it is not a method of an object.`, {
    hint: 'Decorate a method of a service that a container makes.',
  });
}
