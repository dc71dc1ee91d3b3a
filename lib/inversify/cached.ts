import { fillSlot, hasSlot, type ServiceLocator, SLOT } from '../annotation/index.js';
import { fillListenerSlot, hasListenerSlot, type ListenerRegistrar } from '../listener/index.js';
import { INTERCEPTOR, type Interceptor, LISTENERS } from './tokens.js';

/**
 * Connects `instance` to the container of `context`: its decorated methods are cached and its listening
 * methods listen. For objects that inversify does not construct itself.
 *
 * ```ts
 * container.bind(BookService).toDynamicValue(() => new BookService()).onActivation(cached);
 * container.bind('Factory<BookService>').toFactory((context) => () => cached(context, new BookService()));
 * ```
 *
 * @returns `instance` itself. It stays as it is if it has no decorated methods, if the container has no
 *   caching module, or if it belongs to another container that is still alive.
 */
export function cached<T>(context: ServiceLocator, instance: T): T {
  if (hasSlot(instance) && instance[SLOT]?.isClosed !== false) {
    const interceptor = context.get<Interceptor>(INTERCEPTOR, { optional: true });
    if (interceptor !== undefined) fillSlot(instance, interceptor);
  }
  if (hasListenerSlot(instance)) {
    const registrar = context.get<ListenerRegistrar>(LISTENERS, { optional: true });
    if (registrar !== undefined) fillListenerSlot(instance, registrar);
  }
  return instance;
}
