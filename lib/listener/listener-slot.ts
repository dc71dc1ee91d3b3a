/** What has the listening methods of objects called. */
export interface Registrar {
  register(instance: object): void;
}

/** Where a container injects its registrar into an object with listening methods: assigning it registers the object. */
export const LISTENER_SLOT = Symbol('inversify-cache/listeners');

/** An object with listening methods. */
export interface ListenerSlotted {
  [LISTENER_SLOT]?: Registrar | undefined;
}

/** Gives a prototype the accessor behind the slot. It stores nothing on the object, so that frozen ones can listen as well. */
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

/** Whether listening methods are on this value. */
export function hasListenerSlot(value: unknown): value is ListenerSlotted {
  return typeof value === 'object' && value !== null && LISTENER_SLOT in value;
}

/** Has the registrar register `instance`, unless it has done so. */
export function fillListenerSlot(instance: ListenerSlotted, registrar: Registrar): void {
  registrar.register(instance);
}
