import 'reflect-metadata';
import type { MethodBody } from './cached-method.js';

/** What belongs to a function itself and not to those who decorate it. */
const OF_FUNCTIONS: ReadonlySet<string | symbol> = new Set(['prototype', 'arguments', 'caller', 'name', 'length']);

/**
 * Makes `wrapper` look like the method it stands for: with its `name` and `length`, and with what other decorators have left on it, who find a
 * method by what lies there. That is own properties, under symbols and with getters as well, and the metadata of `reflect-metadata`.
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
