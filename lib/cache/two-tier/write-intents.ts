import { randomUUID } from 'node:crypto';
import { CacheEvictError, CacheStoppedError, throwFirst } from '../../errors/index.js';
import type { CacheEvents } from '../../event/index.js';
import { type Clock, type Milliseconds, type Timer, type Timers, timersOf } from '../../time/index.js';
import { type CallsUnderWay, stopped } from '../calls-under-way.js';
import { checkEvictOptions } from '../check-arguments.js';
import { partsOf } from '../chunks.js';
import type { EvictOptions } from '../evict-options.js';
import { ALL_KEYS, type Place, placesOf, type Withheld } from '../eviction.js';
import type { IntentChange } from '../remote/eviction-log.js';
import type { RemoteTier } from '../remote/remote-cache.js';
import type { WriteIntent } from '../write-intent.js';
import { inWords } from './pending-evictions.js';

/** What {@link WriteIntents} need. */
export interface WriteIntentsOptions {
  readonly cache: string;
  readonly remote: Pick<RemoteTier, 'renewIntent'>;
  readonly events: CacheEvents;
  readonly clock: Clock;
  /** How long a caller waits for an acknowledgement. */
  readonly deadlineMs: Milliseconds;
  /** How long an intent protects after its writer has died. */
  readonly intentLeaseMs: Milliseconds;
  /** A shutdown waits for writes between their intent and its end. */
  readonly calls: CallsUnderWay;
  /** Evicts, with both fences, and sets the intent in the same step. Retried as any eviction. */
  readonly set: (eviction: Withheld, intent: IntentChange) => Promise<unknown>;
  /**
   * Evicts for a caller, with both fences, and ends the intent in the same step. Without one, it only evicts.
   */
  readonly end: (eviction: Withheld, intent: IntentChange | undefined, options: EvictOptions) => Promise<void>;
}

/** An intent is renewed this often in each `intentLease`. */
const RENEWALS_PER_LEASE = 4;

/** Intents that were set together, and that share a token. */
interface Intents {
  readonly token: string;
  /** How many writes of this instance are under way, by place. */
  readonly writes: Map<Place, number>;
  /** The attempt to set them. Rejects only for what is wrong with the call itself. */
  ready: Promise<void>;
  timer: Timer | undefined;
  /** The renewal under way. */
  renewal: Promise<void> | undefined;
  /** Whether Redis has acknowledged them once. */
  wasSet: boolean;
  /** Until when they hold for certain, on the instance's clock. `Infinity`: they are being set. */
  heldUntil: Milliseconds;
  /** Whether the last attempt to set or to renew them has failed. */
  isOwed: boolean;
}

/**
 * The writes of one cache in this instance that are between their two evictions. While an intent lies in
 * Redis, the scripts refuse to store a value under its key, whoever asks.
 *
 * Writes of one key that overlap share an intent: the first sets it, and the last one ends it. In between
 * nothing is stored, so those that join have nothing to evict before they begin.
 *
 * An intent is renewed for as long as a write lasts, so a write may take any time. It holds for one renewal
 * longer than `intentLease`: a commit that takes effect within `intentLease` of its sender's death is
 * covered. That is why it does not depend on the writer's heartbeats, which end with the writer at once.
 */
export class WriteIntents {
  readonly #options: WriteIntentsOptions;
  readonly #held = new Map<Place, Intents>();
  readonly #renewMs: Milliseconds;
  readonly #timers: Timers;
  #isStopped = false;

  constructor(options: WriteIntentsOptions) {
    this.#options = options;
    this.#timers = timersOf(options.clock);
    this.#renewMs = Math.ceil(options.intentLeaseMs / RENEWALS_PER_LEASE);
  }

  /** The number of keys that are withheld by this instance. The whole cache counts as one. */
  get size(): number {
    return this.#held.size;
  }

  /**
   * Begins a write. If Redis does not acknowledge the intent, its keys are in doubt, and the write goes on.
   * If the cache was stopped, the write goes on too, and its end tells.
   */
  async begin(eviction: Withheld): Promise<WriteIntent> {
    const { cache, calls, clock } = this.#options;
    const refusal = (): Error => stopped(cache, `${inWords('evicting', eviction)} was refused`);
    if (this.#isStopped || !calls.begin()) return { end: () => Promise.reject(refusal()) };
    const places = placesOf(eviction);
    const begun = clock.now();
    const intents = this.#join(places, begun);
    const outcomes = await Promise.allSettled(intents.map(({ ready }) => ready));
    try {
      throwFirst(outcomes);
    } catch (error) {
      this.#leave(places);
      calls.end();
      throw error;
    }
    const waitedMs = intents.some(({ isOwed }) => isOwed) ? clock.now() - begun : 0;
    let isOver = false;
    return {
      end: async (options = {}) => {
        if (isOver) return;
        checkEvictOptions(options);
        isOver = true;
        await this.#end(places, waitedMs, options).finally(() => calls.end());
      },
    };
  }

  /** Redis may have lost every intent: renews them all at once. */
  renewNow(): void {
    for (const intents of new Set(this.#held.values())) this.#renewSoon(intents);
  }

  /** Redis answers: renews at once what could not be set or renewed before. */
  renewFailed(): void {
    for (const intents of new Set(this.#held.values())) if (intents.isOwed) this.#renewSoon(intents);
  }

  /** From now on, begins and renews nothing. */
  stop(): void {
    this.#isStopped = true;
    for (const { timer } of this.#held.values()) this.#timers.clear(timer);
  }

  /**
   * One write more in each place. Sets the intents that are missing, and those that may have ended: the
   * process may have stood still, and others may have stored old values.
   */
  #join(places: readonly Place[], now: Milliseconds): readonly Intents[] {
    const joined = new Set(places.flatMap((place) => this.#held.get(place) ?? []));
    for (const intents of joined) if (now >= intents.heldUntil) intents.ready = intents.ready.then(() => this.#renew(intents));
    const missing = places.filter((place) => !this.#held.has(place));
    if (missing.length > 0) joined.add(this.#open(missing));
    for (const place of places) {
      const { writes } = this.#held.get(place) as Intents;
      writes.set(place, (writes.get(place) ?? 0) + 1);
    }
    return [...joined];
  }

  #open(places: readonly Place[]): Intents {
    const intents: Intents = {
      token: randomUUID(),
      writes: new Map(),
      ready: Promise.resolve(),
      timer: undefined,
      renewal: undefined,
      wasSet: false,
      heldUntil: Infinity,
      isOwed: true,
    };
    for (const place of places) this.#held.set(place, intents);
    intents.ready = this.#set(intents, evictionOf(places));
    return intents;
  }

  async #set(intents: Intents, eviction: Withheld): Promise<void> {
    const begun = this.#options.clock.now();
    try {
      await this.#options.set(eviction, { token: intents.token, until: this.#lengthMs });
      this.#acknowledged(intents, begun);
    } catch (error) {
      intents.heldUntil = begun;
      // The event `evictPending` tells of it, and the next renewal sets the intent. In a shutdown, the end of
      // the write tells.
      if (!(error instanceof CacheEvictError || error instanceof CacheStoppedError)) throw error;
    }
    this.#renewLater(intents);
  }

  /** One write less in each place. Returns the places without any, by the intents that end there. */
  #leave(places: readonly Place[]): ReadonlyMap<Intents, readonly Place[]> {
    const empty = new Map<Intents, Place[]>();
    for (const place of places) {
      const intents = this.#held.get(place) as Intents;
      const others = (intents.writes.get(place) as number) - 1;
      if (others > 0) {
        intents.writes.set(place, others);
        continue;
      }
      this.#held.delete(place);
      intents.writes.delete(place);
      if (intents.writes.size === 0) this.#timers.clear(intents.timer);
      empty.set(intents, [...(empty.get(intents) ?? []), place]);
    }
    return empty;
  }

  async #end(places: readonly Place[], lostMs: Milliseconds, options: EvictOptions): Promise<void> {
    const { end, clock, deadlineMs } = this.#options;
    const ending = this.#leave(places);
    const begun = clock.now();
    // If a renewal came later, it would set the intent once more.
    for (const { renewal } of ending.keys()) await renewal;
    // Its caller has one deadline for both evictions, and half of one more: Redis may be back by now.
    const waitedMs = Math.min(lostMs + clock.now() - begun, deadlineMs / 2);
    const how = waitedMs === 0 ? options : { ...options, waitedMs: (options.waitedMs ?? 0) + waitedMs };
    const steps = [...ending].map(([{ token }, own]) => end(evictionOf(own), { token, until: 'end' }, how));
    const ended = new Set([...ending.values()].flat());
    const others = places.filter((place) => !ended.has(place));
    if (others.length > 0) steps.push(end(evictionOf(others), undefined, how));
    throwFirst(await Promise.allSettled(steps));
  }

  /** @param since - when the request was made, on the instance's clock. */
  #acknowledged(intents: Intents, since: Milliseconds): void {
    intents.wasSet = true;
    intents.isOwed = false;
    intents.heldUntil = since + this.#lengthMs;
  }

  get #lengthMs(): Milliseconds {
    return this.#options.intentLeaseMs + this.#renewMs;
  }

  #renewSoon(intents: Intents): void {
    if (intents.timer === undefined) return; // It is being set.
    this.#timers.clear(intents.timer);
    void this.#renew(intents);
  }

  #renewLater(intents: Intents): void {
    if (intents.writes.size === 0 || this.#isStopped || this.#options.calls.isClosed) return;
    this.#timers.clear(intents.timer);
    intents.timer = this.#timers.after(this.#renewMs, () => void this.#renew(intents));
    intents.timer.unref();
  }

  #renew(intents: Intents): Promise<void> {
    intents.renewal ??= this.#renewOnce(intents).finally(() => {
      intents.renewal = undefined;
      this.#renewLater(intents);
    });
    return intents.renewal;
  }

  async #renewOnce(intents: Intents): Promise<void> {
    const { remote, cache, events, clock } = this.#options;
    const begun = clock.now();
    const change = { token: intents.token, until: this.#lengthMs };
    const isLeft = (place: Place): boolean => intents.writes.has(place);
    try {
      for (const part of partsOf(evictionOf([...intents.writes.keys()]))) {
        if (!placesOf(part).some(isLeft) || (await remote.renewIntent(part, change))) continue;
        const left = placesOf(part).filter(isLeft);
        if (left.length === 0) continue;
        const eviction = evictionOf(left);
        if (intents.wasSet) events.emit('intentLapsed', { cache, keys: eviction === 'all' ? [] : eviction.keys });
        // Others may have stored old values since.
        await this.#options.set(eviction, change);
      }
      this.#acknowledged(intents, begun);
    } catch {
      // Redis is away. The next renewal tries again; whether the intent holds until then shows there.
      intents.isOwed = true;
    }
  }
}

const evictionOf = (places: readonly Place[]): Withheld =>
  places[0] === ALL_KEYS ? 'all' : { keys: places.map((place) => place.slice(1)) };
