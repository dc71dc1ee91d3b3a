import type { CachedMethod, MethodBody } from './cached-method.js';
import { callUnserved } from './class-port.js';
import { takeOwnProperties } from './own-properties.js';
import { SLOT, type Slotted } from './slot.js';

/**
 * The function on the prototype. It looks like the method (see {@link takeOwnProperties}). It is neither
 * `async` nor a proxy, and it reaches `#private` members, because `this` is the object itself. Unlike with
 * Spring's proxies, self-invocation passes through it too.
 */
export function wrap(method: CachedMethod): MethodBody {
  const { body } = method;
  const withAll = function (this: Slotted, ...args: unknown[]): unknown {
    return this[SLOT]?.invoke(this, method, args);
  };
  // `arguments` instead of a rest parameter: an array is made only where it is needed, and a hit on
  // one argument needs none.
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
