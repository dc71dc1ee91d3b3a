/** What a loader is told of its load. */
export interface LoadContext {
  /**
   * Aborted at the `loadTimeout` of the caller who runs the load, unless others wait for it as well. Give it
   * to `fetch`, or to your driver, if the value is of no use to anybody later; otherwise it is stored when it
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

  abort(reason: Error): void {
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}

/** Of one loader that runs for several loads: aborted when each of them is. */
export class CommonLoadContext implements LoadContext {
  readonly #contexts: readonly LoadContext[];
  #controller: AbortController | undefined;

  constructor(contexts: readonly LoadContext[]) {
    this.#contexts = contexts;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (!this.#contexts.includes(UNLIMITED)) this.#abortWithAll(this.#controller);
    }
    return this.#controller.signal;
  }

  #abortWithAll(controller: AbortController): void {
    let left = this.#contexts.length;
    for (const { signal } of this.#contexts) {
      const aborted = (): void => {
        left -= 1;
        if (left === 0) controller.abort(signal.reason);
      };
      if (signal.aborted) aborted();
      else signal.addEventListener('abort', aborted, { once: true });
    }
  }
}
