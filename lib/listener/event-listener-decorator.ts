import { CacheConfigurationError, shown } from '../errors/index.js';
import { CACHE_EVENT_NAMES, type CacheEventMap } from '../event/index.js';
import { listening } from './listener-methods.js';

type Handler<K extends keyof CacheEventMap> = (event: CacheEventMap[K]) => unknown;

/**
 * A decorator of methods that take one of these events, or nothing. It can be called in the legacy form
 * and in the standard one.
 */
export interface EventListenerDecorator<K extends keyof CacheEventMap> {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- any class will do
  (value: (this: any, event: CacheEventMap[K]) => unknown, context: ClassMethodDecoratorContext<any, any>): void;
  <M extends Handler<K>>(target: object, method: string | symbol, descriptor: TypedPropertyDescriptor<M>): void;
}

/**
 * Calls the method at every event of these names, for as long as its container has caching.
 *
 * ```ts
 * @EventListener('bypass')
 * onBypass({ cache, active }: CacheEventMap['bypass']): void { … }
 * ```
 *
 * The object begins to listen when the container resolves it, before its first user gets it. A service that
 * nobody resolves hears nothing. It ends with the module (`unbindAllAsync`). The object is held until then,
 * so make it a singleton: each further object of the class listens as well, and the first of them causes a
 * warning. If the method throws or rejects, the error becomes an `error` event and disturbs nobody. Events
 * are synchronous: a slow method holds up the cache.
 *
 * @param names - one name or several. The method's parameter is checked against their events.
 * @throws {CacheConfigurationError} `CACHE_OPERATION_INVALID` at decoration: an unknown
 *   name, or not a method.
 * @see Spring `@EventListener`
 */
export function EventListener<K extends keyof CacheEventMap>(...names: readonly [K, ...K[]]): EventListenerDecorator<K> {
  const unknown = names.find((name) => !CACHE_EVENT_NAMES.includes(name));
  if (unknown !== undefined || names.length === 0) {
    throw new CacheConfigurationError(
      'CACHE_OPERATION_INVALID',
      `Expected names of events for @EventListener, got \`${shown(unknown)}\`.`,
      {
        hint: `Known are: ${CACHE_EVENT_NAMES.join(', ')}.`,
      },
    );
  }
  return listening('@EventListener', { kind: 'event', names: [...new Set(names)] }) as EventListenerDecorator<K>;
}
