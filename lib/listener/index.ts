/**
 * Methods that listen: `@EventListener` and `@MessageListener`, what they record, and the registrar that has the objects of one container
 * told. Nothing here knows a container: who does registers with `onListeningClass` and puts the registrar into the slots.
 * Touches event, topic and errors.
 */
export { EventListener, type EventListenerDecorator } from './event-listener-decorator.js';
export { MessageListener, type MessageListenerDecorator } from './message-listener-decorator.js';
export { ListenerRegistrar, type ListenerRegistrarParts } from './listener-registrar.js';
export { fillListenerSlot, hasListenerSlot, LISTENER_SLOT, type ListenerSlotted } from './listener-slot.js';
export { type ListenerMethod, listenerMethodsOf, onListeningClass } from './listener-methods.js';
