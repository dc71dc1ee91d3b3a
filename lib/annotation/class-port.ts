import type { CachedMethod } from './cached-method.js';
import type { ClassConstructor } from './class-constructor.js';
import { openSlot } from './slot.js';

/**
 * What the composition root does for decorated classes. This room cannot do it, because it
 * does not know containers.
 */
export interface ClassListener {
  /** Called once for each decorated class, while it is being decorated: the moment to add an injection. */
  decorated(declaringClass: ClassConstructor): void;
  /**
   * Called when a method runs on an object without interceptor, unless the class was
   * announced with the method.
   */
  unserved(instance: object, method: CachedMethod): void;
  /**
   * Whether the container calls this method when it makes or destroys an instance.
   * Such a method is not cached.
   */
  readonly isLifecycleMethod?: ((declaringClass: ClassConstructor, name: string | symbol) => boolean) | undefined;
}

const decoratedClasses = new WeakSet<ClassConstructor>();
let listener: ClassListener | undefined;
let waiting: ClassConstructor[] = [];

/** Registers the one listener, and tells it of the classes that were decorated before. */
export function onClassDecorated(newListener: ClassListener): void {
  listener = newListener;
  const early = waiting;
  waiting = [];
  for (const declaringClass of early) newListener.decorated(declaringClass);
}

/** Announces a decorated class. Further announcements of it have no effect. */
export function classDecorated(declaringClass: ClassConstructor): void {
  if (decoratedClasses.has(declaringClass)) return;
  decoratedClasses.add(declaringClass);
  openSlot(declaringClass.prototype as object);
  if (listener === undefined) waiting.push(declaringClass);
  else listener.decorated(declaringClass);
}

/** Whether this class itself was announced. Base classes do not count. */
export function isDecorated(declaringClass: ClassConstructor): boolean {
  return decoratedClasses.has(declaringClass);
}

/** Reports a call that no interceptor served. */
export function callUnserved(instance: object, method: CachedMethod): void {
  listener?.unserved(instance, method);
}

/** Whether the container calls the method when it makes or destroys an instance. */
export function isLifecycleMethod(declaringClass: ClassConstructor, name: string | symbol): boolean {
  return listener?.isLifecycleMethod?.(declaringClass, name) === true;
}
