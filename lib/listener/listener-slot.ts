/** Registers objects with listening methods. */
export interface Registrar {
  register(instance: object): void;
}

/**
 * Where a container injects its registrar into an object with listening methods. Assigning
 * it registers the object.
 */
export const LISTENER_SLOT = Symbol('inversify-cache/listeners');

/** An object with listening methods. */
export interface ListenerSlotted {
  [LISTENER_SLOT]?: Registrar | undefined;
}

/**
 * Gives a prototype the accessor of the slot. It stores nothing on the object, so that frozen
 * objects can listen as well.
 */
export function openListenerSlot(prototype: object): void {
  if (LISTENER_SLOT in prototype) return;
  Object.defineProperty(prototype, LISTENER_SLOT, {
    configurable: true,
    get: () => undefined,
    set(this: object, registrar: Registrar | undefined) {
      registrar?.register(this);
    },
  });
}

/** Whether this value has listening methods. */
export function hasListenerSlot(value: unknown): value is ListenerSlotted {
  return typeof value === 'object' && value !== null && LISTENER_SLOT in value;
}

/** Registers `instance` with the registrar, unless it is registered already. */
export function fillListenerSlot(instance: ListenerSlotted, registrar: Registrar): void {
  registrar.register(instance);
}
