import type { Milliseconds } from '../time/index.js';

/** Is told how long things took, as they happen. `telemetry/` implements this port. It must not throw. */
export interface TimingObserver {
  /** A load, which is a run of the method (or loader), has ended, well or not. */
  loaded(cache: string, tookMs: Milliseconds): void;
  /** A message was applied, this long after the server executed it. Not told where that is unknown. */
  applied(cache: string, lagMs: Milliseconds): void;
}

/** Those who are told the times of one instance. While there are none, telling costs next to nothing. */
export class TimingObservers implements TimingObserver {
  #observers: readonly TimingObserver[] = [];

  /** Has `observer` told from now on. Returns a function that ends it. */
  add(observer: TimingObserver): () => void {
    this.#observers = [...this.#observers, observer];
    return () => {
      this.#observers = this.#observers.filter((each) => each !== observer);
    };
  }

  loaded(cache: string, tookMs: Milliseconds): void {
    for (const observer of this.#observers) observer.loaded(cache, tookMs);
  }

  applied(cache: string, lagMs: Milliseconds): void {
    for (const observer of this.#observers) observer.applied(cache, lagMs);
  }
}
