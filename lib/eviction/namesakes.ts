import { CacheConfigurationError } from '../errors/index.js';
import type { CacheEvents } from '../event/index.js';
import type { Milliseconds, Timer, Timers } from '../time/index.js';

/** What {@link Namesakes} needs. */
export interface NamesakesOptions {
  readonly name: string;
  readonly boundMs: Milliseconds;
  /** How many living instances have the name, this one included; `undefined` while nobody can tell. */
  readonly count: () => Promise<number | undefined>;
  readonly events: CacheEvents;
  readonly timers: Timers;
}

/**
 * Looks once whether another living instance of the namespace has this instance's name, and warns. Coherence
 * does not rest on names, but people know instances by them.
 *
 * It looks two bounds after the start, and not sooner: an instance that had the name before, and died, has
 * left the list of the living by then.
 */
export class Namesakes {
  readonly #options: NamesakesOptions;
  #timer: Timer | undefined;

  constructor(options: NamesakesOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer ??= this.#options.timers.every(2 * this.#options.boundMs, () => void this.#look()).unref();
  }

  stop(): void {
    this.#options.timers.clear(this.#timer);
  }

  async #look(): Promise<void> {
    const { count, name, events } = this.#options;
    const found = await count().catch(() => undefined);
    if (found === undefined || this.#timer === undefined) return;
    this.stop();
    if (found < 2) return;
    const error = new CacheConfigurationError('CACHE_OPTION_INVALID', `Another living instance is called '${name}' too.`, {
      hint: 'Give each an `instanceId` of its own, or none. Evictions reach both all the same, but events, statistics and the console take them for one.',
    });
    events.emit('error', { where: 'instanceId', error });
    process.emitWarning(error.message, { type: 'CacheWarning', code: 'CACHE_INSTANCE_ID_REPEATED' });
  }
}
