/** Does what the compiler makes of `@decorator` in front of a method. */
export function decorated(Class, name, decorator) {
  const descriptor = Object.getOwnPropertyDescriptor(Class.prototype, name);
  Object.defineProperty(Class.prototype, name, decorator(Class.prototype, name, descriptor) ?? descriptor);
}
