/**
 * The identifier that a service is bound under: a string, a symbol or a class. It has the same shape as
 * inversify's, so that this room need not import it.
 */
export type ServiceIdentifier<T = unknown> = string | symbol | (abstract new (...args: never[]) => T) | (new (...args: never[]) => T);

/**
 * What the library needs from a container: to look a service up by its identifier. inversify's
 * `ResolutionContext` and `Container` fit.
 */
export interface ServiceLocator {
  /**
   * The service of this identifier. If nothing is bound under it, the result is `undefined` with `optional`,
   * and otherwise it throws.
   */
  get<T>(serviceIdentifier: ServiceIdentifier<T>, options: { readonly optional: true }): T | undefined;
  /** The service of this identifier, which must be bound. */
  get<T>(serviceIdentifier: ServiceIdentifier<T>): T;
}
