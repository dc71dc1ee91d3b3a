import 'reflect-metadata';
import type { MethodBody } from './cached-method.js';

/** Properties that every function has, whoever decorates it. */
const OF_FUNCTIONS: ReadonlySet<string | symbol> = new Set(['prototype', 'arguments', 'caller', 'name', 'length']);

/**
 * Makes `wrapper` look like the method it stands for. It gets the `name` and `length`, and everything that
 * other decorators left on the method, because they look for it there: own properties, also under symbols and
 * with getters, and the metadata of `reflect-metadata`.
 */
export function takeOwnProperties(wrapper: MethodBody, body: MethodBody): void {
  Object.defineProperty(wrapper, 'name', { value: body.name, configurable: true });
  Object.defineProperty(wrapper, 'length', { value: body.length, configurable: true });
  for (const key of Reflect.ownKeys(body)) {
    if (!OF_FUNCTIONS.has(key)) Object.defineProperty(wrapper, key, Object.getOwnPropertyDescriptor(body, key)!);
  }
  for (const key of Reflect.getOwnMetadataKeys(body) as unknown[]) {
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, body), wrapper);
  }
}
