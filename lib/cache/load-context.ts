/** What a loader is told of its load. */
export interface LoadContext {
  /**
   * Aborted once those who asked for the load wait for it no longer: at its `loadTimeout`. Give it to
   * `fetch`, or to your driver, if the value is of no use to anybody later; otherwise it is stored when it
   * comes. Without a `loadTimeout` it is never aborted.
   */
  readonly signal: AbortSignal;
}

/** Loads a value. It may throw, reject, or return the value without a promise. */
export type Loader<V> = (context: LoadContext) => V | Promise<V>;

/** Of a load for which its caller waits as long as it takes. */
export const UNLIMITED: LoadContext = Object.freeze({
  get signal() {
    return new AbortController().signal;
  },
});

/** Of a load for which its caller waits only so long. */
export class LimitedLoadContext implements LoadContext {
  #controller: AbortController | undefined;
  #reason: Error | undefined;

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Whether a load ended in this error because its caller would not wait any longer. */
  isReason(error: unknown): boolean {
    return this.#reason !== undefined && error === this.#reason;
  }

  abort(reason: Error): void {
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}
