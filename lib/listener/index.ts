/**
 * Methods that listen: `@EventListener` and `@MessageListener`, what they record, and the registrar that
 * calls the methods of the objects of one container. This room does not know containers: the room that does
 * registers with `onListeningClass` and puts the registrar into the slots. Touches event, topic and errors.
 */
export { EventListener, type EventListenerDecorator } from './event-listener-decorator.js';
export { MessageListener, type MessageListenerDecorator } from './message-listener-decorator.js';
export { ListenerRegistrar } from './listener-registrar.js';
export { fillListenerSlot, hasListenerSlot, LISTENER_SLOT } from './listener-slot.js';
export { onListeningClass } from './listener-methods.js';
