/**
 * A promise with its `resolve` and `reject`, for Node 20, which has no `Promise.withResolvers`. A rejection
 * that nobody awaits is not reported as unhandled.
 */
export class Deferred<T> {
  readonly promise: Promise<T>;
  resolve!: (value: T) => void;
  reject!: (error: unknown) => void;

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.promise.catch(() => undefined);
  }
}
