/** What a service is bound under: a string, a symbol or a class. The same shape as inversify's, so that this room need not import it. */
export type ServiceIdentifier<T = unknown> = string | symbol | (abstract new (...args: never[]) => T) | (new (...args: never[]) => T);

/** What cache operations need of a container: look a service up, late, by its identifier. inversify's `ResolutionContext` and `Container` fit. */
export interface ServiceLocator {
  /** The service of this identifier. Throws where nothing is bound under it, unless `optional` is set: then it is `undefined`. */
  get<T>(serviceIdentifier: ServiceIdentifier<T>, options: { readonly optional: true }): T | undefined;
  /** The service of this identifier, which must be bound. */
  get<T>(serviceIdentifier: ServiceIdentifier<T>): T;
}
