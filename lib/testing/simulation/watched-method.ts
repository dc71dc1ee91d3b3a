import type { CachedMethod, MethodBody } from '../../annotation/index.js';

/** Told of each run of a decorated method, on an object that somebody watches. */
export interface MethodWatch {
  /** @param answer - what the method returned. @returns the same. */
  ran(target: object, name: string | symbol, answer: unknown): unknown;
}

const watches = new WeakMap<object, MethodWatch>();
const watched = new WeakSet<MethodBody>();

/**
 * Tells `watch` of each run of `method` on `target`. The body of a method belongs to all objects of its
 * class, so it is replaced once, and looks up who watches the object.
 */
export function watchMethod(method: CachedMethod, target: object, watch: MethodWatch): void {
  watches.set(target, watch);
  const { body } = method;
  if (watched.has(body)) return;
  const watching: MethodBody = function (this: unknown, ...args: unknown[]): unknown {
    const watcher = watches.get(this as object);
    const answer = body.apply(this, args);
    return watcher === undefined ? answer : watcher.ran(this as object, method.name, answer);
  };
  watched.add(watching);
  (method as { body: MethodBody }).body = watching;
}
