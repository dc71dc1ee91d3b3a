import type { CacheEvents } from '../event/index.js';
import type { Milliseconds } from '../time/index.js';

/** What a {@link PrimarySearch} needs. `Place` says where the primary is, and how it is entered. */
export interface PrimarySearchOptions<Place> {
  /** Names the connection in events: which one of the instance it is, and where it leads. */
  readonly names: { readonly link: string; readonly endpoint: string };
  readonly events: CacheEvents;
  /** Tells where the primary is. Its errors hold no credential. */
  readonly locate: () => Promise<Place>;
  /**
   * Connects to the primary at this place. Its errors hold no credential. Runs only in the latest search.
   */
  readonly connect: (place: Place) => Promise<void>;
  /** Told of each attempt that failed, before the event. Default: nobody is told. */
  readonly onFailure?: ((error: unknown) => void) | undefined;
}

/** The mean pause after the first attempt that failed. It doubles with each further one. */
const FIRST_PAUSE_MS: Milliseconds = 25;

/** The longest mean pause. */
const LONGEST_PAUSE_MS: Milliseconds = 500;

/**
 * Locates the primary and connects to it, again and again until that succeeds.
 *
 * The very first attempt is made without an event. Every later one is announced as `reconnecting`, with the
 * pause before it:
 * - none, after a connection that was verified. Its successor may be there already;
 * - else a pause that doubles from 25 ms to 500 ms, a quarter more or less so that instances do not come all
 *   at once. An attempt that connects is not proof of a usable server: a proxy may let us in and hang up, and
 *   Sentinels name a demoted server for a while.
 *
 * Every attempt that fails is reported as `failed`.
 */
export class PrimarySearch<Place> {
  readonly #options: PrimarySearchOptions<Place>;
  /** The number of the latest search. An older one ends as soon as it sees that it is not the latest. */
  #latest = 0;
  /** Attempts that failed since the last {@link succeeded}. */
  #failures = 0;
  /** Attempts announced since the last {@link succeeded}. */
  #announced = 0;
  #pausing: NodeJS.Timeout | undefined;

  constructor(options: PrimarySearchOptions<Place>) {
    this.#options = options;
  }

  /** Begins a search. It takes the place of the one before. */
  begin(): void {
    this.end();
    void this.#search(this.#latest);
  }

  /** Ends the search under way, if there is one. It leaves no timer behind. */
  end(): void {
    clearTimeout(this.#pausing);
    this.#latest += 1;
  }

  /**
   * Counts an attempt that failed. The caller reports a connection that was made and ended before it was
   * verified.
   */
  failed(error: unknown): void {
    const { names, events, onFailure } = this.#options;
    onFailure?.(error);
    this.#failures += 1;
    events.emit('failed', { ...names, attempt: this.#failures, error });
  }

  /** The connection is verified. Attempts are counted from the beginning again. */
  succeeded(): void {
    this.#failures = this.#announced = 0;
  }

  async #search(search: number): Promise<void> {
    const { locate, connect } = this.#options;
    const isOver = (): boolean => search !== this.#latest;
    for (let isFirst = search === 1; !isOver(); isFirst = false) {
      if (!isFirst) await this.#pause();
      if (isOver()) return;
      try {
        const place = await locate();
        if (!isOver()) await connect(place);
        return;
      } catch (error) {
        if (!isOver()) this.failed(error);
      }
    }
  }

  async #pause(): Promise<void> {
    const { names, events } = this.#options;
    const meanMs = this.#failures === 0 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** Math.min(this.#failures - 1, 8), LONGEST_PAUSE_MS);
    const delayMs = Math.round(meanMs * (0.75 + Math.random() / 2));
    this.#announced += 1;
    events.emit('reconnecting', { ...names, attempt: this.#announced, delayMs });
    await new Promise<void>((resolve) => (this.#pausing = setTimeout(resolve, delayMs)));
  }
}
