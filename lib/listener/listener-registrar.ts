import type { CacheEvents } from '../event/index.js';
import type { Message, MessageListenerContainer } from '../topic/index.js';
import { type ListenerMethod, listenerMethodsOf } from './listener-methods.js';

/** What a {@link ListenerRegistrar} works with. Each is asked for when the first object needs it. */
export interface ListenerRegistrarOptions {
  readonly events: () => CacheEvents;
  readonly listeners: () => MessageListenerContainer;
  /** Called for the second object of a class: there may be many more. */
  readonly secondOf: (className: string) => void;
}

/** Calls the listening methods of the objects of one container, until it is closed. */
export class ListenerRegistrar {
  readonly #options: ListenerRegistrarOptions;
  readonly #registered = new WeakSet<object>();
  /** How many objects of each class are registered. */
  readonly #counts = new WeakMap<object, number>();
  #ends: (() => void)[] = [];
  #isClosed = false;

  constructor(options: ListenerRegistrarOptions) {
    this.#options = options;
  }

  /** Whether {@link close} was called. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Registers every listening method of `instance`. A second time it does nothing. Holds the
   * object until {@link close}.
   */
  register(instance: object): void {
    if (this.#isClosed || this.#registered.has(instance)) return;
    this.#registered.add(instance);
    const { constructor } = instance;
    const count = (this.#counts.get(constructor) ?? 0) + 1;
    this.#counts.set(constructor, count);
    if (count === 2) this.#options.secondOf(constructor.name);
    for (const method of listenerMethodsOf(instance)) {
      if (method.kind === 'event') this.#listenToEvents(instance, method);
      else this.#listenToMessages(instance, method);
    }
  }

  /** Ends all listening at once. Idempotent; never throws. */
  close(): void {
    this.#isClosed = true;
    for (const end of this.#ends) end();
    this.#ends = [];
  }

  #listenToEvents(instance: object, { names, method, label }: ListenerMethod & { readonly kind: 'event' }): void {
    const events = this.#options.events();
    for (const name of names) {
      const failed = (error: unknown): void => {
        if (name !== 'error') events.emit('error', { where: `@EventListener ${label}`, error });
      };
      this.#ends.push(events.on(name, (event) => void this.#call(instance, method, event, failed)));
    }
  }

  #listenToMessages(instance: object, { topics, method, label }: ListenerMethod & { readonly kind: 'message' }): void {
    const events = this.#options.events();
    const listeners = this.#options.listeners();
    const failed = (error: unknown): void => events.emit('error', { where: `@MessageListener ${label}`, error });
    const listener = (message: Message): void => void this.#call(instance, method, message, failed);
    listeners.addMessageListener(listener, topics).catch((error: unknown) => {
      if (!this.#isClosed) failed(error);
    });
    // The listener container may be stopping as well.
    this.#ends.push(() => void listeners.removeMessageListener(listener).catch(() => undefined));
  }

  #call(instance: object, method: string | symbol, argument: unknown, failed: (error: unknown) => void): void {
    if (this.#isClosed) return;
    try {
      const result = (instance as Record<string | symbol, (argument: unknown) => unknown>)[method]?.(argument);
      if (result instanceof Promise) result.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}
